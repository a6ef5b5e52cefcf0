"""What KSeF's codes and our own reasons to wait mean for a person: what happened, and what to do next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Explanation:
    """`what` happened and what `todo`; `details` are KSeF's own words, `places` where in the invoice."""

    what: str
    todo: str
    details: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    code: int | None = None


# Codes of an invoice in a session (ksef-protocol 4.5); those that only delay it are no rejection.
_REJECTIONS: dict[int, tuple[str, str]] = {
    410: (
        gettext_noop("KSeF nie potwierdził prawa do wystawiania faktur za tego sprzedawcę."),
        gettext_noop(
            "Sprawdź w Konfiguracji, czy połączenie z KSeF dotyczy firmy o tym NIP i czy ma uprawnienie "
            "do wystawiania faktur. Potem wybierz „Popraw” i zatwierdź fakturę jeszcze raz."
        ),
    ),
    415: (
        gettext_noop("Faktura ma załącznik, a KSeF nie ma zgody na załączniki tego podatnika."),
        gettext_noop("Zgłoś zamiar wysyłania załączników w e-Urzędzie Skarbowym albo wyślij ją bez niego."),
    ),
    430: (
        gettext_noop("KSeF nie przyjął pliku faktury: nie zgadza się on ze wzorem FA(3)."),
        gettext_noop(
            "Wybierz „Popraw”, zmień wskazane miejsce i zatwierdź fakturę jeszcze raz pod tym samym numerem."
        ),
    ),
    435: (
        gettext_noop("KSeF nie odczytał zaszyfrowanego pliku."),
        gettext_noop("Treść faktury jest w porządku. Wybierz „Popraw” i zatwierdź ją jeszcze raz bez zmian."),
    ),
    440: (
        gettext_noop("W KSeF jest już inna faktura tego sprzedawcy o tym samym numerze."),
        gettext_noop(
            "Porównaj oba dokumenty. Jeśli to ta sama sprzedaż, zafakturował ją już inny program i tej faktury nie "
            "trzeba wysyłać. Jeśli inna, nadaj tej fakturze nowy numer."
        ),
    ),
    450: (
        gettext_noop("KSeF znalazł błąd w treści faktury."),
        gettext_noop(
            "Wybierz „Popraw”, zmień wskazane miejsce i zatwierdź fakturę jeszcze raz pod tym samym numerem."
        ),
    ),
}

# Why a submission waits (Submission.problem); the portal goes on by itself unless the text says otherwise.
_PROBLEMS: dict[str, tuple[str, str]] = {
    "unavailable": (
        gettext_noop("KSeF teraz nie odpowiada."),
        gettext_noop("Nie trzeba nic robić: próby są ponawiane same, a faktura czeka bezpiecznie w kolejce."),
    ),
    "outage": (
        gettext_noop("Ogłoszono niedostępność lub awarię KSeF."),
        gettext_noop("Nie trzeba nic robić: faktura pójdzie sama, gdy KSeF wróci."),
    ),
    "recall_window": (
        gettext_noop("Firma ma okno namysłu: do tej chwili można tę fakturę cofnąć do szkicu."),
        gettext_noop("Nie trzeba nic robić: potem pójdzie do KSeF sama."),
    ),
    "doubt": (
        gettext_noop("Nie wiadomo, czy KSeF odebrał fakturę: odpowiedź nie dotarła."),
        gettext_noop(
            "Nie trzeba nic robić: sprawdzamy, czy faktura jest w KSeF, więc nie trafi tam dwa razy."
        ),
    ),
    "limited": (
        gettext_noop("KSeF prosi o przerwę: w krótkim czasie poszło do niego za dużo zapytań z tej firmy."),
        gettext_noop("Nie trzeba nic robić: faktura pójdzie sama, gdy KSeF znów pozwoli."),
    ),
    "paced": (
        gettext_noop("Na razie wyczerpał się limit zapytań do KSeF dla tej firmy."),
        gettext_noop("Nie trzeba nic robić: faktura pójdzie sama, gdy tylko limit na to pozwoli."),
    ),
    "not_connected": (
        gettext_noop("Osoba, która wysłała fakturę, nie jest połączona z KSeF albo jej dostęp wygasł."),
        gettext_noop("Trzeba odnowić połączenie z KSeF w Konfiguracji. Potem faktura pójdzie sama."),
    ),
    "refused": (
        gettext_noop("KSeF odmówił dostępu osobie, która wysłała fakturę."),
        gettext_noop("Sprawdź w Konfiguracji, czy token lub certyfikat jest ważny i ma uprawnienia."),
    ),
    "turned_away": (
        gettext_noop("KSeF nie wykonał zapytania, które wysłał mu ten program."),
        gettext_noop("Nie trzeba nic robić: próby są ponawiane same, a opiekun programu widzi alarm."),
    ),
    "ksef_deferred": (
        gettext_noop("KSeF przerwał sprawdzanie faktury z przyczyn po swojej stronie."),
        gettext_noop("Nie trzeba nic robić: ta sama faktura zostanie wysłana ponownie."),
    ),
    "access_expired": (
        gettext_noop("KSeF uznał dostęp za nieważny."),
        gettext_noop(
            "Nie trzeba nic robić: dostęp jest odnawiany sam, a faktura czeka bezpiecznie w kolejce."
        ),
    ),
    "unreadable": (
        gettext_noop("Odpowiedzi KSeF nie da się odczytać."),
        gettext_noop("Nie trzeba nic robić: próby są ponawiane same, a opiekun programu widzi alarm."),
    ),
    "unknown_status": (
        gettext_noop("KSeF podał stan, którego ten program nie zna."),
        gettext_noop("Nie trzeba nic robić: sprawdzamy dalej, a opiekun programu widzi alarm."),
    ),
    "contract": (
        gettext_noop("KSeF potwierdził przyjęcie, ale podany numer lub skrót się nie zgadza."),
        gettext_noop("Nie trzeba nic robić: bez zgodnego numeru faktura nie zostanie uznana za przyjętą."),
    ),
    "right_gone": (
        gettext_noop("Osoba, która ją wysłała, nie ma już prawa do wysyłania."),
        gettext_noop("Może ją wysłać inna osoba z tym prawem."),
    ),
    "receive_only": (
        gettext_noop(
            "Firma ustawiła zakres współpracy z KSeF na „Tylko odbiór”, więc nic nie jest wysyłane."
        ),
        gettext_noop("Jeśli faktury mają iść do KSeF, administrator może zmienić zakres w Konfiguracji."),
    ),
    "unreadable_credential": (
        gettext_noop("Zapisanego połączenia z KSeF nie da się odczytać."),
        gettext_noop("Trzeba połączyć się z KSeF jeszcze raz w Konfiguracji. Potem faktura pójdzie sama."),
    ),
    "access_lapsed": (
        gettext_noop("Dostęp do KSeF osoby, która wysłała fakturę, wygasł po tygodniu."),
        gettext_noop(
            "Wystarczy podać hasło do certyfikatu w Konfiguracji, zakładka KSeF. Potem faktura pójdzie sama."
        ),
    ),
    "midnight": (
        gettext_noop("Minęła północ, więc data wystawienia jest już wczorajsza."),
        gettext_noop("Nie trzeba nic robić: faktura pójdzie w trybie offline24, w terminie z ustawy."),
    ),
    "package_refused": (
        gettext_noop(
            "KSeF nie przyjął paczki, w której była ta faktura; żadna faktura z niej nie została wysłana."
        ),
        gettext_noop("Nie trzeba nic robić: faktura pójdzie jeszcze raz, z nową paczką."),
    ),
    "session_closed": (
        gettext_noop("KSeF zamknął sesję, zanim faktura została przyjęta."),
        gettext_noop("Nie trzeba nic robić: faktura pójdzie w nowej sesji."),
    ),
}

