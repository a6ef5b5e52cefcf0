"""Online sessions and invoices in the simulator: verdicts, duplicates, offline, UPO (sections 4, 6, 8, 10, 13)."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from ksef.simulator.access import xades
from ksef.simulator.numbers import crc8
from tests.contract.ministry import (
    BUYER,
    SELLER,
    TODAY,
    OpenSession,
    Visitor,
    make_invoice,
    sha256_base64,
    visiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

OTHER = "1234563218"
UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


@pytest.fixture
def session(visitor: Visitor) -> OpenSession:
    return visitor.open_session()


def _code(status: dict[str, Any]) -> int:
    code: int = status["status"]["code"]
    return code


def test_invoice_goes_from_received_to_accepted(visitor: Visitor, session: OpenSession) -> None:
    """4.5 and 8: 100, 150, 200; the number names seller and day and its CRC-8 is right."""
    xml = make_invoice()
    reference = visitor.send(session, xml)
    waiting = visitor.invoice(session, reference)
    assert (_code(waiting), waiting["invoiceHash"]) == (100, sha256_base64(xml))
    visitor.clock.advance(seconds=0.3)
    assert _code(visitor.invoice(session, reference)) == 150
    visitor.clock.advance(seconds=0.2)
    accepted = visitor.invoice(session, reference)
    assert _code(accepted) == 200
    number = accepted["ksefNumber"]
    assert number.startswith(f"{SELLER}-20261120-")
    assert f"{crc8(number[:32].encode()):02X}" == number[33:]
    assert (accepted["invoiceNumber"], accepted["invoicingMode"]) == ("FV/1", "Online")
    assert "permanentStorageDate" in accepted
    # The moment of the verdict is when the processing ended, not when somebody asked.
    assert accepted["acquisitionDate"] == "2026-11-20T10:00:00.500+00:00"


def test_whole_session_and_its_confirmation(visitor: Visitor, session: OpenSession) -> None:
    """4.4 and 6: 100, 170, 200 with counts; the page lists the accepted documents only."""
    good, bad = make_invoice(), make_invoice(number="FV/2", seller=OTHER)
    for xml in (good, bad):
        visitor.send(session, xml)
    path = f"/v2/sessions/{session.reference}"
    assert _code(visitor.get(path)) == 100
    visitor.close(session)
    assert _code(visitor.get(path)) == 170
    visitor.clock.advance(seconds=1)
    status = visitor.get(path)
    assert _code(status) == 200
    assert [status[f"{name}Count"] for name in ("invoice", "successfulInvoice", "failedInvoice")] == [2, 1, 1]
    page = status["upo"]["pages"][0]
    upo = visitor.ask("GET", f"{path}/upo/{page['referenceNumber']}")
    assert upo.headers["x-ms-meta-hash"] == sha256_base64(upo.content)
    root = xades.verify(upo.content).root
    assert root.findtext(f"{UPO}Dokument/{UPO}SkrotDokumentu") == sha256_base64(good)
    assert root.findtext(f"{UPO}OpisPotwierdzenia/{UPO}CalkowitaLiczbaDokumentow") == "1"
    # The same bytes through the pre-signed address, without a bearer token.
    assert visitor.ask("GET", page["downloadUrl"], token="").content == upo.content
    assert visitor.get(path)["upo"]["pages"][0]["referenceNumber"] == page["referenceNumber"]


@pytest.mark.parametrize(("sent", "code"), [(False, 440), (True, 445)], ids=["nothing sent", "nothing good"])
def test_session_that_comes_to_nothing(visitor: Visitor, session: OpenSession, sent: bool, code: int) -> None:
    """4.5: cancelled when empty, 445 when every invoice failed."""
    if sent:
        visitor.send(session, b"<no/>")
    visitor.close(session)
    visitor.clock.advance(seconds=1)
    assert _code(visitor.get(f"/v2/sessions/{session.reference}")) == code


def test_confirmation_of_one_invoice(visitor: Visitor, session: OpenSession) -> None:
    """6: by reference, by KSeF number and by the pre-signed address the same signed bytes; absent before 200."""
    xml = make_invoice()
    reference = visitor.send(session, xml)
    path = f"/v2/sessions/{session.reference}/invoices"
    assert visitor.refusal("GET", f"{path}/{reference}/upo") == 21178
    visitor.clock.advance(seconds=1)
    status = visitor.invoice(session, reference)
    upo = visitor.ask("GET", f"{path}/{reference}/upo")
    assert upo.headers["x-ms-meta-hash"] == sha256_base64(upo.content)
    assert visitor.ask("GET", f"{path}/ksef/{status['ksefNumber']}/upo").content == upo.content
    assert visitor.ask("GET", status["upoDownloadUrl"], token="").content == upo.content
    assert visitor.refusal("GET", f"{path}/ksef/{SELLER}-20261120-000000000000-00/upo") == 21178

    root = xades.verify(upo.content).root
    document = root.find(f"{UPO}Dokument")
    assert document is not None
    facts = [
        document.findtext(f"{UPO}{name}")
        for name in ("NipSprzedawcy", "NumerKSeFDokumentu", "SkrotDokumentu")
    ]
    assert facts == [SELLER, status["ksefNumber"], sha256_base64(xml)]
    # Polish time, as in the ministry's samples.
    assert document.findtext(f"{UPO}DataPrzeslaniaDokumentu") == "2026-11-20T11:00:00.000+01:00"
    assert root.findtext(f"{UPO}Uwierzytelnienie/{UPO}SkrotDokumentuUwierzytelniajacego")


def test_confirmation_names_the_token_that_logged_in(visitor: Visitor) -> None:
    """6: NumerReferencyjnyTokenaKSeF instead of the hash of a signed request."""
    token = visitor.control_token()
    visitor.redeem(visitor.begin_token_login(token))
    session = visitor.open_session()
    reference = visitor.send(session, make_invoice())
    visitor.clock.advance(seconds=1)
    upo = visitor.ask("GET", f"/v2/sessions/{session.reference}/invoices/{reference}/upo")
    found = etree.fromstring(upo.content).findtext(f"{UPO}Uwierzytelnienie/{UPO}NumerReferencyjnyTokenaKSeF")
    assert token.startswith(f"{found}|")


def test_pre_signed_address_expires_and_cannot_be_bent(visitor: Visitor, session: OpenSession) -> None:
    """6: three days, for one document only."""
    status = visitor.judged(session, make_invoice())
    url = status["upoDownloadUrl"]
    assert visitor.ask("GET", url.replace(status["referenceNumber"], "other"), token="").status_code == 403
    visitor.clock.advance(days=3, seconds=1)
    assert visitor.ask("GET", url, token="").status_code == 403


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"encryptedInvoiceSize": 7}, 21402),
        ({"encryptedInvoiceHash": sha256_base64(b"other")}, 21403),
        ({"invoiceSize": 7}, 21402),
        ({"invoiceHash": sha256_base64(b"other")}, 21403),
        ({"invoiceHash": "short"}, 21405),
        ({"invoiceSize": 0}, 21405),
        ({"invoiceSize": "12"}, 21405),
        ({"encryptedInvoiceContent": "?"}, 21405),
        ({"offlineMode": "yes"}, 21405),
        ({"hashOfCorrectedInvoice": sha256_base64(b"x")}, 21405),
    ],
)
def test_package_that_does_not_fit_itself(
    visitor: Visitor, session: OpenSession, changes: dict[str, object], code: int
) -> None:
    """4.3: sizes and hashes of both forms are recomputed at once; nothing is left behind."""
    package = session.package(make_invoice(), **changes)
    path = f"/v2/sessions/online/{session.reference}/invoices"
    assert visitor.refusal("POST", path, json=package) == code
    assert visitor.get("/_control/ledger")["received"] == []


def test_wrong_key_is_found_out_later(visitor: Visitor, session: OpenSession) -> None:
    """435: the ciphertext is whole, but another key made it."""
    wrong = OpenSession(session.reference, b"w" * 32, session.iv)
    status = visitor.judged(wrong, make_invoice())
    assert (_code(status), status["status"]["description"]) == (435, "Błąd odszyfrowania pliku")


def test_session_whose_key_cannot_be_decrypted(visitor: Visitor) -> None:
    """415 in the session's status; sending is then 21180 and an unknown publicKeyId 21470."""
    iv = base64.b64encode(b"i" * 16).decode()
    opening = visitor.opening(b"k" * 32, b"i" * 16, encryptedSymmetricKey="AAAA")
    reference = visitor.ask("POST", "/v2/sessions/online", json=opening).json()["referenceNumber"]
    assert _code(visitor.get(f"/v2/sessions/{reference}")) == 415
    package = OpenSession(reference, b"k" * 32, b"i" * 16).package(make_invoice())
    assert visitor.refusal("POST", f"/v2/sessions/online/{reference}/invoices", json=package) == 21180
    unknown = visitor.opening(b"k" * 32, b"i" * 16, publicKeyId=sha256_base64(b"x"), initializationVector=iv)
    assert visitor.refusal("POST", "/v2/sessions/online", json=unknown) == 21470
    assert _code(visitor.get(f"/v2/sessions/{visitor.open_session().reference}")) == 100


