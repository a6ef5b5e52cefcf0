"""The dashboard: what needs attention first, exact sums of the month, a fixed number of queries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import KSeFCredential
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.models import Invoice
from invoices.selectors.dashboard import get_dashboard
from invoices.services.approval import approve_invoice
from invoices.services.drafting import save_draft
from tests.builders import draft, line, make_approved, make_contractor, make_draft, reload, run_outbox

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from invoices.selectors.dashboard import Dashboard
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


def look(person: Person) -> str:
    response = person.client.get(reverse("dashboard", args=[person.company.slug]))
    assert response.status_code == 200
    return response.content.decode()


def dashboard(person: Person, *, now: datetime | None = None) -> Dashboard:
    with person.entered() as actor:
        return get_dashboard(actor=actor, company=person.company, now=now or timezone.now())


def tasks(person: Person) -> list[str]:
    return [f"{task.count or ''} {task.text}".strip() for task in dashboard(person).tasks]


def issue_on(person: Person, day: date, price: str) -> None:
    """An invoice approved on a past day, as the clock of that day would have it."""
    contractor = make_contractor(person)
    from dataclasses import replace

    with person.entered() as actor:
        content = replace(
            draft(line(price=price), contractor_id=contractor.id), issue_date=day, due_date=None
        )
        saved = save_draft(actor=actor, draft=content)
        noon = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
        approve_invoice(actor=actor, invoice_id=saved.id, now=noon)


def test_a_new_company_reads_what_to_do(people: People) -> None:
    """The empty state: three steps for who may do all of them, without figures about nothing."""
    steps = [(step.title, step.is_done) for step in dashboard(people.zofia).first_steps]
    assert steps == [("Dane firmy", True), ("Połączenie z KSeF", False), ("Pierwsza faktura", False)]
    page = look(people.zofia)
    assert "Zacznij od tych kroków" in page
    assert "Ostatnie dwanaście miesięcy" not in page
    assert [step.title for step in dashboard(people.cezary).first_steps] == ["Dane firmy", "Pierwsza faktura"]


def test_the_most_urgent_comes_first(people: People, simulator: Simulator) -> None:
    """S89: rejected, then what waits to be sent, then payments, then drafts."""
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    simulator.control("POST", "clock", {"offset": -86_400 * 2})
    rejected = make_approved(people.alicja)
    run_outbox()
    simulator.control("POST", "clock", {"offset": 0})
    accepted = make_approved(people.alicja)
    run_outbox()
    with people.alicja.entered():
        Invoice.objects.filter(id=accepted.id).update(due_date=accepted.issue_date)
    make_approved(people.cezary)
    make_approved(people.cezary)
    make_draft(people.cezary)
    assert tasks(people.alicja) == [
        f"KSeF odrzucił fakturę {rejected.number} (Hurtownia Próbna sp. z o.o.)",
        "2 faktury do wysłania do KSeF",
        "1 faktura z terminem płatności dziś",
        "1 szkic do dokończenia",
    ]
    assert tasks(people.cezary)[1] == "2 faktury czekają, aż wyśle je osoba z uprawnieniem"
    assert "Nie masz połączenia z KSeF: faktury nie zostaną wysłane" in tasks(people.beata)
    assert tasks(people.zofia) == ["Nie masz połączenia z KSeF: faktury nie zostaną wysłane"]


def test_what_is_stuck_says_why(people: People, simulator: Simulator) -> None:
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    post = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}
    simulator.fail({"match": post, "times": 1, "action": "limited", "retry_after": 600})
    make_approved(people.alicja)
    run_outbox()
    assert tasks(people.alicja)[0].startswith("1 W kolejce. KSeF prosi o przerwę")


def test_access_that_runs_out_is_announced(people: People, simulator: Simulator) -> None:
    """Two days ahead, to its holder only (S53)."""
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    make_draft(people.alicja)
    assert tasks(people.alicja) == ["1 szkic do dokończenia"]
    with people.alicja.entered():
        KSeFCredential.objects.update(
            kind="certificate", refresh_valid_until=timezone.now() + timedelta(days=1)
        )
    assert tasks(people.alicja)[0].startswith("Twój dostęp do KSeF wygasa ")
    with people.alicja.entered():
        KSeFCredential.objects.update(refresh_valid_until=timezone.now() - timedelta(days=1))
    assert tasks(people.alicja)[0].startswith("Twój dostęp do KSeF wygasł")


def test_sums_of_the_month_and_the_year(people: People) -> None:
    """Issued documents by issue date; drafts do not count, nor does what lies a year back."""
    for day, price in (
        (date(2025, 11, 30), "5000"),
        (date(2025, 12, 1), "100"),
        (date(2026, 10, 31), "400"),
        (date(2026, 11, 1), "150.50"),
        (date(2026, 11, 20), "49.50"),
    ):
        issue_on(people.cezary, day, price)
    make_draft(people.cezary, line(price="999"))
    board = dashboard(people.cezary, now=datetime(2026, 11, 20, 12, tzinfo=UTC))
    month = board.month
    assert (month.name, month.net, month.vat, month.gross) == ("Listopad", "200,00", "46,01", "246,01")
    assert (month.count, month.counted) == (2, "faktury")
    assert (month.previous_name, month.previous_net) == ("Październik", "400,00")
    assert board.year_net == "700,00"
    assert [(bar.short, bar.net, bar.height) for bar in board.bars if bar.height] == [
        ("gru", "100,00", 100),
        ("paź", "400,00", 400),
        ("lis", "200,00", 200),
    ]
    assert (len(board.bars), board.bars[-1].is_current) == (12, True)
    assert Decimal(board.bars[0].x) == 18


def test_another_environment_does_not_count(people: People) -> None:
    """S13: a practice sum never looks like a real one."""
    invoice = make_approved(people.cezary)
    with people.cezary.entered():
        Invoice.objects.filter(id=invoice.id).update(environment="production")
    assert dashboard(people.cezary).first_steps
    assert reload(people.cezary, invoice).environment == "production"


@pytest.mark.parametrize("count", [1, 12])
def test_queries_are_fixed(
    people: People, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make_approved(people.cezary)
    client, url = people.cezary.client, reverse("dashboard", args=[people.cezary.company.slug])
    client.get(url)
    with django_assert_num_queries(21):
        client.get(url)


def test_the_chart_is_told_in_words_too(people: People) -> None:
    make_approved(people.cezary, line(price="123"))
    page = look(people.cezary)
    assert page.count("<rect") == 12
    assert "Kwoty w tabeli" in page
    assert "style=" not in page
