"""Printing without a KSeF number: the offline certificate, its password, two codes, or no file (S39-S50)."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts.domain.errors import RuleBroken
from accounts.models import OfflineCertificate
from accounts.services.ksef_certificates import save_offline_certificate
from invoices.domain.lifecycle import Mode
from invoices.services.approval import approve_invoice
from invoices.services.drafting import save_draft
from invoices.services.legal_clock import issue_offline
from ksef.certificates import Flaw, UnusableFile
from tests.builders import draft, make_approved, make_contractor, make_exempt, reload, run_outbox
from tests.certificates import PASSWORD, Pair, issue

if TYPE_CHECKING:
    from django.http import HttpResponse

    from invoices.models import Invoice
    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = pytest.mark.integration

BUYERS: dict[str, dict[str, str]] = {
    "domestic": {},
    "consumer": {"kind": "consumer", "tax_id": ""},
    "eu": {"kind": "eu", "tax_id": "123456789", "tax_country": "DE", "country": "DE"},
}


def keep(person: Person, simulator: Simulator, **options: str) -> Pair:
    pair = issue(simulator, kind="Offline", nip=person.company.nip, **options)
    with person.entered() as actor:
        save_offline_certificate(actor=actor, certificate=pair.certificate, key=pair.key)
    return pair


def address(person: Person, invoice: Invoice, name: str = "print_offline") -> str:
    return reverse(f"invoices:{name}", args=[person.company.slug, invoice.id])


def print_it(person: Person, invoice: Invoice, password: str) -> HttpResponse:
    response: HttpResponse = person.client.post(address(person, invoice), {"password": password})  # type: ignore[assignment]  # the test client wraps it
    return response


def text_of(response: HttpResponse) -> str:
    pages = PdfReader(io.BytesIO(response.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_two_files_and_no_password(people: People, simulator: Simulator) -> None:
    """S39, S40, S41, S42, S43: a separate form that explains itself, takes the two files and asks for no password."""
    url = reverse("accounts:ksef_offline", args=[people.alicja.company.slug])
    page = people.alicja.client.get(url).content.decode()
    for text in ("Certyfikat offline", "tak samo jak uwierzytelniający", "awarii lub niedostępności KSeF"):
        assert text in page
    assert 'type="password"' not in page
    pair = issue(simulator, kind="Offline", nip=people.alicja.company.nip)
    form = {
        "certificate": SimpleUploadedFile("offline.cert", pair.certificate),
        "key": SimpleUploadedFile("offline.key", pair.key),
    }
    answer = people.alicja.client.post(url, form, follow=True).content.decode()
    assert "Certyfikat offline zapisany." in answer
    assert pair.serial in answer
    for missing in ("certificate", "key"):
        one = {name: SimpleUploadedFile(name, b"x") for name in form if name != missing}
        assert f'id="id_{missing}_error"' in people.alicja.client.post(url, one).content.decode()


def test_each_certificate_has_its_own_place(people: People, simulator: Simulator) -> None:
    """S50: an authentication certificate is no offline one."""
    pair = issue(simulator, nip=people.alicja.company.nip)
    with people.alicja.entered() as actor, pytest.raises(UnusableFile) as caught:
        save_offline_certificate(actor=actor, certificate=pair.certificate, key=pair.key)
    assert caught.value.flaw is Flaw.WRONG_PURPOSE
    with people.alicja.entered():
        assert not OfflineCertificate.objects.exists()


def test_a_key_without_a_password_is_refused(people: People, simulator: Simulator) -> None:
    """S44: the portal must not be able to sign by itself."""
    pair = issue(simulator, kind="Offline", nip=people.alicja.company.nip)
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    plain = load_pem_private_key(pair.key, PASSWORD.encode()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with people.alicja.entered() as actor, pytest.raises(RuleBroken, match="key_unprotected"):
        save_offline_certificate(actor=actor, certificate=pair.certificate, key=plain)


@pytest.mark.parametrize(("key", "signature"), [("ec", 86), ("rsa", 342)])
def test_the_print_carries_two_codes_that_verify(
    people: People, simulator: Simulator, key: str, signature: int
) -> None:
    """S41, S44-S46: KOD I says OFFLINE, KOD II says CERTYFIKAT, and KSeF's page finds the issuer's signature good."""
    keep(people.alicja, simulator, key=key)
    invoice = make_approved(people.alicja)
    page = people.alicja.client.get(address(people.alicja, invoice)).content.decode()
    assert "Hasło do certyfikatu offline" in page
    response = print_it(people.alicja, invoice, PASSWORD)
    assert response.headers["Content-Type"] == "application/pdf"
    text = text_of(response)
    for mark in ("OFFLINE", "CERTYFIKAT", "/invoice/", "/certificate/Nip/"):
        assert mark in text
    # The length of the signature tells where the link ends and the page's next line begins.
    code = re.search(
        rf"/certificate/Nip/\d{{10}}/\d{{10}}/[0-9A-F]{{16}}/[\w-]{{43}}/[\w-]{{{signature}}}",
        text.replace(" ", ""),
    )
    assert code is not None
    answer = httpx.get(f"{simulator.url}{code[0]}", timeout=10)
    assert answer.status_code == 200, answer.text


def test_a_wrong_password_makes_no_file(people: People, simulator: Simulator) -> None:
    """S48: the message stands at the field, and nothing is downloaded."""
    keep(people.alicja, simulator)
    response = print_it(people.alicja, make_approved(people.alicja), "zle-Haslo-12345!")
    assert response.headers["Content-Type"].startswith("text/html")
    assert "Content-Disposition" not in response.headers
    page = response.content.decode()
    assert 'id="id_password_error"' in page
    assert "To hasło nie pasuje do klucza" in page
    assert "zle-Haslo-12345!" not in page


def test_without_a_certificate_the_page_leads_to_it(people: People) -> None:
    """S49: it says what is missing and links to the settings."""
    invoice = make_approved(people.alicja)
    moved = people.alicja.client.get(address(people.alicja, invoice, "pdf"))
    assert moved.headers["Location"] == address(people.alicja, invoice)
    page = people.alicja.client.get(address(people.alicja, invoice)).content.decode()
    assert "Brakuje certyfikatu offline" in page
    assert reverse("accounts:ksef_offline", args=[people.alicja.company.slug]) in page
    refused = print_it(people.alicja, invoice, PASSWORD)
    assert refused.headers["Content-Type"].startswith("text/html")


def test_a_document_with_a_number_asks_nothing(connected: People, simulator: Simulator) -> None:
    """S47: no prompt and no second code once KSeF has numbered it; an exempt one never asks either."""
    alicja = connected.alicja
    keep(alicja, simulator)
    invoice = make_approved(alicja)
    run_outbox()
    assert reload(alicja, invoice).ksef_number
    response = alicja.client.get(address(alicja, invoice, "pdf"))
    assert response.headers["Content-Type"] == "application/pdf"
    assert "CERTYFIKAT" not in text_of(response)  # type: ignore[arg-type]  # the test client wraps it
    assert alicja.client.get(address(alicja, invoice)).status_code == 302
    assert alicja.client.get(address(alicja, make_exempt(alicja), "pdf")).status_code == 200


def test_a_colleague_signs_with_nobody_elses_certificate(people: People, simulator: Simulator) -> None:
    """S53: the owner's certificate is there, and beata is still asked for her own."""
    keep(people.alicja, simulator)
    invoice = make_approved(people.alicja)
    page = people.beata.client.get(address(people.beata, invoice)).content.decode()
    assert "Brakuje certyfikatu offline" in page
    assert print_it(people.beata, invoice, PASSWORD).headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("kind", "mode", "title"),
    [
        ("domestic", Mode.OFFLINE24, "Potwierdzenie transakcji"),
        ("domestic", Mode.UNAVAILABILITY, "Potwierdzenie transakcji"),
        ("domestic", Mode.FAILURE, "Faktura"),
        ("consumer", Mode.OFFLINE24, "Faktura"),
        ("eu", Mode.OFFLINE24, "Faktura"),
    ],
)
def test_the_title_of_a_print_without_a_number_follows_buyer_and_mode(
    people: People, simulator: Simulator, kind: str, mode: Mode, title: str
) -> None:
    """R4, polish-vat-facts 3.6: what a domestic taxpayer gets before the number is no invoice and says so."""
    keep(people.alicja, simulator)
    buyer = make_contractor(people.alicja, **BUYERS[kind])
    with people.alicja.entered() as actor:
        draft_of = save_draft(actor=actor, draft=draft(contractor_id=buyer.id))
        invoice = approve_invoice(actor=actor, invoice_id=draft_of.id)
        issue_offline(
            invoice, mode=mode, issued_at=timezone.now(), outages=(), actor_id=people.alicja.user.id
        )
    text = text_of(print_it(people.alicja, invoice, PASSWORD))
    assert f"{title} {invoice.number}" in text
    admits = "nie jest fakturą i nie daje prawa do odliczenia VAT" in text
    assert admits is (title == "Potwierdzenie transakcji")
    assert all(caption in text for caption in ("OFFLINE", "CERTYFIKAT"))
