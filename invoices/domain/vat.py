"""VAT rates and the arithmetic of an invoice, from net prices or from gross prices (art. 106e)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from invoices.domain.money import EXACT, ZERO, round_to_grosz

_HUNDRED = Decimal(100)


class VatRate(StrEnum):
    """The rates of an ordinary domestic invoice; the value is the text FA(3) wants in P_12."""

    R23 = "23"
    R8 = "8"
    R5 = "5"
    ZERO = "0 KR"
    EXEMPT = "zw"
    REVERSE = "oo"
    OUTSIDE = "np I"
    OUTSIDE_EU_SERVICE = "np II"

    @property
    def percent(self) -> Decimal | None:
        """The rate as a number; None where the invoice shows no tax at all."""
        return _PERCENT.get(self)

    @property
    def label(self) -> str:
        return _LABELS.get(self, self.value)

    @property
    def needs_exemption_basis(self) -> bool:
        """An exempt line obliges the invoice to name its legal basis (art. 106e(1)(19))."""
        return self is VatRate.EXEMPT

    @property
    def is_reverse_charge(self) -> bool:
        """The buyer settles the tax, at home or in another EU state: P_18 = 1 (art. 106e(1)(18))."""
        return self in {VatRate.REVERSE, VatRate.OUTSIDE_EU_SERVICE}

    @property
    def needs_eu_prefix(self) -> bool:
        """The seller must show the PL prefix on services of art. 100(1)(4) (art. 97(10)(3))."""
        return self is VatRate.OUTSIDE_EU_SERVICE


_PERCENT = MappingProxyType(
    {
        VatRate.R23: Decimal(23),
        VatRate.R8: Decimal(8),
        VatRate.R5: Decimal(5),
        VatRate.ZERO: Decimal(0),
    }
)
_LABELS = MappingProxyType({VatRate.R23: "23%", VatRate.R8: "8%", VatRate.R5: "5%", VatRate.ZERO: "0%"})


class PriceMethod(StrEnum):
    """Whether unit prices, and so the sums the tax is counted from, are net or gross."""

    NET = "net"
    GROSS = "gross"

    @property
    def label(self) -> str:
        return "od cen netto" if self is PriceMethod.NET else "od cen brutto"


@dataclass(frozen=True, slots=True)
class LineInput:
    """What a person types on one line; the price is net or gross as the invoice's method says."""

    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal
    rate: VatRate


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """What follows from a line; the discount is in the method's own terms, net or gross."""

    discount: Decimal
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class RateTotal:
    rate: VatRate
    net: Decimal
    vat: Decimal
    gross: Decimal


NOTHING = LineAmounts(discount=ZERO, net=ZERO, vat=ZERO, gross=ZERO)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of an invoice: per rate in the order of VatRate, and over all."""

    rates: tuple[RateTotal, ...]
    net: Decimal
    vat: Decimal
    gross: Decimal


def _tax_on_net(*, net: Decimal, rate: VatRate) -> Decimal:
    return round_to_grosz(EXACT.divide(EXACT.multiply(net, rate.percent or ZERO), _HUNDRED))


def _tax_in_gross(*, gross: Decimal, rate: VatRate) -> Decimal:
    """Art. 106e(7): tax = gross value x rate / (100 + rate)."""
    percent = rate.percent or ZERO
    return round_to_grosz(EXACT.divide(EXACT.multiply(gross, percent), _HUNDRED + percent))


def _split(*, value: Decimal, rate: VatRate, method: PriceMethod) -> tuple[Decimal, Decimal, Decimal]:
    """Split a value given in the method's terms into net, tax and gross, which always add up."""
    if method is PriceMethod.NET:
        tax = _tax_on_net(net=value, rate=rate)
        return value, tax, round_to_grosz(value + tax)
    tax = _tax_in_gross(gross=value, rate=rate)
    return value - tax, tax, value


def compute_line(line: LineInput, method: PriceMethod) -> LineAmounts:
    """Price one line so that quantity x price - discount is the value exactly, each rounded to a grosz."""
    full = round_to_grosz(EXACT.multiply(line.quantity, line.unit_price))
    discount = round_to_grosz(EXACT.divide(EXACT.multiply(full, line.discount_percent), _HUNDRED))
    net, vat, gross = _split(value=full - discount, rate=line.rate, method=method)
    return LineAmounts(discount=discount, net=net, vat=vat, gross=gross)


def _total_of_rate(*, rate: VatRate, amounts: Iterable[LineAmounts], method: PriceMethod) -> RateTotal:
    values = (line.net if method is PriceMethod.NET else line.gross for line in amounts)
    net, vat, gross = _split(value=round_to_grosz(sum(values, ZERO)), rate=rate, method=method)
    return RateTotal(rate=rate, net=net, vat=vat, gross=gross)


def compute_totals(lines: Sequence[tuple[VatRate, LineAmounts]], method: PriceMethod) -> Totals:
    """Sum per rate, then count the tax once from each sum (art. 106e(1)(13)-(14) and (7)-(8)).

    The tax of a rate may differ by some grosze from the sum of its lines' taxes; the total of the rate is
    what the invoice says. From gross prices the gross total is kept and the net is what remains.
    """
    rates = tuple(
        _total_of_rate(rate=rate, amounts=(a for r, a in lines if r is rate), method=method)
        for rate in VatRate
        if any(r is rate for r, _ in lines)
    )
    return _totals(rates)


def subtract_totals(after: Totals, before: Totals) -> Totals:
    """What a correction changes: the difference of each rate that stands on either side (art. 106j)."""
    new, old = ({total.rate: total for total in totals.rates} for totals in (after, before))
    return _totals(
        tuple(
            _difference(rate, new.get(rate), old.get(rate)) for rate in VatRate if rate in new or rate in old
        )
    )


def _difference(rate: VatRate, after: RateTotal | None, before: RateTotal | None) -> RateTotal:
    nothing = RateTotal(rate, ZERO, ZERO, ZERO)
    now, then = after or nothing, before or nothing
    return RateTotal(rate, now.net - then.net, now.vat - then.vat, now.gross - then.gross)


def _totals(rates: tuple[RateTotal, ...]) -> Totals:
    return Totals(
        rates=rates,
        net=round_to_grosz(sum((total.net for total in rates), ZERO)),
        vat=round_to_grosz(sum((total.vat for total in rates), ZERO)),
        gross=round_to_grosz(sum((total.gross for total in rates), ZERO)),
    )