def test_openings_that_make_no_sense(visitor: Visitor) -> None:
    """21405: another form, a vector of the wrong length, no encryption at all."""
    form = {"systemCode": "FA (9)", "schemaVersion": "1-0E", "value": "FA"}
    opening = visitor.opening(b"k" * 32, b"i" * 16)
    for body in (
        {**opening, "formCode": form},
        visitor.opening(b"k" * 32, b"i" * 15),
        {"formCode": opening["formCode"]},
        {},
    ):
        assert visitor.refusal("POST", "/v2/sessions/online", json=body) == 21405


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b"\xef\xbb\xbf" + make_invoice(), 430),
        (make_invoice().replace(b"<P_15>123.00</P_15>", b""), 430),
        (make_invoice(issue_date=TODAY + timedelta(days=1)), 450),
        (make_invoice(seller=OTHER), 410),
    ],
    ids=["bom", "schema", "future", "seller"],
)
def test_rejected_invoice_says_why_in_polish(
    visitor: Visitor, session: OpenSession, xml: bytes, code: int
) -> None:
    """13: 430, 450 and 410 with details; the failed list holds it and no UPO exists."""
    status = visitor.judged(session, xml)
    assert _code(status) == code
    assert status["status"]["details"]
    assert "ksefNumber" not in status
    failed = visitor.get(f"/v2/sessions/{session.reference}/invoices/failed")["invoices"]
    assert [item["referenceNumber"] for item in failed] == [status["referenceNumber"]]
    path = f"/v2/sessions/{session.reference}/invoices/{status['referenceNumber']}/upo"
    assert visitor.refusal("GET", path) == 21178


