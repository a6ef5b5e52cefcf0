"""The receipt as a page and as files, and files of many invoices in one archive."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from pypdf import PdfReader

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices.models import UPO, InvoiceDocument
from invoices.selectors import archive
from invoices.selectors.upo import judge
from roles.models import AuditEntry
from tests.builders import make_approved, make_draft, make_exempt, reload, run_outbox, today
from tests.papers import missing_from
from tests.people import prove

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

AGREES = "Numer KSeF i skrót SHA-256 zgadzają się z naszym dokumentem"


def accepted(people: People) -> Invoice:
    connect_with_self_signed_certificate(actor=people.alicja.actor, company=people.alicja.company)
    invoice = make_approved(people.alicja)
    run_outbox()
    return reload(people.alicja, invoice)


def stored_upo(person: Person, invoice: Invoice) -> bytes:
    with person.entered():
        return bytes(UPO.objects.get(invoice_id=invoice.id).xml)


def get(person: Person, name: str, invoice: Invoice) -> Any:
    return person.client.get(reverse(f"invoices:{name}", args=[person.company.slug, invoice.id]))


def fetch(person: Person, ids: Sequence[uuid.UUID], *contents: str, **more: str) -> Any:
    address = reverse("invoices:download_many", args=[person.company.slug])
    return person.client.post(address, {"wybrane": [str(one) for one in ids], "co": contents, **more})


def files_of(response: Any) -> dict[str, bytes]:
    assert response.status_code == 200, response.content
    with zipfile.ZipFile(io.BytesIO(response.content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_receipt_is_a_page_a_pdf_and_the_very_bytes(people: People, simulator: Simulator) -> None:
    """S73, F27: who confirmed, when, hash, number, session; the XML as KSeF signed it."""
    invoice = accepted(people)
    upo = stored_upo(people.alicja, invoice)
    page = get(people.beata, "upo", invoice).content.decode()
    assert AGREES in page
    assert missing_from(upo, page) == []
    assert get(people.beata, "upo_xml", invoice).content == upo
    pdf = PdfReader(io.BytesIO(get(people.beata, "upo_pdf", invoice).content))
    assert missing_from(upo, " ".join(sheet.extract_text() for sheet in pdf.pages)) == []
    assert list(pdf.attachments.values()) == [[upo]]
    shown = get(people.beata, "show", invoice).content.decode()
    for name in ("upo", "upo_pdf", "upo_xml"):
        assert reverse(f"invoices:{name}", args=[people.alicja.company.slug, invoice.id]) in shown
    assert get(people.zofia, "upo_pdf", invoice).status_code == 404


def test_a_receipt_of_other_bytes_is_told_apart(people: People, simulator: Simulator) -> None:
    """F27: each way of not agreeing has its own sentence."""
    invoice = accepted(people)
    upo = stored_upo(people.alicja, invoice)
    with people.alicja.entered():
        sha256 = bytes(InvoiceDocument.objects.get(invoice_id=invoice.id).sha256)
    assert judge(upo, ksef_number=invoice.ksef_number, sha256=sha256).holds
    other = judge(upo, ksef_number=invoice.ksef_number, sha256=b"\0" * 32)
    assert not other.holds
    assert "inny dokument" in other.text
    stranger = judge(upo, ksef_number="5265877635-20250826-0100001AF629-AF", sha256=sha256)
    assert "nie wymienia" in stranger.text
    tampered = upo.replace(b">Online<", b">Offline<")
    assert tampered != upo
    assert (
        "podpisu UPO nie udało się potwierdzić"
        in judge(tampered, ksef_number=invoice.ksef_number, sha256=sha256).text
    )


def test_chosen_invoices_come_in_one_archive(people: People, simulator: Simulator) -> None:
    """Exact bytes of XML and UPO, a PDF beside them; what is missing is named with its reason."""
    invoice = accepted(people)
    exempt, draft = make_exempt(people.alicja), make_draft(people.alicja)
    files = files_of(fetch(people.beata, [invoice.id, exempt.id, draft.id], "upo", "xml", "pdf"))
    stem = invoice.number.replace("/", "-")
    assert files[f"UPO-{stem}.xml"] == stored_upo(people.alicja, invoice)
    assert files[f"{stem}.xml"] == get(people.beata, "xml", invoice).content
    assert files[f"{stem}.pdf"].startswith(b"%PDF-1.7")
    other = exempt.number.replace("/", "-")
    assert f"UPO-{other}.xml: nie ma jeszcze UPO" in files["pominiete.txt"].decode()
    assert set(files) == {
        f"UPO-{stem}.xml",
        f"{stem}.xml",
        f"{stem}.pdf",
        f"{other}.xml",
        f"{other}.pdf",
        "pominiete.txt",
    }
    with people.alicja.entered():
        entry = AuditEntry.objects.get(action="documents_exported")
    assert entry.detail == {"contents": "upo,xml,pdf", "count": "2", "archive": "faktury.zip"}


def test_an_offline_print_needs_its_password(people: People) -> None:
    """S47: no print without a KSeF number slips out by the dozen."""
    invoice = make_approved(people.alicja)
    files = files_of(fetch(people.alicja, [invoice.id], "pdf"))
    assert list(files) == ["pominiete.txt"]
    assert "hasłem" in files["pominiete.txt"].decode()


def test_a_whole_month_needs_a_fresh_confirmation(people: People) -> None:
    """V21: an export of everything is asked for by somebody who has just proved who they are."""
    invoice = make_exempt(people.alicja)
    month = f"{today():%Y-%m}"
    files = files_of(fetch(people.alicja, [], "xml", miesiac=month))
    assert list(files) == [f"{invoice.number.replace('/', '-')}.xml"]
    client = people.alicja.client
    prove(client, people.alicja.user, at=1.0)
    address = reverse("invoices:download_many", args=[people.alicja.company.slug])
    answer = client.post(address, {"co": "xml", "miesiac": month})
    assert answer.status_code == 302
    assert reverse("account_reauthenticate") in answer.headers["Location"]


def test_strangers_invoices_are_not_there(people: People) -> None:
    invoice = make_exempt(people.alicja)
    assert fetch(people.zofia, [invoice.id], "xml").status_code == 302


@pytest.mark.parametrize(("ids", "contents"), [((), ("xml",)), (("x",), ("xml",)), ((), ())])
def test_nothing_chosen_is_said(people: People, ids: tuple[str, ...], contents: tuple[str, ...]) -> None:
    address = reverse("invoices:download_many", args=[people.alicja.company.slug])
    answer = people.alicja.client.post(address, {"wybrane": ids, "co": contents}, follow=True)
    assert "Zaznacz na liście" in answer.content.decode()


def test_too_many_prints_are_refused(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """V43, V54: the bound is told, and nothing was built."""
    monkeypatch.setattr(archive, "MOST_PDFS", 1)
    ids = [make_exempt(people.alicja).id, make_exempt(people.alicja).id]
    address = reverse("invoices:download_many", args=[people.alicja.company.slug])
    answer = people.alicja.client.post(
        address, {"wybrane": [str(one) for one in ids], "co": "pdf"}, follow=True
    )
    assert "To za dużo na raz" in answer.content.decode()
    assert len(files_of(fetch(people.alicja, ids, "xml"))) == 2