# Elements of FA(3) as a person knows them; KSeF names them in its details.
_PLACES: dict[str, str] = {
    "Podmiot1": gettext_noop("dane sprzedawcy"),
    "Podmiot2": gettext_noop("dane nabywcy"),
    "NIP": gettext_noop("NIP"),
    "NrVatUE": gettext_noop("numer VAT UE nabywcy"),
    "NrID": gettext_noop("numer identyfikacyjny nabywcy"),
    "AdresL1": gettext_noop("adres"),
    "P_1": gettext_noop("data wystawienia"),
    "P_2": gettext_noop("numer faktury"),
    "P_6": gettext_noop("data sprzedaży"),
    "P_7": gettext_noop("nazwa towaru lub usługi"),
    "P_8A": gettext_noop("jednostka miary"),
    "P_8B": gettext_noop("ilość"),
    "P_9A": gettext_noop("cena netto"),
    "P_9B": gettext_noop("cena brutto"),
    "P_10": gettext_noop("rabat"),
    "P_11": gettext_noop("wartość netto"),
    "P_11A": gettext_noop("wartość brutto"),
    "P_12": gettext_noop("stawka VAT"),
    "P_15": gettext_noop("kwota należności"),
    "P_19A": gettext_noop("podstawa zwolnienia"),
    "P_19B": gettext_noop("podstawa zwolnienia"),
    "P_19C": gettext_noop("podstawa zwolnienia"),
    "Termin": gettext_noop("termin płatności"),
    "NrRB": gettext_noop("numer rachunku"),
    "StopkaFaktury": gettext_noop("uwagi"),
}
_WORD = re.compile(r"\w+")


def explain_rejection(*, code: int, description: str, details: Iterable[str] = ()) -> Explanation:
    """An unknown code is said honestly, with KSeF's own description; nothing is guessed."""
    details = tuple(detail for detail in details if detail)
    known = _REJECTIONS.get(code)
    if known is None:
        what = _("KSeF odrzucił fakturę z kodem, którego ten program nie zna.")
        todo = _("Przeczytaj opis z KSeF poniżej. Jeśli nie jest jasny, zapytaj infolinię KSeF, podając kod.")
    else:
        what, todo = _(known[0]), _(known[1])
    return Explanation(
        what=what,
        todo=todo,
        details=_without_echo(description, details),
        places=find_places(details),
        code=code,
    )


def _without_echo(description: str, details: tuple[str, ...]) -> tuple[str, ...]:
    """KSeF often begins its details with the description itself."""
    is_echo = any(detail.startswith(description) for detail in details)
    return details if is_echo or not description else (description, *details)


def explain_problem(problem: str) -> Explanation | None:
    """Why an invoice waits; None while nothing is wrong."""
    if not problem:
        return None
    what, todo = _PROBLEMS.get(
        problem,
        (
            gettext_noop("Wysyłanie się opóźnia."),
            gettext_noop("Nie trzeba nic robić: próby są ponawiane same."),
        ),
    )
    return Explanation(what=_(what), todo=_(todo))


def needs_person(problem: str) -> bool:
    """Tell whether repeating alone cannot help: somebody must mend the connection."""
    return problem in {"not_connected", "access_lapsed", "unreadable_credential", "refused", "right_gone"}


def find_places(details: Iterable[str]) -> tuple[str, ...]:
    """The parts of the invoice that the details name, in the words of the form: "data wystawienia (P_1)"."""
    names = dict.fromkeys(word for detail in details for word in _WORD.findall(detail) if word in _PLACES)
    return tuple(f"{_(_PLACES[name])} ({name})" for name in names)
