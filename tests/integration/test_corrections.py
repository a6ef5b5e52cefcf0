"""What KSeF has accepted is changed by a correction: a document of its own, sent and numbered like any other."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.domain.errors import RuleBroken
from accounts.models import Company
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.domain.lifecycle import State
from invoices.domain.readiness import NotReady
from invoices.domain.snapshot import CorrectionEffect, InvoiceKind
from invoices.models import Contractor, Invoice, InvoiceDocument
from invoices.services.approval import approve_invoice
from invoices.services.drafting import save_draft, start_correction
from ksef.fa3.reader import read
from tests.builders import draft, line, make_approved, make_contractor, make_exempt, reload, run_outbox

if TYPE_CHECKING:
    from invoices.services.drafting import LineDraft
    from ksef.fa3.document import Fa
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration


@pytest.fixture
def alicja(people: People, simulator: Simulator) -> Person:
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    return people.alicja


@pytest.fixture
def accepted(alicja: Person) -> Invoice:
    invoice = make_approved(alicja, line(name="Montaż", price="1000"), line(name="Dojazd", price="50"))
    run_outbox()
    return reload(alicja, invoice)


def corrected(person: Person, invoice: Invoice, *lines: LineDraft) -> Invoice:
    """Correct to these lines, approve, send."""
    with person.entered() as actor:
        correction = start_correction(actor=actor, invoice_id=invoice.id)
        content = replace(
            draft(*lines, contractor_id=invoice.contractor_id),
            lines=lines,
            correction_reason="Zwrot części towaru",
            correction_effect=CorrectionEffect.CORRECTION_PERIOD.value,
        )
        save_draft(actor=actor, draft=content, invoice_id=correction.id, version=correction.version)
        approve_invoice(actor=actor, invoice_id=correction.id)
    run_outbox()
    return reload(person, correction)


def body_of(person: Person, invoice: Invoice) -> Fa:
    with person.entered():
        return read(bytes(InvoiceDocument.objects.get(invoice_id=invoice.id).xml)).Fa


def click(person: Person, invoice: Invoice) -> str:
    url = reverse("invoices:correct", args=[person.company.slug, invoice.id])
    return " ".join(person.client.post(url, follow=True).content.decode().split())


def test_a_correction_is_sent_with_what_was_and_what_is(
    alicja: Person, accepted: Invoice, simulator: Simulator
) -> None:
    """S7, S11: pairs of lines, differences of the sums, the number of the original; accepted by KSeF."""
    correction = corrected(
        alicja, accepted, line(name="Montaż", price="800"), line(name="Dojazd", price="50")
    )
    assert (correction.state, correction.kind) == (State.ACCEPTED, InvoiceKind.CORRECTION)
    assert re.fullmatch(r"KOR/1/\d\d/\d{4}", correction.number)
    assert (correction.net, correction.vat, correction.gross) == (
        Decimal("-200.00"),
        Decimal("-46.00"),
        Decimal("-246.00"),
    )
    fa = body_of(alicja, correction)
    assert (fa.RodzajFaktury, fa.PrzyczynaKorekty, fa.TypKorekty) == ("KOR", "Zwrot części towaru", 2)
    (about,) = fa.DaneFaKorygowanej
    assert (about.NrFaKorygowanej, about.NrKSeF, about.NrKSeFFaKorygowanej) == (
        accepted.number,
        1,
        accepted.ksef_number,
    )
    assert (Decimal("-200.00"), Decimal("-46.00"), Decimal("-246.00")) == (fa.P_13_1, fa.P_14_1, fa.P_15)
    assert [(row.NrWierszaFa, row.P_7, row.P_11, row.StanPrzed) for row in fa.FaWiersz] == [
        (1, "Montaż", Decimal(1000), 1),
        (1, "Montaż", Decimal(800), None),
    ]
    assert len(simulator.ledger()) == 2
    # The original stays what it was.
    assert reload(alicja, accepted).gross == Decimal("1291.50")


def test_a_second_correction_starts_where_the_first_ended(alicja: Person, accepted: Invoice) -> None:
    """S11: whichever of the two documents it is started from."""
    first = corrected(alicja, accepted, line(name="Montaż", price="800"), line(name="Dojazd", price="50"))
    second = corrected(alicja, first, line(name="Montaż", price="800"))
    fa = body_of(alicja, second)
    assert fa.DaneFaKorygowanej[0].NrKSeFFaKorygowanej == accepted.ksef_number
    assert [(row.P_7, row.P_8B, row.P_11, row.StanPrzed) for row in fa.FaWiersz] == [
        ("Dojazd", Decimal(1), Decimal(50), 1),
        ("Dojazd", Decimal(0), Decimal(0), None),
    ]
    assert second.gross == Decimal("-61.50")


def test_a_correction_to_zero_takes_everything_back(alicja: Person, accepted: Invoice) -> None:
    """S11: no line stays; the sums are those of the original with the other sign."""
    correction = corrected(alicja, accepted)
    assert correction.state == State.ACCEPTED
    assert correction.gross == -accepted.gross
    assert [row.P_11 for row in body_of(alicja, correction).FaWiersz if not row.StanPrzed] == [0, 0]


def test_two_clicks_start_one_correction(alicja: Person, accepted: Invoice) -> None:
    """S90: and while it is not settled there is no other, in the database neither."""
    page = click(alicja, accepted)
    assert click(alicja, accepted).partition("<main")[2][:200] == page.partition("<main")[2][:200]
    for text in ("Korekta faktury", accepted.number, "Pozycje przed korektą", "Pozycje po korekcie"):
        assert text in page
    with alicja.entered():
        (correction,) = Invoice.objects.filter(original_id=accepted.id)
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.create(
                company_id=alicja.company.id,
                environment=accepted.environment,
                kind=InvoiceKind.CORRECTION,
                original=accepted,
                state_before=accepted,
                series=correction.series,
                issue_date=correction.issue_date,
                created_by_id=alicja.user.id,
            )
    related = alicja.client.get(
        reverse("invoices:show", args=[alicja.company.slug, accepted.id])
    ).content.decode()
    assert str(correction.id) in related


def test_what_is_not_said_stops_the_approval(alicja: Person, accepted: Invoice) -> None:
    """Art. 106j: a reason and a change are needed; the number is not used up."""
    with alicja.entered() as actor:
        correction = start_correction(actor=actor, invoice_id=accepted.id)
        with pytest.raises(NotReady) as caught:
            approve_invoice(actor=actor, invoice_id=correction.id)
    assert [obstacle.code for obstacle in caught.value.obstacles] == ["reason_missing", "nothing_corrected"]
    assert reload(alicja, correction).number == ""


def test_the_buyer_stays_who_they_are(alicja: Person, accepted: Invoice) -> None:
    """FA(3): neither another buyer nor the same one under another number."""
    stranger = make_contractor(alicja, name="Ktoś inny", tax_id="5265877635")
    with alicja.entered() as actor:
        correction = start_correction(actor=actor, invoice_id=accepted.id)
        content = replace(
            draft(line(), contractor_id=stranger.id), correction_reason="Pomyłka", correction_effect=1
        )
        with pytest.raises(RuleBroken, match="other_buyer"):
            save_draft(actor=actor, draft=content, invoice_id=correction.id, version=1)
        content = replace(content, contractor_id=accepted.contractor_id)
        save_draft(actor=actor, draft=content, invoice_id=correction.id, version=1)
        Contractor.objects.exclude(id=stranger.id).update(tax_id="5265877635")
        with pytest.raises(NotReady) as caught:
            approve_invoice(actor=actor, invoice_id=correction.id)
    assert [obstacle.code for obstacle in caught.value.obstacles] == ["other_buyer"]


def test_only_what_was_issued_can_be_corrected(people: People, alicja: Person) -> None:
    """S11: what KSeF has not accepted is mended, not corrected; a viewer of another company finds nothing."""
    waiting = make_approved(people.cezary)
    assert "Skorygować można fakturę przyjętą przez KSeF" in click(people.cezary, waiting)
    url = reverse("invoices:correct", args=[people.zofia.company.slug, waiting.id])
    assert people.zofia.client.post(url).status_code == 404
    with alicja.entered():
        assert not Invoice.objects.filter(kind=InvoiceKind.CORRECTION).exists()


def test_an_invoice_outside_ksef_is_corrected_as_such(alicja: Person) -> None:
    """S97, S99: the correction says that its original has no number of KSeF (NrKSeFN)."""
    exempt = make_exempt(alicja, line(name="Montaż", price="100"))
    Company.objects.filter(id=alicja.company.id).update(sends_consumer_invoices=True)
    correction = corrected(alicja, exempt, line(name="Montaż", price="90"))
    (about,) = body_of(alicja, correction).DaneFaKorygowanej
    assert (about.NrKSeF, about.NrKSeFFaKorygowanej, about.NrKSeFN) == (None, None, 1)
    assert correction.state == State.ACCEPTED