def test_duplicate_points_at_the_original(visitor: Visitor, session: OpenSession) -> None:
    """440 with both extensions; kind, number and seller decide (13.2)."""
    first = visitor.judged(session, make_invoice())
    again = visitor.judged(visitor.open_session(), make_invoice(line="Coś innego"))
    assert _code(again) == 440
    assert again["status"]["extensions"] == {
        "originalSessionReferenceNumber": session.reference,
        "originalKsefNumber": first["ksefNumber"],
    }
    assert _code(visitor.judged(session, make_invoice(number="FV/2"))) == 200


def test_rejected_invoice_does_not_block_its_number(visitor: Visitor, session: OpenSession) -> None:
    """13.2."""
    assert _code(visitor.judged(session, make_invoice(issue_date=TODAY + timedelta(days=1)))) == 450
    assert _code(visitor.judged(session, make_invoice())) == 200


def test_two_of_a_kind_in_one_breath(visitor: Visitor, session: OpenSession) -> None:
    """13.2: the first to arrive wins, even when both are judged together."""
    references = [visitor.send(session, make_invoice()) for _ in range(2)]
    visitor.clock.advance(seconds=1)
    assert [_code(visitor.invoice(session, reference)) for reference in references] == [200, 440]


@pytest.mark.parametrize(
    ("issued", "declared", "mode"),
    [(TODAY, False, "Online"), (TODAY, True, "Offline"), (TODAY - timedelta(days=1), False, "Offline")],
)
def test_mode_of_an_invoice(
    visitor: Visitor, session: OpenSession, issued: date, declared: bool, mode: str
) -> None:
    """10: declared offline, or dated before the day of receipt."""
    status = visitor.judged(session, make_invoice(issue_date=issued), offlineMode=declared)
    assert (_code(status), status["invoicingMode"]) == (200, mode)


def test_the_day_is_the_polish_one(visitor: Visitor) -> None:
    """10: 23:30 UTC in winter is tomorrow in Poland: an invoice of that day is neither early nor offline."""
    visitor.clock.now = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    visitor.log_in()
    session = visitor.open_session()
    status = visitor.judged(session, make_invoice(issue_date=date(2026, 11, 21)))
    assert (_code(status), status["invoicingMode"]) == (200, "Online")
    assert status["ksefNumber"][11:19] == "20261121"


def test_check_digits_on_request(visitor: Visitor) -> None:
    """13.4: X-KSeF-Feature turns the NIP check on for the session; without it TEST lets any through."""
    wrong = make_invoice(buyer="1234567890")
    assert _code(visitor.judged(visitor.open_session(), wrong)) == 200
    strict = visitor.open_session(headers={"X-KSeF-Feature": "subject-identifier-validation"})
    status = visitor.judged(strict, make_invoice(number="FV/2", buyer="1234567890"))
    assert (_code(status), status["status"]["details"]) == (450, ["Nieprawidłowy numer NIP: 1234567890."])


