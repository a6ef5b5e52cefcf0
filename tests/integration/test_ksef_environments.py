"""The two environments a person chooses between, and how documents stay where they were made (S1-S14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from accounts.domain.errors import RuleBroken
from accounts.models import Company
from accounts.services.ksef_connecting import connect_with_self_signed_certificate, connect_with_token
from accounts.services.ksef_parameters import switch_environment
from invoices.domain.lifecycle import State
from invoices.models import UPO, Invoice, OutboxEntry
from invoices.services.cancelling import cancel_invoice
from roles.access import MissingRight
from tests.builders import make_approved, make_draft, reload, run_outbox, today

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

DEMO_ADDRESS = "https://ap-demo.ksef.mf.gov.pl/web/"
PRODUCTION_ADDRESS = "https://ap.ksef.mf.gov.pl/web/"


@pytest.fixture(autouse=True)
def _environments(settings: Settings, simulator: Simulator) -> None:
    """Demo and production, the simulator behind both, as in a demo installation."""
    settings.KSEF_ENVIRONMENTS = ["demo", "production"]
    settings.KSEF_IS_SIMULATED = True


def enter(person: Person, environment: str) -> None:
    with person.entered() as actor:
        switch_environment(actor=actor, environment=environment, is_confirmed=True)
    person.company.refresh_from_db()


def connect(person: Person, simulator: Simulator) -> None:
    environment = person.company.environment
    token = simulator.control("POST", "tokens", {"nip": person.company.nip}, environment=environment)["token"]
    connect_with_token(actor=person.actor, company=person.company, token=token)


def page(person: Person, name: str = "accounts:ksef", **kwargs: object) -> str:
    url = reverse(name, kwargs={"company": person.company.slug, **kwargs})
    return person.client.get(url).content.decode()


def test_all_settings_are_on_the_ksef_tab(people: People) -> None:
    """S1, S2, S4: "Konfiguracja" has the tab "KSeF"; before it is set up it says what is missing; no plan is asked."""
    enter(people.alicja, "demo")
    settings_page = page(people.alicja, "accounts:settings")
    assert ">KSeF</a>" in settings_page
    tab = page(people.alicja)
    for heading in (
        "Stan połączenia",
        "Środowisko KSeF",
        "Uwierzytelnianie",
        "Certyfikat offline",
        "Parametry",
    ):
        assert heading in tab
    assert "Brak połączenia" in tab
    invoice = make_approved(people.alicja)
    shown = page(people.alicja, "invoices:show", invoice_id=invoice.id)
    assert "Aby wysłać fakturę, połącz się z KSeF" in shown
    assert "Wyślij do KSeF" not in shown


def test_each_environment_is_described_with_its_address(people: People) -> None:
    """S3, S5, S8, S9, S12: what demo and production are for, and where their applications are."""
    enter(people.alicja, "demo")
    choices = page(people.alicja, "accounts:ksef_environment")
    for text in (
        "środowisko demo",
        "środowisko produkcyjne",
        "przygotowania firmy do obowiązkowego KSeF i bezpiecznych prób",
        "Faktury trafiają do obiegu prawnego",
        DEMO_ADDRESS,
        PRODUCTION_ADDRESS,
        "symulator",
    ):
        assert text in choices
    assert DEMO_ADDRESS in page(people.alicja)
    enter(people.alicja, "production")
    assert PRODUCTION_ADDRESS in page(people.alicja)


def test_switching_back_and_forth(people: People) -> None:
    """S3, S4: there and back by the form; only somebody with the right to settings."""
    enter(people.alicja, "demo")
    url = reverse("accounts:ksef_environment", args=[people.alicja.company.slug])
    confirmed = {"environment": "production", "is_confirmed": "on"}
    assert people.alicja.client.post(url, confirmed).status_code == 302
    assert Company.objects.get(id=people.alicja.company.id).environment == "production"
    # The yes was said once; the way back and forth asks no more.
    assert people.alicja.client.post(url, {"environment": "demo"}).status_code == 302
    assert people.alicja.client.post(url, {"environment": "production"}).status_code == 302
    assert people.beata.client.post(url, {"environment": "demo"}).status_code == 403
    with people.beata.entered() as actor, pytest.raises(MissingRight):
        switch_environment(actor=actor, environment="demo", is_confirmed=False)
    assert Company.objects.get(id=people.alicja.company.id).environment == "production"


def test_production_wants_a_deliberate_yes(people: People) -> None:
    """S9: the first step into legal circulation is confirmed, and an unknown environment does not exist."""
    enter(people.alicja, "demo")
    url = reverse("accounts:ksef_environment", args=[people.alicja.company.slug])
    answer = people.alicja.client.post(url, {"environment": "production"}).content.decode()
    assert "Potwierdź, że faktury mają trafiać do obiegu prawnego." in answer
    with people.alicja.entered() as actor, pytest.raises(RuleBroken, match="environment_not_offered"):
        switch_environment(actor=actor, environment="test", is_confirmed=True)
    assert Company.objects.get(id=people.alicja.company.id).environment == "demo"


def test_a_demo_invoice_arrives_and_can_be_cancelled(people: People, simulator: Simulator) -> None:
    """S6, S7: sending works end to end in demo; afterwards the invoice can be cancelled, once."""
    enter(people.alicja, "demo")
    connect(people.alicja, simulator)
    invoice = make_approved(people.alicja)
    run_outbox()
    invoice = reload(people.alicja, invoice)
    assert (invoice.state, invoice.environment) == (State.ACCEPTED, "demo")
    with people.alicja.entered():
        assert UPO.objects.filter(invoice_id=invoice.id).exists()
    assert "Anuluj" in page(people.alicja, "invoices:show", invoice_id=invoice.id)
    url = reverse("invoices:cancel", args=[people.alicja.company.slug, invoice.id])
    for _ in range(2):
        assert people.alicja.client.post(url).status_code == 302
        assert reload(people.alicja, invoice).state == State.CANCELLED


def test_a_production_invoice_cannot_be_cancelled(people: People, simulator: Simulator) -> None:
    """S10: no button, and a forged request changes nothing, whoever sends it."""
    enter(people.alicja, "production")
    connect(people.alicja, simulator)
    invoice = make_approved(people.alicja)
    run_outbox()
    assert reload(people.alicja, invoice).state == State.ACCEPTED
    assert "Anuluj" not in page(people.alicja, "invoices:show", invoice_id=invoice.id)
    url = reverse("invoices:cancel", args=[people.alicja.company.slug, invoice.id])
    answer = people.alicja.client.post(url, follow=True).content.decode()
    assert "Faktury ze środowiska produkcyjnego nie można anulować" in answer
    with people.alicja.entered() as actor, pytest.raises(RuleBroken, match="legal_document"):
        cancel_invoice(actor=actor, invoice_id=invoice.id)
    assert reload(people.alicja, invoice).state == State.ACCEPTED


def test_what_was_made_in_demo_stays_in_demo(people: People, simulator: Simulator) -> None:
    """S13: numbers start anew, a demo draft goes to demo, a demo credential opens nothing in production."""
    enter(people.alicja, "demo")
    connect(people.alicja, simulator)
    draft = make_draft(people.alicja)
    practised = make_approved(people.alicja)
    run_outbox()
    enter(people.alicja, "production")
    assert "Brak połączenia" in page(people.alicja)
    legal = make_approved(people.alicja)
    assert (legal.environment, legal.state) == ("production", State.APPROVED)
    assert legal.number == practised.number == f"FV/1/{today():%m}/{today():%Y}"
    listed = page(people.alicja, "invoices:index")
    assert reload(people.alicja, practised).ksef_number not in listed
    assert reload(people.alicja, draft).environment == "demo"
    connect(people.alicja, simulator)
    assert not OutboxEntry.objects.exists()
    ledger = simulator.control("GET", "ledger", environment="production")
    assert ledger["accepted"] == []
    with people.alicja.entered():
        assert set(Invoice.objects.values_list("environment", flat=True)) == {"demo", "production"}


def test_demo_is_unmistakable_wherever_sending_is_possible(people: People) -> None:
    """S14: the strip stands on the list, the editor, the invoice and the settings, with the environment's name."""
    enter(people.alicja, "demo")
    invoice = make_approved(people.alicja)
    for text in (
        page(people.alicja, "invoices:index"),
        page(people.alicja, "invoices:new"),
        page(people.alicja, "invoices:show", invoice_id=invoice.id),
        page(people.alicja),
    ):
        assert "environment-strip" in text
        assert "środowisko demo (symulator)" in text


def test_a_practice_certificate_is_for_practice_only(people: People) -> None:
    """S13, ksef-protocol 1: neither demo nor production takes one that nobody issued."""
    for environment in ("demo", "production"):
        enter(people.alicja, environment)
        with pytest.raises(RuleBroken, match="self_signed_refused"):
            connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
