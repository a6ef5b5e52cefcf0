"""What stands between a person and KSeF, said in Polish: broken rules, flawed files, KSeF's refusals (S31)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from ksef.certificates import Flaw, UnusableFile
from ksef.errors import KSeFError, Limited, Refused
from ksef.status import ACCESS_DENIED

if TYPE_CHECKING:
    from accounts.domain.errors import RuleBroken

_UNKNOWN: Final = _("Tego nie da się teraz zrobić (%(code)s). Odśwież stronę i spróbuj ponownie.")

TEXTS: Final = {
    "former_token": _(
        "To jest token z KSeF 1.0, który już nie działa. Wygeneruj nowy token w KSeF 2.0: "
        "zakładka „Tokeny”, „Generuj token”."
    ),
    "self_signed_refused": _("W tym środowisku KSeF nie przyjmuje certyfikatów do ćwiczeń."),
    "method_not_saved": _("Ten sposób uwierzytelniania nie jest jeszcze ustawiony."),
    "environment_not_offered": _("Tego środowiska nie ma w tej instalacji."),
    "production_unconfirmed": _("Potwierdź, że faktury mają trafiać do obiegu prawnego."),
    "no_certificate": _("Nie masz tu zapisanego certyfikatu. Dodaj go poniżej."),
    "certificate_needed": _(
        "O nowy certyfikat może poprosić tylko osoba zalogowana do KSeF certyfikatem. "
        "Pierwszy certyfikat wygeneruj w Aplikacji Podatnika KSeF."
    ),
    "no_such_access": _("Ta osoba nie ma tu dostępu do KSeF."),
    "reminded_lately": _("Ta osoba dostała już dziś przypomnienie."),
    "no_certificate_request": _("Nie ma wniosku o certyfikat, który czeka na KSeF."),
    "key_unprotected": _(
        "Ten klucz nie jest chroniony hasłem. Pobierz z Aplikacji Podatnika KSeF plik klucza z hasłem: "
        "hasło będzie potrzebne przy każdym wydruku."
    ),
    "no_such_plan": _("Wybierz jeden z planów."),
    "plan_changed": _("Ktoś zmienił plan, odkąd otwarto tę stronę. Poniżej jest stan aktualny."),
    "no_such_role": _("Tej roli już nie ma. Wybierz inną."),
    "role_changed": _(
        "Ktoś zmienił tę rolę, odkąd ją otwarto. Twoje zmiany nie są zapisane, ale widać je poniżej: "
        "zapisz jeszcze raz, aby zastąpić nimi tamte."
    ),
    "role_name_taken": _("Jest już rola o tej nazwie. Wpisz inną."),
    "role_in_use": _("Ktoś ma tę rolę albo jest do niej zaproszony. Najpierw daj tym osobom inną rolę."),
    "send_first": _("To uprawnienie działa tylko razem z pierwszym: zaznacz oba albo usuń zaznaczenie."),
    "member_changed": _("Ktoś zmienił rolę tej osoby, odkąd otwarto tę stronę. Poniżej jest stan aktualny."),
    "last_administrator": _(
        "To ostatnia osoba, która zarządza użytkownikami. Najpierw daj to uprawnienie komuś jeszcze."
    ),
    "is_member": _("Ta osoba już jest w firmie."),
    "was_member": _("Ta osoba była już w firmie. Przywróć jej dostęp na liście użytkowników."),
    "already_invited": _("Ten adres ma już zaproszenie. Na liście możesz wysłać je ponownie albo wycofać."),
    "invitation_ended": _("To zaproszenie zostało już przyjęte albo wycofane."),
    "no_offline_certificate": _(
        "Aby wydrukować fakturę bez numeru KSeF, dodaj certyfikat offline w Konfiguracji, zakładka KSeF."
    ),
}

# Each flaw of an upload: the field it concerns, and the sentence (S31).
_FLAWS: Final = {
    Flaw.TOO_LARGE: ("certificate", _("Ten plik jest za duży na certyfikat lub klucz.")),
    Flaw.CERTIFICATE_UNREADABLE: (
        "certificate",
        _(
            "Nie da się odczytać certyfikatu. Wybierz plik .crt, .cer, .pem lub .cert z Aplikacji Podatnika KSeF."
        ),
    ),
    Flaw.KEY_UNREADABLE: (
        "key",
        _("Nie da się odczytać klucza. Wybierz plik .key, który pobrano razem z certyfikatem."),
    ),
    Flaw.CERTIFICATE_MISSING: ("certificate", _("W tym pliku nie ma certyfikatu.")),
    Flaw.KEY_MISSING: ("key", _("Wybierz plik klucza (.key).")),
    Flaw.KEY_AS_CERTIFICATE: (
        "certificate",
        _("To jest plik klucza. Tutaj wybierz plik certyfikatu, a klucz w drugim polu."),
    ),
    Flaw.CERTIFICATE_AS_KEY: (
        "key",
        _("To jest plik certyfikatu. Tutaj wybierz plik klucza (.key)."),
    ),
    Flaw.SEVERAL_CERTIFICATES: (
        "certificate",
        _("W tym pliku jest kilka certyfikatów. Wybierz plik tylko z Twoim certyfikatem."),
    ),
    Flaw.SEVERAL_KEYS: (
        "key",
        _("W tym pliku jest kilka kluczy. Wybierz plik tylko z kluczem do certyfikatu."),
    ),
    Flaw.PASSWORD_NEEDED: ("password", _("Ten plik jest chroniony hasłem. Podaj hasło do certyfikatu.")),
    Flaw.WRONG_PASSWORD: (
        "password",
        _("To hasło nie pasuje do klucza. Podaj hasło ustalone przy generowaniu certyfikatu."),
    ),
    Flaw.TOO_COSTLY: ("key", _("Ten plik jest zabezpieczony w sposób, którego nie da się tu otworzyć.")),
    Flaw.MISMATCH: (
        "key",
        _("Ten klucz nie należy do tego certyfikatu. Wybierz dwa pliki pobrane razem."),
    ),
    Flaw.EXPIRED: (
        "certificate",
        _("Ten certyfikat stracił ważność. Wygeneruj nowy w Aplikacji Podatnika KSeF."),
    ),
    Flaw.NOT_YET_VALID: ("certificate", _("Ten certyfikat jeszcze nie jest ważny.")),
    Flaw.WRONG_PURPOSE: (
        "certificate",
        _(
            "To certyfikat innego rodzaju: do logowania służy certyfikat uwierzytelniający, "
            "a do wydruków offline certyfikat offline."
        ),
    ),
    Flaw.BOTH_PURPOSES: (
        "certificate",
        _("Certyfikat KSeF ma jedno przeznaczenie, a ten ma dwa. To nie jest certyfikat z KSeF."),
    ),
    Flaw.NO_PURPOSE: (
        "certificate",
        _("Ten certyfikat nie mówi, do czego służy. To nie jest certyfikat z KSeF."),
    ),
    Flaw.WEAK_KEY: ("certificate", _("Klucz tego certyfikatu jest za krótki: KSeF takich nie przyjmuje.")),
    Flaw.UNSUPPORTED_KEY: (
        "key",
        _("KSeF przyjmuje tylko klucze RSA i EC, a ten jest innego rodzaju."),
    ),
}

# Status codes of a log-in (ksef-protocol 2.4) and of refused requests, as a person needs to hear them.
_REFUSALS: Final = {
    415: _("KSeF nie przyznał uprawnień dla tego NIP. Uprawnienia nadaje się w Aplikacji Podatnika KSeF."),
    450: _("KSeF nie przyjął tokenu: jest błędny, unieważniony albo należy do innego NIP lub środowiska."),
    460: _(
        "KSeF nie przyjął certyfikatu: stracił ważność, został unieważniony albo jest z innego środowiska."
    ),
    470: _("KSeF odmówił dostępu: ten certyfikat należy do osoby, która nie może go już używać."),
    480: _("KSeF zablokował dostęp. Skontaktuj się z Ministerstwem Finansów."),
    21115: _("KSeF nie przyjął certyfikatu: nie ma w nim NIP ani PESEL."),
    25006: _(
        "Wykorzystano limit wniosków o certyfikat. Spróbuj później albo użyj certyfikatu, który już masz."
    ),
    25007: _(
        "Masz już tyle certyfikatów, na ile pozwala KSeF. Unieważnij niepotrzebny w Aplikacji Podatnika."
    ),
    ACCESS_DENIED: _("KSeF odmówił: ten dostęp nie pozwala na tę czynność."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence and the form field it concerns; no field: the form as a whole."""

    field: str
    text: str


def say(broken: RuleBroken) -> str:
    """The Polish sentence for a broken rule; an unknown code is named rather than hidden."""
    return str(TEXTS.get(broken.code, _UNKNOWN)) % {"code": broken.code, **broken.params}


def explain(error: KSeFError) -> Problem:
    """What is wrong with the files, or what KSeF said, and where in the form it belongs."""
    match error:
        case UnusableFile(flaw=flaw):
            field, text = _FLAWS[flaw]
            return Problem(field, str(text))
        case Refused(code=code):
            text = _REFUSALS.get(code) or _("KSeF odmówił dostępu (kod %(code)s).")
            return Problem("", str(text) % {"code": code})
        case Limited():
            return Problem("", str(_("KSeF prosi o przerwę: za dużo zapytań. Spróbuj za kilka minut.")))
        case _:
            return Problem(
                "", str(_("KSeF teraz nie odpowiada. Nic nie zostało zapisane; spróbuj za chwilę."))
            )
