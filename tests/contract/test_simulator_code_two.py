"""KOD II: what the page says of the issuer of an offline invoice, check by check (section 9)."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from ksef_client import KsefClientOptions
from ksef_client.services.verification_link import VerificationLinkService

from ksef.exchange.identifiers import Identifier
from ksef.qr import OfflineSigner, kod_ii_url
from ksef.simulator.environments import create_environments
from ksef.simulator.world import Options
from tests.contract.enrolling import PATH, Asking, grant, issue_pair
from tests.contract.ministry import (
    SELLER,
    START,
    Clock,
    Credential,
    Visitor,
    make_credential,
    make_invoice,
    person_subject,
    sha256_base64,
    visiting,
)
from tests.contract.pages import base64_url, code_two, read_page, section_of, sign_link, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

pytestmark = pytest.mark.contract

OTHER = "1234563218"
PESEL = "80010112345"
XML = make_invoice()
CHECKS = ("register", "type", "valid", "signature", "permission", "seller")
YES = dict.fromkeys(CHECKS, "yes")


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def checks_of(page: HtmlElement) -> dict[str, str]:
    """The outcome of each check; the page's title agrees with them."""
    found = {node.get("data-check"): node.get("data-result") for node in page.findall(".//li[@data-check]")}
    confirmed = "Wystawca faktury jest potwierdzony"
    assert (page.findtext(".//h1") == confirmed) == (set(found.values()) == {"yes"})
    return found


def checks(visitor: Visitor, path: str) -> dict[str, str]:
    return checks_of(read_page(visitor.http.get(path)))


@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_right_code(visitor: Visitor, key: str) -> None:
    """9: every check passes; the page says who, for whom, and that the invoice has not come in."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline", key=key, company="Próba & Syn")
    page = read_page(visitor.http.get(code_two(XML, serial, pair.key)))
    assert checks_of(page) == YES
    told = section_of(page, "Dane z kodu")
    for text in ("Próba & Syn", SELLER, serial, "20.11.2026 11:00:00 – 19.11.2028 11:00:00"):
        assert text in told
    assert page.find(".//*[@data-presence='absent']") is not None


def test_der_signature(visitor: Visitor) -> None:
    """9: allowed, though longer."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline")
    assert checks(visitor, code_two(XML, serial, pair.key, der=True)) == YES


@pytest.mark.parametrize("salt", [0, 20, 64])
def test_salt_is_thirty_two_bytes(visitor: Visitor, salt: int) -> None:
    """9: RSASSA-PSS with another salt is no signature."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline", key="rsa")
    assert checks(visitor, code_two(XML, serial, pair.key, salt=salt)) == {**YES, "signature": "no"}


@pytest.mark.parametrize("key", ["ec", "rsa"])
@pytest.mark.parametrize("text", ["https://{}", "{}/", "other.test{}", "{} "])
def test_other_texts_are_not_what_is_signed(visitor: Visitor, key: str, text: str) -> None:
    """9: no scheme, no slash at the end, the host that was asked."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline", key=key)
    right = code_two(XML, serial, pair.key)
    path = right.rpartition("/")[0]
    host = "" if text.startswith("other") else "ksef.test"
    signature = base64_url(sign_link(text.format(host + path), pair.key))
    assert checks(visitor, f"{path}/{signature}") == {**YES, "signature": "no"}


@pytest.mark.parametrize("part", [2, 3, 4, 6])
def test_every_part_of_the_link_is_signed(visitor: Visitor, part: int) -> None:
    """9: context, seller, serial number and hash cannot be swapped under a signature."""
    grant(visitor, "InvoiceWrite", kind="Nip", value=SELLER, context=OTHER)
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline")
    other, _ = issue_pair(visitor, nip=SELLER, type="Offline", name="Inny certyfikat")
    parts = code_two(XML, serial, pair.key).split("/")
    parts[part] = {2: "InternalId", 3: OTHER, 4: OTHER, 6: base64_url(b"x" * 32)}[part]
    if part == 2:
        parts[3] = f"{SELLER}-12340"
    found = checks(visitor, "/".join(parts))
    assert found["signature"] == "no"
    parts = code_two(XML, serial, pair.key).split("/")
    parts[5] = other
    assert checks(visitor, "/".join(parts)) == {**YES, "signature": "no"}


