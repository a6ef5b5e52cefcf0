"""The journal: refusals and acts in words, newest first, page by page."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.selectors.journal import PAGE, SENTENCES
from roles.audit import record
from roles.models import AuditEntry
from tests.architecture.source import APPS, called_name, calls, modules

if TYPE_CHECKING:
    from tests.people import People, Person

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def journal(person: Person, *, after: str = "") -> str:
    url = reverse("users:journal", args=[person.company.slug])
    return person.client.get(url, {"po": after} if after else {}).content.decode()


def test_every_action_that_is_written_down_has_its_sentence() -> None:
    """S78: no code of ours where a person reads."""
    written = {
        keyword.value.value
        for module in modules(*APPS)
        for call in calls(module.tree)
        if called_name(call).rpartition(".")[2] == "record"
        for keyword in call.keywords
        if keyword.arg == "action" and isinstance(keyword.value, ast.Constant)
    }
    assert len(written) > 15
    assert written <= set(SENTENCES)


def test_a_refusal_names_who_wanted_what(people: People) -> None:
    """S78: a forged request of the issuer stands there in words, with the right that was missing and the place."""
    cezary = people.cezary
    for name in ("users:index", "accounts:plan"):
        assert cezary.client.get(reverse(name, args=[cezary.company.slug])).status_code == 403
    page = journal(people.alicja)
    assert page.count("Cezary Testowa") == 2
    assert "Odmowa: brak uprawnienia „Zapraszanie użytkowników i nadawanie ról” (Użytkownicy)." in page
    assert "Odmowa: brak uprawnienia „Zmiana danych firmy, planu i parametrów KSeF” (Konfiguracja)." in page


def test_acts_are_told_in_words_newest_first(people: People) -> None:
    """S78: codes of plans, scopes, rights and people are all spelt out."""
    alicja = people.alicja
    slug = alicja.company.slug
    client = alicja.client
    client.post(reverse("accounts:plan", args=[slug]), {"plan": "efaktury", "seen": "plus"})
    client.post(reverse("accounts:ksef_parameters", args=[slug]), {"scope": "receive"})
    client.post(reverse("users:new_role", args=[slug]), {"name": "Magazyn", "issue": "on"})
    page = journal(alicja)
    sentences = (
        "Nowa rola „Magazyn”: Podgląd faktur, kontrahentów i konfiguracji, Wystawianie faktur",
        "Zmiana parametrów KSeF: zakres „Tylko odbiór”.",
        "Zmiana planu: z eFaktury Plus na eFaktury.",
    )
    places = [page.index(sentence) for sentence in sentences]
    assert places == sorted(places)


def test_pages_follow_one_another_by_key(people: People) -> None:
    """S78: each entry once, also those of one moment."""
    alicja = people.alicja
    with alicja.entered() as actor:
        for number in range(PAGE + 20):
            record(actor=actor, action="role_deleted", detail={"role": f"Rola {number:03}"})
        rows = list(AuditEntry.objects.order_by("at"))
    assert len(rows) == PAGE + 20
    seen: list[str] = []
    after = ""
    for _page in range(3):
        page = journal(alicja, after=after)
        seen += re.findall(r"„Rola (\d+)”", page)
        following = (
            re.search(r"\?po=([^\"&]+)\"", page.split('rel="next"')[0]) if 'rel="next"' in page else None
        )
        if following is None:
            break
        after = following[1].replace("%3A", ":").replace("%2B", "+")
    assert sorted(seen) == [f"{number:03}" for number in range(PAGE + 20)]
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize("after", ["x", "2026-11-25_x", "2026-11-25T10:00:00_" + "0" * 32, "'; DROP"])
def test_a_made_up_place_starts_from_the_top(people: People, after: str) -> None:
    """V29: whatever no page of ours has written."""
    with people.alicja.entered() as actor:
        record(actor=actor, action="role_deleted", detail={"role": "Pierwsza"})
    assert "Pierwsza" in journal(people.alicja, after=after)
