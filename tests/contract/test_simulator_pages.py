"""What a person sees of the simulator: its front page, and what a scanned KOD I opens (sections 9 and 10)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import httpx
import pytest

from ksef.simulator.environments import create_environments
from ksef.simulator.flavours import DEMO, PRODUCTION, TEST, Flavour
from tests.contract.enrolling import grant, issue_pair
from tests.contract.ministry import (
    SELLER,
    OpenSession,
    Visitor,
    make_credential,
    make_invoice,
    person_subject,
    sha256_base64,
    visiting,
)
from tests.contract.pages import base64_url, code_one, read_page, rows_of, section_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

pytestmark = pytest.mark.contract

OTHER = "1234563218"
PESEL = "80010112345"
NASTY = "<img src=x onerror=alert(1)>\"'&amp;"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


@pytest.fixture
def session(visitor: Visitor) -> OpenSession:
    visitor.log_in()
    return visitor.open_session()


def front(visitor: Visitor) -> HtmlElement:
    return read_page(visitor.http.get("/"))


def test_front_page_of_an_empty_ksef(visitor: Visitor) -> None:
    """Each list says that there is nothing yet; the address of the API, the clock and the way on are there."""
    page = front(visitor)
    for title in ("Konteksty", "Ostatnie faktury", "Ostatnie sesje", "Uprawnienia", "Certyfikaty", "Tokeny"):
        assert section_of(page, title).endswith(".")
    told = section_of(page, "Środowisko")
    for text in ("http://ksef.test/v2", "20.11.2026 11:00:00", "KSeF działa"):
        assert text in told
    hrefs = {node.get("href") for node in page.findall(".//section//a")}
    assert {f"http://ksef.test/{name}/" for name in ("test", "demo", "production")} <= hrefs
    assert visitor.http.get("/_control/").status_code == 200
    assert "http://ksef.test/_control/" in hrefs


def test_front_page_shows_what_ksef_sees(visitor: Visitor, session: OpenSession) -> None:
    """Contexts with counts, sessions, invoices and their fate, permissions, certificates and tokens."""
    accepted = visitor.judged(session, make_invoice())
    visitor.judged(session, b"<no-invoice/>")
    visitor.judged(session, make_invoice())
    visitor.send(session, make_invoice(number="FV/9"))
    grant(visitor, "InvoiceRead", kind="Pesel", value=PESEL)
    serial, _ = issue_pair(visitor, nip=SELLER, name="Biuro offline", type="Offline")
    visitor.control_token(description="Księgowość")
    page = front(visitor)
    assert rows_of(page, "Konteksty") == [
        [f"NIP {SELLER}", "Próba & Syn", "1", "1", "4 (1 przyjętych, 2 odrzuconych)"]
    ]
    invoices = rows_of(page, "Ostatnie faktury")
    assert [row[0] for row in invoices] == ["(jeszcze nie odczytana)", "FV/1", "(nieczytelna)", "FV/1"]
    assert [row[3].partition(" ")[0] for row in invoices] == ["w", "odrzucona", "odrzucona", "przyjęta"]
    assert "(440)" in invoices[1][3]
    assert "(430)" in invoices[2][3]
    assert invoices[3][1:] == [f"Próba & Syn {SELLER}", "123,00 PLN", f"przyjęta {accepted['ksefNumber']}"]
    (opened,) = rows_of(page, "Ostatnie sesje")
    assert opened[0] == f"{session.reference} interaktywna, FA (3)"
    assert opened[3:] == ["otwarta", "4 (1 przyjętych, 2 odrzuconych)"]
    (granted,) = rows_of(page, "Uprawnienia")
    assert granted[:3] == [f"PESEL {PESEL}", "przeglądanie faktur", f"NIP {SELLER}"]
    (certificate,) = rows_of(page, "Certyfikaty")
    assert certificate == [serial, "Biuro offline", f"NIP {SELLER} Podatnik {SELLER}", "Offline", "aktywny"]
    (token,) = rows_of(page, "Tokeny")
    assert (token[1:3], token[4]) == ([f"NIP {SELLER}", "Księgowość"], "aktywny")
    visitor.close(session)
    visitor.clock.advance(seconds=5)
    assert rows_of(front(visitor), "Ostatnie sesje")[0][3] == "przetworzona"


def test_fates_and_statuses_follow_the_clock(visitor: Visitor) -> None:
    """Expired and revoked certificates, ended tokens and grants that are over."""
    serial, _ = issue_pair(visitor, nip=SELLER, valid_days=1)
    reference = visitor.control_token().partition("|")[0]
    visitor.log_in()
    visitor.ask("DELETE", f"/v2/tokens/{reference}")
    visitor.clock.advance(days=1)
    page = front(visitor)
    assert [row[-1] for row in rows_of(page, "Certyfikaty")] == ["wygasł"]
    assert [row[-1] for row in rows_of(page, "Tokeny")] == ["unieważniony"]
    assert serial in section_of(page, "Certyfikaty")


def test_lists_are_capped(visitor: Visitor) -> None:
    """Ten of each, the newest first, and the page says so."""
    for number in range(12):
        issue_pair(visitor, nip=SELLER, name=f"Numer {number:02}")
        visitor.control_token(description=f"Token {number:02}")
    page = front(visitor)
    assert [row[1] for row in rows_of(page, "Certyfikaty")] == [
        f"Numer {number:02}" for number in range(11, 1, -1)
    ]
    assert len(rows_of(page, "Tokeny")) == 10
    assert "najwyżej 10" in section_of(page, "Tokeny")


def test_nothing_that_was_sent_is_markup(visitor: Visitor, session: OpenSession) -> None:
    """V26: hostile names in invoices, tokens, permissions and certificates stay text."""
    xml = make_invoice(number="FV/<b>1</b>").replace(b"FV/<b>1</b>", b"FV/&lt;b&gt;1&lt;/b&gt;")
    visitor.judged(session, xml)
    visitor.ask("POST", "/v2/tokens", json={"permissions": ["InvoiceRead"], "description": NASTY})
    issue_pair(visitor, nip=SELLER, company=NASTY[:30])
    for page in (front(visitor), read_page(visitor.http.get("/web/"))):
        assert NASTY in text_of(page)
        assert page.findall(".//td//b") == []
    assert "FV/<b>1</b>" in text_of(front(visitor))
    assert "FV/<b>1</b>" in text_of(read_page(visitor.http.get(code_one(xml))))


@pytest.mark.parametrize(
    ("outage", "told"),
    [
        ({"category": "FAILURE"}, "awaria od 20.11.2026 11:00:00"),
        ({"category": "TOTAL_FAILURE", "api": "works"}, "awaria całkowita od"),
        ({"category": "MAINTENANCE", "duration": 600}, "prace serwisowe od"),
    ],
)
def test_lighthouse(visitor: Visitor, outage: dict[str, object], told: str) -> None:
    """1: what the lighthouse tells, also while the API is down."""
    planned = visitor.ask("POST", "/_control/outages", json={"outages": [outage]})
    assert planned.is_success, planned.text
    assert told in section_of(front(visitor), "Środowisko")


def test_broken_lighthouse_and_a_moved_clock(visitor: Visitor) -> None:
    """1: it does not answer, which says nothing about KSeF."""
    visitor.ask("POST", "/_control/lighthouse", json={"mode": "gateway"})
    visitor.ask("POST", "/_control/clock", json={"now": "2027-01-01T00:00:00+01:00"})
    told = section_of(front(visitor), "Środowisko")
    assert "nie odpowiada" in told
    assert "01.01.2027 00:00:00 (przestawiony)" in told


@pytest.mark.parametrize("flavour", [TEST, DEMO, PRODUCTION], ids=lambda flavour: flavour.name)
def test_each_environment_has_a_front_page_of_its_own(flavour: Flavour) -> None:
    """1: it names itself and leads to the others."""
    with create_environments() as app:
        at = f"http://ksef.test/{flavour.name}"
        with httpx.Client(transport=httpx.WSGITransport(app=app)) as http:
            page = read_page(http.get(f"{at}/"))
            assert f"{at}/v2" in section_of(page, "Środowisko")
            current = page.find(".//a[@aria-current='page']")
            assert current is not None
            assert current.get("href") == f"{at}/"
            for node in page.findall(".//a"):
                address = str(node.get("href"))
                if not address.startswith("#"):
                    assert http.get(address, headers={"Accept": "text/html"}).status_code == 200, address


def test_accepted_invoice(visitor: Visitor, session: OpenSession) -> None:
    """9: its facts, by seller, date and hash."""
    xml = make_invoice()
    status = visitor.judged(session, xml)
    page = read_page(visitor.http.get(code_one(xml)))
    assert page.findtext(".//h1") == "Faktura znajduje się w KSeF"
    told = section_of(page, "Dane faktury")
    for text in (status["ksefNumber"], "FV/1", "Próba & Syn", "123,00 PLN", "Online"):
        assert text in told


def test_waiting_and_rejected_invoices_are_not_found(visitor: Visitor, session: OpenSession) -> None:
    """9: not in KSeF yet, or never."""
    waiting, broken = (
        make_invoice(number="FV/5"),
        make_invoice(number="FV/6").replace(b"<P_15>123.00</P_15>", b""),
    )
    assert visitor.judged(session, broken)["status"]["code"] == 430
    visitor.send(session, waiting)
    for xml in (waiting, broken, b"never sent"):
        page = read_page(visitor.http.get(code_one(xml)), status=404)
        assert "mogła nie zostać jeszcze przesłana" in text_of(page)
    visitor.clock.advance(seconds=1)
    read_page(visitor.http.get(code_one(waiting)))


def _broken(version: int) -> bytes:
    """The same document, wrong in another way each time."""
    return make_invoice(number="FV/7").replace(b"<P_15>123.00</P_15>", b"<P_15>123.00</P_15>" * (version + 2))


def test_old_code_leads_to_the_technical_correction(visitor: Visitor, session: OpenSession) -> None:
    """10: through any number of attempts, and only with the right seller and date."""
    wrong, again, right = _broken(0), _broken(1), make_invoice(number="FV/7")
    assert visitor.judged(session, wrong, offlineMode=True)["status"]["code"] == 430
    read_page(visitor.http.get(code_one(wrong)), status=404)
    corrects = {"offlineMode": True, "hashOfCorrectedInvoice": sha256_base64(wrong)}
    assert visitor.judged(session, again, **corrects)["status"]["code"] == 430
    read_page(visitor.http.get(code_one(wrong)), status=404)
    corrects = {"offlineMode": True, "hashOfCorrectedInvoice": sha256_base64(again)}
    status = visitor.judged(session, right, **corrects)
    assert status["status"]["code"] == 200, status
    for old in (wrong, again):
        forward = visitor.http.get(code_one(old))
        assert (forward.status_code, forward.headers["location"]) == (
            302,
            f"http://ksef.test{code_one(right)}",
        )
        page = read_page(visitor.http.get(code_one(old), follow_redirects=True))
        assert "po korekcie technicznej" in text_of(page)
        assert status["ksefNumber"] in text_of(page)
        read_page(visitor.http.get(code_one(old, seller=OTHER)), status=404)
        read_page(visitor.http.get(code_one(old, on="21-11-2026")), status=404)


@pytest.mark.parametrize(
    ("on", "digest"),
    [
        ("20-11-2026", "!"),
        ("20-11-2026", base64_url(hashlib.sha256(b"x").digest()) + "="),
        ("2026-11-20", base64_url(hashlib.sha256(b"x").digest())),
        ("31-02-2026", base64_url(hashlib.sha256(b"x").digest())),
        ("<b>", "<b>"),
    ],
)
def test_damaged_codes(visitor: Visitor, on: str, digest: str) -> None:
    """9: not found, and never an error."""
    read_page(visitor.http.get(f"/invoice/{SELLER}/{on}/{digest}"), status=404)


def test_whoever_logs_in_is_seen(visitor: Visitor) -> None:
    """Contexts of any kind, also those nobody got into."""
    visitor.begin_login(make_credential(person_subject(f"PNOPL-{PESEL}")), nip=OTHER)
    assert [row[0] for row in rows_of(front(visitor), "Konteksty")] == [f"NIP {OTHER}"]
