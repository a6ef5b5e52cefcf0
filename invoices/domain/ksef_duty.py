"""Which documents KSeF is to have: decided once, at approval (S95-S100)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoices.domain.snapshot import BuyerKind

if TYPE_CHECKING:
    from invoices.domain.snapshot import Buyer


def is_natural_person(buyer: Buyer | None) -> bool:
    """Whether the buyer is a natural person outside business (S100, art. 106ga(2)(4)): a consumer without any number.

    A buyer who has given a NIP buys as a business, whatever else is known of them.
    """
    return buyer is not None and buyer.kind is BuyerKind.CONSUMER and not buyer.tax_id


def is_exempt(buyer: Buyer | None, *, sends_consumer_invoices: bool) -> bool:
    """Whether the document gets "KSeF: nie podlega": sending it is voluntary, and the company does not (S97)."""
    return is_natural_person(buyer) and not sends_consumer_invoices
