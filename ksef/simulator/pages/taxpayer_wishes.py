"""What somebody asks of the taxpayer's application: read from its forms, with every fault in Polish."""

import re
from dataclasses import dataclass, field
from typing import Final

from ksef.simulator.access.identity import Identity
from ksef.simulator.access.ksef_tokens import PERMISSIONS
from ksef.simulator.certificates.enrollment import NAME
from ksef.simulator.certificates.pairs import KEY_KINDS, PairWish
from ksef.simulator.certificates.records import KINDS, count_active, count_enrollments
from ksef.simulator.certificates.subjects import company, person
from ksef.simulator.identifiers import has_form, has_valid_digits
from ksef.simulator.limits.effective import certificate_limits
from ksef.simulator.pages.forms import value_of
from ksef.simulator.permissions.effect import permissions_of
from ksef.simulator.routing import Call

# The ministry's rules for the password that protects the key.
_PASSWORD_LENGTH: Final = (15, 32)
_PASSWORD_PARTS: Final = (
    (re.compile(r"[A-Z]"), "wielkiej litery"),
    (re.compile(r"[a-z]"), "małej litery"),
    (re.compile(r"[0-9]"), "cyfry"),
    (re.compile(r"[^A-Za-z0-9]"), "znaku specjalnego"),
)
_PRINTABLE: Final = re.compile(r"[!-~]*")
_MOST_LETTERS: Final = 60
_DESCRIPTION: Final = (5, 256)

type Form = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Asked[T]:
    """A wish that can be granted, or what stands against it."""

    wish: T | None
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TokenAsked:
    nip: str
    description: str
    permissions: tuple[str, ...]


def read_certificate_wish(call: Call, form: Form) -> Asked[PairWish]:
    nip, pesel, holder = (value_of(form, name) for name in ("nip", "pesel", "holder"))
    name, kind, key = (value_of(form, field_name) for field_name in ("name", "type", "key"))
    password = value_of(form, "password")
    found = [*_about_holder(call, nip=nip, pesel=pesel, holder=holder)]
    if NAME.fullmatch(name) is None:
        found.append("Nazwa certyfikatu: od 5 do 100 liter, cyfr, spacji i znaków _ -.")
    if kind not in KINDS or key not in KEY_KINDS:
        found.append("Wybierz rodzaj certyfikatu i klucza.")
    found += about_password(password)
    if found:
        return Asked(None, found)
    identity = ("Pesel", pesel) if pesel else ("Nip", nip)
    found += _about_limits(call, identity)
    given_name, _, surname = holder.rpartition(" ")
    subject = (
        person(pesel=pesel, given_name=given_name, surname=surname)
        if pesel
        else company(nip=nip, name=holder)
    )
    wish = PairWish(identity, name, kind, subject, key_kind=key, password=password)
    return Asked(None if found else wish, found)


def _about_holder(call: Call, *, nip: str, pesel: str, holder: str) -> list[str]:
    found = about_nip(call, nip)
    if not 1 <= len(holder) <= _MOST_LETTERS:
        found.append(f"Nazwa firmy albo imię i nazwisko: od 1 do {_MOST_LETTERS} znaków.")
    if not pesel:
        return found
    if not has_form("Pesel", pesel):
        return [*found, "PESEL: wymagane jest 11 cyfr z poprawną datą."]
    if " " not in holder:
        found.append("Dla osoby podaj imię i nazwisko.")
    identity = Identity("Pesel", pesel, "InternalCertificate")
    if not found and not permissions_of(call.world, identity, context=("Nip", nip)):
        found.append("Ta osoba nie ma żadnych uprawnień w tym kontekście, więc nie może się tu zalogować.")
    return found


def about_nip(call: Call, nip: str) -> list[str]:
    if has_form("Nip", nip) and has_valid_digits("Nip", nip, checks_nip=call.world.flavour.checks_nip):
        return []
    return ["NIP: wymagane jest 10 cyfr poprawnego numeru."]


def about_password(password: str) -> list[str]:
    low, high = _PASSWORD_LENGTH
    found = []
    if not low <= len(password) <= high:
        found.append(f"Hasło: wymagane jest od {low} do {high} znaków.")
    if _PRINTABLE.fullmatch(password) is None:
        found.append("Hasło: bez spacji i polskich liter.")
    missing = [text for pattern, text in _PASSWORD_PARTS if not pattern.search(password)]
    if missing:
        found.append(f"Hasło: brakuje {', '.join(missing)}.")
    return found


def _about_limits(call: Call, identity: tuple[str, str]) -> list[str]:
    kind, value = identity
    store = call.world.store
    limits = certificate_limits(call.world, subject_type=kind, subject=value)
    if count_enrollments(store, subject_type=kind, subject=value) >= limits.enrollments:
        return ["Osiągnięto limit możliwych do złożenia wniosków certyfikacyjnych."]
    held = count_active(store, subject_type=kind, subject=value, now=call.now, and_waiting=True)
    if held >= limits.certificates:
        return ["Osiągnięto limit dopuszczalnej liczby posiadanych certyfikatów."]
    return []


def read_token_wish(call: Call, form: Form) -> Asked[TokenAsked]:
    nip, description = value_of(form, "token_nip"), value_of(form, "description")
    permissions = tuple(name for name in PERMISSIONS if name in form.get("permissions", []))
    found = about_nip(call, nip)
    low, high = _DESCRIPTION
    if not low <= len(description) <= high:
        found.append(f"Opis tokena: od {low} do {high} znaków.")
    if not permissions:
        found.append("Zaznacz co najmniej jedno uprawnienie.")
    return Asked(None if found else TokenAsked(nip, description, permissions), found)
