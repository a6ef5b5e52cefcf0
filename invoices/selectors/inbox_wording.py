"""Received documents in Polish words: places, acts, roles, and why a check of KSeF does not go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Company
from invoices.domain.inbox import Move, Place
from ksef.exchange.invoices import SubjectType

_PLACES: Final = {
    Place.CURRENT: (gettext_lazy("Bieżąca"), "approved"),
    Place.VERIFIED: (gettext_lazy("Sprawdzona"), "accepted"),
    Place.OFFICE: (gettext_lazy("W Biurze Rachunkowym"), "accepted"),
    Place.REGISTER: (gettext_lazy("W Rejestrze VAT"), "accepted"),
    Place.PURCHASE: (gettext_lazy("Faktura zakupu"), "accepted"),
    Place.ARCHIVED: (gettext_lazy("Zarchiwizowana"), "exempt"),
    Place.DELETED: (gettext_lazy("Usunięta"), "cancelled"),
}
_MOVES: Final = {
    Move.VERIFIED: gettext_lazy("Oznacz jako sprawdzone"),
    Move.DOUBTED: gettext_lazy("Cofnij sprawdzenie"),
    Move.PASSED: gettext_lazy("Przekaż do Biura Rachunkowego"),
    Move.REGISTERED: gettext_lazy("Przenieś do Rejestru VAT"),
    Move.PURCHASED: gettext_lazy("Przenieś do faktury zakupu"),
    Move.ARCHIVED: gettext_lazy("Archiwizuj"),
    Move.DELETED: gettext_lazy("Usuń z listy"),
    Move.RESTORED: gettext_lazy("Przywróć"),
}
_DONE: Final = {
    Move.RECEIVED: gettext_lazy("Pobrana z KSeF"),
    Move.VERIFIED: gettext_lazy("Sprawdzona"),
    Move.DOUBTED: gettext_lazy("Do ponownego sprawdzenia"),
    Move.PASSED: gettext_lazy("Przekazana do Biura Rachunkowego"),
    Move.REGISTERED: gettext_lazy("Przeniesiona do Rejestru VAT"),
    Move.PURCHASED: gettext_lazy("Przeniesiona do faktury zakupu"),
    Move.ARCHIVED: gettext_lazy("Zarchiwizowana"),
    Move.DELETED: gettext_lazy("Usunięta z listy"),
    Move.RESTORED: gettext_lazy("Przywrócona na listę"),
}
_ROLES: Final = {
    SubjectType.BUYER: gettext_lazy("nabywca"),
    SubjectType.SELLER: gettext_lazy("sprzedawca (faktura spoza Kwitu)"),
    SubjectType.THIRD: gettext_lazy("podmiot trzeci"),
    SubjectType.AUTHORIZED: gettext_lazy("podmiot upoważniony"),
}
_RULES: Final = {
    "wrong_place": gettext_lazy("Z miejsca, w którym jest ten dokument, nie da się tego zrobić."),
    "not_a_cost": gettext_lazy(
        "To nie jest faktura zakupu tej firmy: można ją tylko zarchiwizować lub usunąć."
    ),
    "not_in_plan": gettext_lazy("Ta czynność nie należy do planu firmy."),
    "too_many": gettext_lazy("Zaznacz najwyżej 200 dokumentów naraz."),
    "wrong_period": gettext_lazy(
        "VAT można odliczyć najwcześniej za miesiąc, w którym faktura dostała numer KSeF."
    ),
    "not_connected": gettext_lazy("Nie masz połączenia z KSeF. Połącz się w Konfiguracji."),
    "wrong_dates": gettext_lazy("Data początkowa nie może być późniejsza niż końcowa ani niż dziś."),
}
_PROBLEMS: Final = {
    "access_lapsed": gettext_lazy("Dostęp do KSeF wygasł. Po odnowieniu sprawdzanie ruszy samo."),
    "not_connected": gettext_lazy(
        "Nikt w firmie nie jest połączony z KSeF. Po połączeniu sprawdzanie ruszy samo."
    ),
    "nobody_may": gettext_lazy("Nikt z połączonych z KSeF nie ma uprawnienia do odbierania faktur."),
    "refused": gettext_lazy("KSeF odmówił dostępu. Sprawdź połączenie w Konfiguracji."),
    "unreadable_credential": gettext_lazy("Nie da się użyć zapisanego dostępu. Połącz się z KSeF ponownie."),
    "limited": gettext_lazy("KSeF pozwala na ograniczoną liczbę zapytań w godzinie. Sprawdzanie ruszy samo."),
    "unavailable": gettext_lazy("KSeF teraz nie odpowiada. Próby są ponawiane same."),
}
# What a person can mend in the settings, and where.
_RENEWABLE: Final = {"access_lapsed": "accounts:ksef_renew"}
_IN_SETTINGS: Final = frozenset({"not_connected", "nobody_may", "refused", "unreadable_credential"})


@dataclass(frozen=True, slots=True)
class PlaceLabel:
    code: str
    label: str


def place_label(place: str, *, plan: str) -> PlaceLabel:
    label, code = _PLACES[Place(place)]
    if place == Place.CURRENT and plan == Company.Plan.EFAKTURY:
        return PlaceLabel("queued", _("Do sprawdzenia"))
    return PlaceLabel(code, str(label))


def move_label(move: Move) -> str:
    return str(_MOVES[move])


def done_label(move: str) -> str:
    return str(_DONE[Move(move)])


def role_label(role: str) -> str:
    return str(_ROLES[SubjectType(role)])


def rule_text(code: str) -> str:
    return str(_RULES.get(code, gettext_lazy("Tego nie da się teraz zrobić. Odśwież stronę.")))


def problem_text(code: str) -> str:
    """Why the check waits; whatever else it is mends itself or is told to who runs the installation."""
    return str(
        _PROBLEMS.get(code, gettext_lazy("KSeF odpowiedział inaczej niż zwykle. Próby są ponawiane same."))
    )


def problem_page(code: str) -> str:
    """The name of the page where a person mends it; empty when there is nothing to do."""
    return _RENEWABLE.get(code) or ("accounts:ksef" if code in _IN_SETTINGS else "")


def list_title(plan: str) -> str:
    """S102, S105: what the list is called on each plan."""
    return _("Faktury kosztowe") if plan == Company.Plan.EFAKTURY else _("Faktury z KSeF")