def test_technical_correction(visitor: Visitor, session: OpenSession) -> None:
    """10: only of a rejected invoice, only offline, only until one has gone through (21166, 21167)."""
    rejected, accepted = b"<broken/>", make_invoice(number="FV/7")
    assert _code(visitor.judged(session, rejected, offlineMode=True)) == 430
    assert _code(visitor.judged(session, accepted)) == 200
    path = f"/v2/sessions/online/{session.reference}/invoices"

    def refused(xml: bytes, of: bytes) -> int:
        package = session.package(xml, offlineMode=True, hashOfCorrectedInvoice=sha256_base64(of))
        return visitor.refusal("POST", path, json=package)

    assert refused(make_invoice(), accepted) == 21167
    assert refused(make_invoice(), b"never sent") == 21405
    digest = sha256_base64(rejected)
    status = visitor.judged(session, make_invoice(), offlineMode=True, hashOfCorrectedInvoice=digest)
    assert (_code(status), status["invoicingMode"]) == (200, "Offline")
    assert refused(make_invoice(number="FV/8"), rejected) == 21166


def test_session_ends_by_itself_after_twelve_hours(visitor: Visitor) -> None:
    """4.4 and 21180; closing twice is 21180 too."""
    tokens = visitor.log_in()
    session = visitor.open_session()
    visitor.send(session, make_invoice())
    visitor.clock.advance(hours=12)
    refreshed = visitor.ask("POST", "/v2/auth/token/refresh", token=tokens["refreshToken"]["token"])
    visitor.token = refreshed.json()["accessToken"]["token"]
    package = session.package(make_invoice(number="FV/2"))
    path = f"/v2/sessions/online/{session.reference}"
    assert visitor.refusal("POST", f"{path}/invoices", json=package) == 21180
    assert visitor.refusal("POST", f"{path}/close") == 21180
    visitor.clock.advance(seconds=1)
    assert _code(visitor.get(f"/v2/sessions/{session.reference}")) == 200


def test_session_of_another_company_does_not_exist(visitor: Visitor, session: OpenSession) -> None:
    """21173 on every path."""
    visitor.send(session, make_invoice())
    visitor.log_in(OTHER)
    path = f"/v2/sessions/{session.reference}"
    for method, where in (
        ("GET", path),
        ("GET", f"{path}/invoices"),
        ("GET", f"{path}/invoices/failed"),
        ("GET", f"{path}/invoices/20261120-EE-0000000000-0000000000-00"),
        ("GET", f"{path}/upo/20261120-EU-0000000000-0000000000-00"),
        ("POST", f"/v2/sessions/online/{session.reference}/close"),
    ):
        assert visitor.refusal(method, where) == 21173, where
    package = session.package(make_invoice())
    assert visitor.refusal("POST", f"/v2/sessions/online/{session.reference}/invoices", json=package) == 21173
    assert visitor.get("/v2/sessions?sessionType=Online")["sessions"] == []


def test_full_session(visitor: Visitor, session: OpenSession) -> None:
    """21155 (10 000 in KSeF)."""
    visitor.ask("POST", "/_control/options", json={"max_invoices": 1})
    visitor.send(session, make_invoice())
    package = session.package(make_invoice(number="FV/2"))
    assert visitor.refusal("POST", f"/v2/sessions/online/{session.reference}/invoices", json=package) == 21155


def test_pages_of_invoices(visitor: Visitor, session: OpenSession) -> None:
    """0 and 4.5: ten at a time, in order, with the token in a header."""
    references = [visitor.send(session, make_invoice(number=f"FV/{number}")) for number in range(12)]
    path = f"/v2/sessions/{session.reference}/invoices"
    page = visitor.get(path)
    rest = visitor.get(path, headers={"x-continuation-token": page["continuationToken"]})
    listed = [item["referenceNumber"] for item in page["invoices"] + rest["invoices"]]
    assert listed == references
    assert "continuationToken" not in rest
    assert len(visitor.get(f"{path}?pageSize=1000")["invoices"]) == 12
    bad = {"x-continuation-token": page["continuationToken"]}
    assert visitor.refusal("GET", f"{path}/failed", headers=bad) == 21418


