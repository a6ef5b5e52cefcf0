"""What the simulator checks in an invoice (section 13), rule by rule."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from ksef.simulator.limits.effective import SessionLimits
from ksef.simulator.sending.verification import (
    Facts,
    Rejected,
    check_dates,
    check_identifiers,
    read_invoice,
)
from tests.contract.ministry import BUYER, SELLER, TODAY, make_invoice

pytestmark = pytest.mark.unit

LIMITS = SessionLimits(1_000_000, 3_000_000, 10_000)


def _read(content: bytes) -> Facts:
    return read_invoice(content, limits=LIMITS)


def _reason(content: bytes) -> str:
    with pytest.raises(Rejected) as rejected:
        _read(content)
    assert rejected.value.code == 430
    return str(rejected.value.details[0])


def test_facts_of_a_valid_invoice() -> None:
    """13.2: what decides about duplicates is read out."""
    facts = _read(make_invoice(number="FV/9"))
    assert (facts.seller, facts.buyer.nip, facts.kind, facts.number) == (SELLER, BUYER, "VAT", "FV/9")
    assert (facts.issue_date, facts.gross, facts.currency) == (TODAY, Decimal("123.00"), "PLN")
    assert facts.has_attachment is False


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"<?xml", b"\xef\xbb\xbf<?xml", "BOM"),
        (b'encoding="UTF-8"', b'encoding="ISO-8859-2"', "UTF-8"),
        (b"Us\xc5\x82uga", b"Us\xb3uga", "UTF-8"),
        (b"</Faktura>", b"</Faktura><?late now?>", "instrukcji"),
        (b"<Naglowek>", b"<?early now?><Naglowek>", "instrukcji"),
        (b"<Faktura", b"<!DOCTYPE Faktura><Faktura", "DOCTYPE"),
        (b"</Faktura>", b"", "XML"),
        (b"<Faktura", b"<Faktura><Faktura", "XML"),
        ("Usługa".encode(), "Us\u007fługa".encode(), "U+007F"),
        ("Usługa".encode(), "Us\u009fługa".encode(), "U+009F"),
        ("Usługa".encode(), "Us\ufdd0ługa".encode(), "U+FDD0"),
        ("Usługa".encode(), "Us\U0001fffeługa".encode(), "U+1FFFE"),
        ("Usługa".encode(), "Us\U0010ffffługa".encode(), "U+10FFFF"),
        (b"Us\xc5\x82uga", b"Us&#x84;uga", "U+0084"),
        (b"<Naglowek>", "<!-- \u0080 --><Naglowek>".encode(), "U+0080"),
        (b"<P_15>123.00</P_15>", b"", "XSD"),
        (b"<P_12>23</P_12>", b"<P_12>24</P_12>", "XSD"),
        (b"2025/06/25/13775", b"2023/06/29/12648", "XSD"),
    ],
)
def test_file_that_is_refused(before: bytes, after: bytes, reason: str) -> None:
    """13.1: the reason is told in Polish and names the rule."""
    content = make_invoice()
    assert before in content
    assert reason in _reason(content.replace(before, after, 1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'<?xml version="1.0" encoding="UTF-8"?>\n', b""),
        (b' encoding="UTF-8"', b""),
        (b'encoding="UTF-8"', b"encoding='utf-8'"),
        ("Usługa".encode(), "Us\u0085ługa".encode()),
        ("Usługa".encode(), "Usługa 🙂".encode()),
    ],
)
def test_file_that_is_let_through(before: bytes, after: bytes) -> None:
    """13.1: no prolog, one without encoding, U+0085 and other planes are all right."""
    content = make_invoice()
    assert before in content
    assert _read(content.replace(before, after, 1)).seller == SELLER


@pytest.mark.parametrize(("size", "fits"), [(1_000_000, True), (1_000_001, False), (3_000_001, False)])
def test_size(size: int, fits: bool) -> None:
    """13.5: a million bytes without an attachment, to the byte."""
    content = make_invoice()
    padded = content + b" " * (size - len(content))
    if fits:
        assert _read(padded).seller == SELLER
    else:
        assert "Rozmiar" in _reason(padded)


def test_future_date() -> None:
    """13.3: the day of acceptance is the last one allowed."""
    facts = _read(make_invoice(issue_date=date(2026, 11, 21)))
    check_dates(facts, accepted_on=date(2026, 11, 21))
    with pytest.raises(Rejected) as rejected:
        check_dates(facts, accepted_on=facts.issue_date - timedelta(days=1))
    assert (rejected.value.code, "2026-11-21" in rejected.value.details[0]) == (450, True)


def test_every_nip_is_checked() -> None:
    """13.4: seller and buyer, each named."""
    check_identifiers(_read(make_invoice()))
    with pytest.raises(Rejected) as rejected:
        check_identifiers(_read(make_invoice(seller="5265877636", buyer="1234567890")))
    assert rejected.value.code == 450
    assert [detail[-11:-1] for detail in rejected.value.details] == ["5265877636", "1234567890"]
