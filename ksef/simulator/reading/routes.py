"""Addresses of what one may read of invoices."""

from typing import Final

from ksef.simulator.routing import ACCESS, Route
from ksef.simulator.sending import invoices

READ: Final = frozenset({"InvoiceRead"})


ROUTES: Final = (
    Route("GET", "/v2/invoices/ksef/{number}", invoices.show_invoice, ACCESS, READ, group="invoiceDownload"),
)
