"""Invoices for tests of the domain and of FA(3): one by hand, and Hypothesis strategies for all the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from accounts.domain.identifiers import is_valid_nip
from accounts.domain.text import collapse_spaces
from invoices.domain.snapshot import (
    Address,
    Buyer,
    BuyerKind,
    Exemption,
    ExemptionKind,
    InvoiceSnapshot,
    Line,
    PaymentForm,
    Seller,
)
from invoices.domain.vat import LineInput, PriceMethod, VatRate, compute_line, compute_totals

if TYPE_CHECKING:
    from collections.abc import Iterable

SELLER = Seller(
    nip="5265877635",
    name="Kwiaciarnia Pod Lipą sp. z o.o.",
    address=Address(country="PL", line1="ul. Lipowa 3/5", line2="00-950 Warszawa"),
)
COMPANY = Buyer(
    kind=BuyerKind.DOMESTIC,
    name="Hurtownia Żółw",
    address=Address(country="PL", line1="Rynek 1", line2="50-101 Wrocław"),
    tax_id="1234563218",
)


def line_of(
    name: str = "Bukiet",
    *,
    quantity: str = "1",
    price: str = "100",
    rate: VatRate = VatRate.R23,
    discount: str = "0",
    method: PriceMethod = PriceMethod.NET,
) -> Line:
    typed = LineInput(Decimal(quantity), Decimal(price), Decimal(discount), rate)
    return _line(typed, name=name, unit="szt.", method=method)


def _line(typed: LineInput, *, name: str, unit: str, method: PriceMethod) -> Line:
    return Line(
        name=name,
        unit=unit,
        quantity=typed.quantity,
        unit_price=typed.unit_price,
        rate=typed.rate,
        amounts=compute_line(typed, method),
        discount_percent=typed.discount_percent,
    )


def invoice_of(
    lines: Iterable[Line] = (), *, method: PriceMethod = PriceMethod.NET, **changes: Any
) -> InvoiceSnapshot:
    """An ordinary invoice with what the test changes."""
    kept = tuple(lines) or (line_of(method=method),)
    exempt = any(line.rate is VatRate.EXEMPT for line in kept)
    invoice = InvoiceSnapshot(
        number="FV/1/11/2026",
        issue_date=date(2026, 11, 20),
        supply_date=None,
        created_at=datetime(2026, 11, 20, 9, 30, 15, 250_000, tzinfo=UTC),
        seller=SELLER,
        buyer=COMPANY,
        method=method,
        lines=kept,
        totals=compute_totals([(line.rate, line.amounts) for line in kept], method),
        exemption=Exemption(ExemptionKind.ACT, "art. 43 ust. 1 pkt 29 ustawy") if exempt else None,
    )
    return replace(invoice, **changes)


def _texts(longest: int) -> st.SearchStrategy[str]:
    """Whatever people paste that KSeF takes: every script, mark-up, odd spaces; no controls, no non-characters."""
    characters = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"])
    return st.text(
        st.one_of(characters, st.sampled_from(" &<>\"'\n\t")), min_size=1, max_size=longest
    ).filter(collapse_spaces)


def _decimals(most: str, *, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=0, max_value=Decimal(most), places=places)


def _with_check_digit(nine: int) -> str:
    return next((nip for last in range(10) if is_valid_nip(nip := f"{nine}{last}")), "")


nips = st.integers(111_111_111, 999_999_999).map(_with_check_digit).filter(bool)
addresses = st.builds(
    Address,
    country=st.sampled_from(["PL", "DE", "US", "GB"]),
    line1=_texts(60),
    line2=st.just("") | _texts(60),
)
emails = st.sampled_from(["", "biuro@example.pl"])
phones = st.sampled_from(["", "+48 22 123 45 67"])
sellers = st.builds(Seller, nip=nips, name=_texts(60), address=addresses, email=emails, phone=phones)

_kinds = st.one_of(
    st.fixed_dictionaries({"kind": st.just(BuyerKind.DOMESTIC), "tax_id": nips}),
    st.fixed_dictionaries(
        {
            "kind": st.just(BuyerKind.EU),
            "tax_country": st.sampled_from(["DE", "EL", "XI", "FR"]),
            "tax_id": st.from_regex(r"[0-9A-Z+*]{1,12}", fullmatch=True),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just(BuyerKind.FOREIGN),
            "tax_country": st.sampled_from(["", "US", "CH"]),
            "tax_id": st.just("") | _texts(50),
        }
    ),
    st.fixed_dictionaries({"kind": st.just(BuyerKind.CONSUMER)}),
)
buyers = st.builds(
    lambda identity, **rest: Buyer(**identity, **rest),
    _kinds,
    name=_texts(60),
    address=st.none() | addresses,
    email=emails,
    phone=phones,
)
line_inputs = st.builds(
    LineInput,
    quantity=_decimals("1000000", places=6),
    unit_price=_decimals("1000000", places=8),
    discount_percent=_decimals("100", places=2),
    rate=st.sampled_from(VatRate),
)
exemptions = st.builds(Exemption, kind=st.sampled_from(ExemptionKind), text=_texts(60))


@st.composite
def invoices(draw: st.DrawFn) -> InvoiceSnapshot:
    """Draw any invoice a person can approve: all rates, buyers, methods and payments."""
    method = draw(st.sampled_from(PriceMethod))
    typed = draw(st.lists(line_inputs, min_size=1, max_size=5))
    lines = tuple(_line(one, name=draw(_texts(60)), unit=draw(_texts(20)), method=method) for one in typed)
    days = st.dates(date(2026, 2, 1), date(2049, 12, 31))
    return InvoiceSnapshot(
        number=collapse_spaces(draw(_texts(40))),
        issue_date=draw(days),
        supply_date=draw(st.none() | days),
        created_at=draw(st.datetimes(datetime(2026, 1, 1), datetime(2049, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001 - bounds are naive by Hypothesis's contract.
        seller=draw(sellers),
        buyer=draw(buyers),
        method=method,
        lines=lines,
        totals=compute_totals([(line.rate, line.amounts) for line in lines], method),
        exemption=draw(exemptions),
        payment_form=draw(st.none() | st.sampled_from(PaymentForm)),
        due_date=draw(st.none() | days),
        bank_account=draw(st.sampled_from(["", "61109010140000071219812874", "DE89370400440532013000"])),
        note=draw(st.just("") | _texts(100)),
        place=draw(st.just("") | _texts(30)),
    )