@pytest.mark.parametrize(
    "signature", ["AAAA", base64_url(b"\0" * 64), base64_url(b"\xff" * 64), base64_url(b"0" * 256)]
)
@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_signatures_that_are_none(visitor: Visitor, signature: str, key: str) -> None:
    """9: refused, whatever they are."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline", key=key)
    path = code_two(XML, serial, pair.key).rpartition("/")[0]
    assert checks(visitor, f"{path}/{signature}") == {**YES, "signature": "no"}


def test_certificate_for_logging_in_is_of_the_wrong_type(visitor: Visitor) -> None:
    """9: an Authentication certificate is not valid here."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Authentication")
    assert checks(visitor, code_two(XML, serial, pair.key)) == {**YES, "type": "no"}


def test_unknown_certificate(visitor: Visitor) -> None:
    """9: nothing can be checked with it; what is about seller and context still is."""
    path = code_two(XML, "0123456789ABCDEF", make_credential().key)
    nothing = dict.fromkeys(("type", "valid", "signature", "permission"), "dim")
    assert checks(visitor, path) == {"register": "no", **nothing, "seller": "yes"}
    assert "nie sprawdzono" in text_of(read_page(visitor.http.get(path)))


def _offline(asking: Asking, **changes: object) -> tuple[str, Credential]:
    return asking.obtain(None, certificateType="Offline", **changes)


def test_fate_of_the_certificate(visitor: Visitor) -> None:
    """9: blocked, revoked, expired by the clock, expired by test data, not yet valid: each named."""
    visitor.log_in()
    asking = Asking(visitor)
    visitor.ask("POST", "/_control/options", json={"certification": 5})
    serial, pair = _offline_slowly(asking)
    path = code_two(XML, serial, pair.key)
    assert checks(visitor, path) == YES
    asking.revoke(serial)
    for fate in ("zablokowany", "unieważniony"):
        page = read_page(visitor.http.get(path))
        assert checks_of(page) == {**YES, "valid": "no"}
        assert fate in section_of(page, "Weryfikacja")
        visitor.clock.advance(seconds=5)
    visitor.ask("POST", "/_control/options", json={"certification": 0})
    later = (visitor.clock.now + timedelta(hours=1)).isoformat()
    early, pair = _offline(asking, validFrom=later)
    page = read_page(visitor.http.get(code_two(XML, early, pair.key)))
    assert checks_of(page) == {**YES, "valid": "no"}
    assert "jeszcze nie obowiązuje" in section_of(page, "Weryfikacja")
    aged, pair = _offline(asking)
    visitor.ask("PUT", f"/v2/testdata/certificates/{aged}", json={"validTo": START.isoformat()})
    page = read_page(visitor.http.get(code_two(XML, aged, pair.key)))
    assert "wygasł" in section_of(page, "Weryfikacja")


def _offline_slowly(asking: Asking) -> tuple[str, Credential]:
    key = make_credential().key
    reference = asking.send(asking.body(key, certificateType="Offline"))
    asking.visitor.clock.advance(seconds=5)
    serial = asking.status(reference)["certificateSerialNumber"]
    return serial, Credential(asking.certificate(serial), key)


