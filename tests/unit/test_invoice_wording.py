"""What people read about KSeF's codes, our reasons to wait, states and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from invoices.domain.lifecycle import State
from invoices.selectors.environment_wording import environment_notice
from invoices.selectors.ksef_wording import explain_problem, explain_rejection, find_places, needs_person
from invoices.selectors.plural import plural
from invoices.selectors.state_wording import state_label
from ksef.status import InvoiceFate, invoice_fate

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.unit


def test_states_are_called_as_agreed() -> None:
    assert [state_label(state).label for state in State] == [
        "Szkic",
        "Zatwierdzona",
        "KSeF: nie podlega",
        "W kolejce",
        "Wysyłanie",
        "Offline",
        "Przyjęta",
        "Odrzucona",
        "Anulowana",
    ]


@pytest.mark.parametrize("code", [410, 415, 430, 435, 440, 450])
def test_every_code_that_rejects_has_its_own_words(code: int) -> None:
    """ksef-protocol 4.5: what happened and what to do, for each final code."""
    assert invoice_fate(code) in {InvoiceFate.REJECTED, InvoiceFate.DUPLICATE}
    explanation = explain_rejection(code=code, description="Opis")
    unknown = explain_rejection(code=999, description="Opis")
    assert explanation.what != unknown.what
    assert explanation.todo
    assert explanation.details == ("Opis",)


def test_an_unknown_code_is_honest() -> None:
    """F26: no guess; the code and KSeF's own words."""
    explanation = explain_rejection(code=777, description="Nowy powód", details=("Szczegół",))
    assert "nie zna" in explanation.what
    assert (explanation.code, explanation.details) == (777, ("Nowy powód", "Szczegół"))


def test_a_description_repeated_in_the_details_is_said_once() -> None:
    details = ("Duplikat faktury. Faktura o numerze ...",)
    assert explain_rejection(code=440, description="Duplikat faktury", details=details).details == details


def test_places_are_named_as_on_the_form() -> None:
    details = [
        "Data wystawienia (P_1: 2026-11-24) ...",
        "Podmiot2/DaneIdentyfikacyjne/NIP: zła suma",
        "P_1 znów",
    ]
    assert find_places(details) == ("data wystawienia (P_1)", "dane nabywcy (Podmiot2)", "NIP (NIP)")


@pytest.mark.parametrize(
    "problem",
    [
        "unavailable",
        "doubt",
        "limited",
        "not_connected",
        "refused",
        "turned_away",
        "ksef_deferred",
        "session_closed",
        "midnight",
        "contract",
        "access_expired",
        "unreadable",
        "unknown_status",
        "right_gone",
    ],
)
def test_every_reason_to_wait_has_its_own_words(problem: str) -> None:
    general = explain_problem("a problem of tomorrow")
    explanation = explain_problem(problem)
    assert explanation is not None
    assert general is not None
    assert explanation.what != general.what
    assert needs_person(problem) == ("Nie trzeba nic robić" not in explanation.todo)


def test_no_problem_needs_no_words() -> None:
    assert explain_problem("") is None


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((1,), "faktura"), ((2, 4, 22, 104), "faktury"), ((0, 5, 12, 14, 21, 112), "faktur")],
)
def test_polish_counts(counts: tuple[int, ...], expected: str) -> None:
    assert {plural(count, one="faktura", few="faktury", many="faktur") for count in counts} == {expected}


def test_only_production_is_silent(settings: Settings) -> None:
    """S13, S14: a production that the simulator plays is not."""
    settings.KSEF_IS_SIMULATED = True
    assert "bez skutków prawnych" in environment_notice("production").warning
    settings.KSEF_IS_SIMULATED = False
    assert environment_notice("production").warning == ""
    for code in ("demo", "test", "simulator"):
        assert "bez skutków prawnych" in environment_notice(code).warning
