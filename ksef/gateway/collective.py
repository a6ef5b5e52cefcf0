"""Collective identifiers: made for a payment of many invoices, found again later (section 7.5)."""

from collections.abc import Sequence

from ksef.client import collective
from ksef.client.transport import Transport
from ksef.exchange.collective import CollectiveFilters, CollectiveInvoice, ListedCollective, PaidInvoice
from ksef.exchange.paging import Page
from ksef.number import CollectiveIdentifier


class CollectiveIdentifiers:
    """`gateway.collective_identifiers`; pages are followed with ksef.gateway.paging.every."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, access_token: str, invoices: Sequence[PaidInvoice]) -> CollectiveIdentifier:
        """Of 2 to 500 invoices of one seller; its checksum is right.

        After `Ambiguous` look for it with `list_by_ksef_number` before asking again: KSeF would make another,
        and allows an invoice 132 of them. `Refused` 71001 to 71005 name the invoice that does not fit.
        """
        return collective.create(self._transport, access_token, invoices)

    def query(
        self, access_token: str, filters: CollectiveFilters, *, cursor: str | None = None
    ) -> Page[ListedCollective]:
        """Newest first; a seller sees also what others made of its invoices."""
        return collective.query(self._transport, access_token, filters=filters, cursor=cursor)

    def list_invoices(
        self, access_token: str, numbers: Sequence[str], *, cursor: str | None = None
    ) -> Page[CollectiveInvoice]:
        """What is inside, of ten at most."""
        return collective.list_invoices(self._transport, access_token, numbers=numbers, cursor=cursor)

    def list_by_ksef_number(
        self, access_token: str, ksef_number: str, *, cursor: str | None = None
    ) -> Page[ListedCollective]:
        """All under which this invoice is, newest first."""
        return collective.list_by_ksef_number(
            self._transport, access_token, ksef_number=ksef_number, cursor=cursor
        )