def test_certificate_expires_by_the_clock(visitor: Visitor) -> None:
    """9: validTo."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline", valid_days=1)
    path = code_two(XML, serial, pair.key)
    visitor.clock.advance(days=1, seconds=-1)
    assert checks(visitor, path) == YES
    visitor.clock.advance(seconds=1)
    assert checks(visitor, path) == {**YES, "valid": "no"}


def test_person_needs_the_right_to_issue_in_the_context(visitor: Visitor) -> None:
    """9: InvoiceWrite in the company, and none once it is taken back."""
    serial, pair = issue_pair(visitor, pesel=PESEL, type="Offline")
    path = code_two(XML, serial, pair.key)
    assert checks(visitor, path) == {**YES, "permission": "no"}
    grant(visitor, "InvoiceRead", kind="Pesel", value=PESEL)
    assert checks(visitor, path) == {**YES, "permission": "no"}
    grant(visitor, "InvoiceWrite", kind="Pesel", value=PESEL)
    assert checks(visitor, path) == YES
    body = {
        "contextIdentifier": {"type": "Nip", "value": SELLER},
        "authorizedIdentifier": {"type": "Pesel", "value": PESEL},
    }
    visitor.ask("POST", "/v2/testdata/permissions/revoke", json=body, token="")
    assert checks(visitor, path) == {**YES, "permission": "no"}


def test_context_must_be_allowed_to_issue_for_the_seller(visitor: Visitor) -> None:
    """9: another seller takes self-invoicing; then the buyer's context may."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline")
    path = code_two(XML, serial, pair.key, seller=OTHER)
    assert checks(visitor, path) == {**YES, "seller": "no"}
    visitor.log_in(OTHER)
    body = {
        "subjectIdentifier": {"type": "Nip", "value": SELLER},
        "permission": "SelfInvoicing",
        "description": "Samofakturowanie",
        "subjectDetails": {"fullName": "Próba i Syn"},
    }
    granted = visitor.ask("POST", "/v2/permissions/authorizations/grants", json=body)
    assert granted.status_code == 202, granted.text
    visitor.clock.advance(seconds=2)
    assert checks(visitor, path) == YES


def test_context_with_characters_that_links_escape(visitor: Visitor) -> None:
    """9: the signed text is the link as written, with percent signs or without."""
    context = f"NipVatUe/{SELLER}-IE1+23456A"
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline")
    for written in (context, context.replace("+", "%2B")):
        found = checks(visitor, code_two(XML, serial, pair.key, context=written))
        assert (found["signature"], found["seller"]) == ("yes", "yes")


def test_invoice_that_has_come_in(visitor: Visitor) -> None:
    """9: found by hash and seller, with its number; a technically corrected one by the old hash, too (10)."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline")
    visitor.log_in()
    session = visitor.open_session()
    status = visitor.judged(session, XML, offlineMode=True)
    page = read_page(visitor.http.get(code_two(XML, serial, pair.key)))
    assert page.find(".//*[@data-presence='present']") is not None
    assert status["ksefNumber"] in section_of(page, "Faktura")
    broken = make_invoice(number="FV/2").replace(b"<P_15>123.00</P_15>", b"")
    assert visitor.judged(session, broken, offlineMode=True)["status"]["code"] == 430
    path = code_two(broken, serial, pair.key)
    assert read_page(visitor.http.get(path)).find(".//*[@data-presence='absent']") is not None
    mended = visitor.judged(
        session,
        make_invoice(number="FV/2"),
        offlineMode=True,
        hashOfCorrectedInvoice=sha256_base64(broken),
    )
    page = read_page(visitor.http.get(path))
    assert (checks_of(page), mended["ksefNumber"] in section_of(page, "Faktura")) == (YES, True)


@pytest.mark.parametrize(
    "path",
    [
        "/certificate/nip/{nip}/{nip}/{serial}/{hash}/AAAA",
        "/certificate/Pesel/{nip}/{nip}/{serial}/{hash}/AAAA",
        "/certificate/Nip/12/{nip}/{serial}/{hash}/AAAA",
        "/certificate/Nip/{nip}/12/{serial}/{hash}/AAAA",
        "/certificate/Nip/{nip}/{nip}/{serial}/{hash}A/AAAA",
        "/certificate/Nip/{nip}/{nip}/{serial}/short/AAAA",
        "/certificate/Nip/{nip}/{nip}/{serial}/{hash}/A",
        "/certificate/Nip/{nip}/{nip}/{serial}/{hash}/AA+A",
        "/certificate/Nip/{nip}/{nip}/{serial}/{hash}/AA==",
        "/certificate/Nip/{nip}/{nip}/<b>{serial}/{hash}/AA!A",
    ],
)
def test_damaged_links(visitor: Visitor, path: str) -> None:
    """9: 404 with a sentence, and nothing that was in the link comes back as markup."""
    shown = path.format(nip=SELLER, serial="0123456789ABCDEF", hash=base64_url(b"x" * 32))
    page = read_page(visitor.http.get(shown), status=404)
    assert page.findtext(".//h1") == "Link jest nieprawidłowy lub uszkodzony"


@pytest.mark.parametrize("key", ["ec", "rsa"])
@pytest.mark.parametrize("form", ["p1363", "der"])
def test_links_that_others_build(visitor: Visitor, key: str, form: str) -> None:
    """9: ksef-client's own builder, with both kinds of keys and both forms of ECDSA."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline", key=key)
    options = KsefClientOptions(base_url="http://ksef.test", base_qr_url="http://ksef.test")
    url = VerificationLinkService(options).build_certificate_verification_url(
        seller_nip=SELLER,
        context_identifier_type="Nip",
        context_identifier_value=SELLER,
        certificate_serial=serial,
        invoice_hash=sha256_base64(XML),
        private_key_pem=pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        signature_format=form,
    )
    # The same link as ours but for the signature, which is new each time.
    assert url.rpartition("/")[0] == "http://ksef.test" + code_two(XML, serial, pair.key).rpartition("/")[0]
    assert len(url.rpartition("/")[2]) in (
        {342} if key == "rsa" else {86} if form == "p1363" else range(90, 98)
    )
    assert checks_of(read_page(visitor.http.get(url))) == YES