def test_list_of_sessions(visitor: Visitor) -> None:
    """4.5: newest first, by status and by date."""
    first = visitor.open_session()
    visitor.clock.advance(minutes=1)
    second = visitor.open_session()
    visitor.close(first)

    def references(query: str) -> list[str]:
        sessions = visitor.get(f"/v2/sessions?sessionType=Online{query}")["sessions"]
        return [item["referenceNumber"] for item in sessions]

    assert references("") == [second.reference, first.reference]
    assert references("&statuses=InProgress") == [second.reference]
    assert references("&statuses=Cancelled&statuses=Failed") == [first.reference]
    assert references("&dateCreatedFrom=2026-11-20T10:00:30Z") == [second.reference]
    # Without an offset a date is Polish time.
    assert references("&dateCreatedTo=2026-11-20T11:00:30") == [first.reference]
    assert references("&dateClosedFrom=2026-11-20T10:00:00Z") == [first.reference]
    assert references(f"&referenceNumber={first.reference}") == [first.reference]
    assert visitor.get("/v2/sessions?sessionType=Batch")["sessions"] == []
    assert visitor.refusal("GET", "/v2/sessions") == 21405
    assert visitor.refusal("GET", "/v2/sessions?sessionType=Online&statuses=Odd") == 21405
    assert visitor.refusal("GET", "/v2/sessions?sessionType=Online&dateCreatedFrom=soon") == 21405


def test_sessions_of_an_earlier_login_are_listed(visitor: Visitor) -> None:
    """4.5: with InvoiceWrite alone one sees what the same subject opened, in whichever login."""
    owner_session = visitor.open_session()
    token = visitor.control_token(permissions=["InvoiceWrite"])
    for _ in range(2):
        visitor.redeem(visitor.begin_token_login(token))
        sessions = visitor.get("/v2/sessions?sessionType=Online")["sessions"]
        assert [item["referenceNumber"] for item in sessions] == [owner_session.reference]


def test_document_is_given_to_its_parties_only(visitor: Visitor, session: OpenSession) -> None:
    """21164 for strangers, 21165 until it is stored for good."""
    visitor.ask("POST", "/_control/options", json={"storage": 5})
    xml = make_invoice(buyer=BUYER)
    number = visitor.judged(session, xml)["ksefNumber"]
    path = f"/v2/invoices/ksef/{number}"
    assert visitor.refusal("GET", path) == 21165
    visitor.clock.advance(seconds=5)
    for nip in (SELLER, BUYER):
        visitor.log_in(nip)
        answer = visitor.ask("GET", path)
        assert (answer.content, answer.headers["x-ms-meta-hash"]) == (xml, sha256_base64(xml))
    visitor.log_in(OTHER)
    assert visitor.refusal("GET", path) == 21164


def test_unknown_invoice(visitor: Visitor, session: OpenSession) -> None:
    """A reference that was never given out."""
    path = f"/v2/sessions/{session.reference}/invoices/20261120-EE-0000000000-0000000000-00"
    assert visitor.refusal("GET", path) == 21405


def test_limits_are_told(visitor: Visitor) -> None:
    """12: context, subject and rates."""
    assert visitor.get("/v2/limits/context")["onlineSession"]["maxInvoices"] == 10_000
    assert visitor.get("/v2/limits/subject")["certificate"]["maxCertificates"] == 100
    assert visitor.get("/v2/rate-limits")["invoiceSend"] == {"perSecond": 10, "perMinute": 30, "perHour": 180}


def test_scanned_code_opens_something_true(visitor: Visitor, session: OpenSession) -> None:
    """9: KOD I finds the accepted invoice by seller, date and hash, and nothing else."""
    xml = make_invoice()
    status = visitor.judged(session, xml)
    digest = base64.urlsafe_b64encode(base64.b64decode(sha256_base64(xml))).decode().rstrip("=")
    found = visitor.ask("GET", f"/invoice/{SELLER}/20-11-2026/{digest}", token="")
    assert found.status_code == 200
    for text in (status["ksefNumber"], "FV/1", "Próba &amp; Syn", "123,00 PLN"):
        assert text in found.text
    for path in (
        f"/invoice/{OTHER}/20-11-2026/{digest}",
        f"/invoice/{SELLER}/21-11-2026/{digest}",
        f"/invoice/{SELLER}/2026-11-20/{digest}",
        f"/invoice/{SELLER}/20-11-2026/{digest[:-2]}AA",
        f"/invoice/{SELLER}/20-11-2026/!",
    ):
        answer = visitor.ask("GET", path, token="")
        assert (answer.status_code, "Nie znaleziono" in answer.text) == (404, True), path
