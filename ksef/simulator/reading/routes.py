"""Addresses of what one may read of invoices."""

from typing import Final

from ksef.simulator.reading import documents, metadata
from ksef.simulator.routing import ACCESS, Route

READ: Final = frozenset({"InvoiceRead"})


ROUTES: Final = (
    Route("GET", "/v2/invoices/ksef/{number}", documents.show_invoice, ACCESS, READ, group="invoiceDownload"),
    Route(
        "POST", "/v2/invoices/query/metadata", metadata.query_metadata, ACCESS, READ, group="invoiceMetadata"
    ),
)