@pytest.mark.parametrize("key", ["ec", "rsa"])
@pytest.mark.parametrize(
    "context", [Identifier("Nip", SELLER), Identifier("NipVatUe", f"{SELLER}-IE1+23456A")]
)
def test_links_of_the_portal(visitor: Visitor, key: str, context: Identifier) -> None:
    """9: what the portal prints is what KSeF confirms."""
    serial, pair = issue_pair(visitor, nip=SELLER, type="Offline", key=key)
    url = kod_ii_url(
        qr_url="http://ksef.test",
        context=context,
        seller_nip=SELLER,
        sha256=hashlib.sha256(XML).digest(),
        signer=OfflineSigner(serial, pair.key),
    )
    found = checks(visitor, url)
    assert (found["signature"], found["seller"]) == ("yes", "yes")
    assert (found == YES) == (context.kind == "Nip")


@pytest.mark.parametrize("at", ["", "/test", "/demo", "/production"])
def test_host_is_the_one_that_was_asked_with_its_path(at: str) -> None:
    """1 and 9: each environment of the simulator signs for its own address."""
    clock = Clock()
    options = Options(processing=0, authentication=0, storage=0)
    with create_environments(options=options, wall_clock=clock) as app:
        transport = httpx.WSGITransport(app=app)
        with httpx.Client(transport=transport, base_url=f"http://ksef.test:8180{at}") as http:
            serial, pair = issue_pair(Visitor(clock, http), nip=SELLER, type="Offline")
            right = code_two(XML, serial, pair.key, host=f"ksef.test:8180{at}")
            assert checks_of(read_page(http.get(right))) == YES
            elsewhere = code_two(XML, serial, pair.key, host="ksef.test:8180/elsewhere")
            assert checks_of(read_page(http.get(elsewhere)))["signature"] == "no"


def test_looking_changes_nothing(visitor: Visitor) -> None:
    """3: a page is read by anybody, so it is no use of the certificate."""
    grant(visitor, "InvoiceWrite", kind="Nip", value=SELLER, context=OTHER)
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"TINPL-{SELLER}"))))
    asking = Asking(visitor)
    serial, pair = _offline(asking)
    read_page(visitor.http.get(code_two(XML, serial, pair.key)))
    assert "lastUseDate" not in asking.query()["certificates"][0]
    assert visitor.get(f"{PATH}/limits")["enrollment"]["remaining"] == 299
