"""Addresses of what one may read of invoices."""

from collections.abc import Callable
from typing import Final

from ksef.simulator.messages import Response
from ksef.simulator.reading import collective, collective_lists, documents, exports, metadata
from ksef.simulator.routing import ACCESS, Call, Route

READ: Final = frozenset({"InvoiceRead"})
COLLECT: Final = READ | {"InvoiceWrite", "CollectiveIdentifierManage"}

_COLLECTIVE: Final = "/v2/collective-identifiers"


def _collective(method: str, path: str, handler: Callable[[Call], Response]) -> Route:
    return Route(method, f"{_COLLECTIVE}{path}", handler, ACCESS, COLLECT, group="collectiveIdentifier")


ROUTES: Final = (
    Route("GET", "/v2/invoices/ksef/{number}", documents.show_invoice, ACCESS, READ, group="invoiceDownload"),
    Route(
        "POST", "/v2/invoices/query/metadata", metadata.query_metadata, ACCESS, READ, group="invoiceMetadata"
    ),
    Route("POST", "/v2/invoices/exports", exports.start_export, ACCESS, READ, group="invoiceExport"),
    Route(
        "GET",
        "/v2/invoices/exports/{export}",
        exports.show_export,
        ACCESS,
        READ,
        group="invoiceExportStatus",
    ),
    Route("GET", "/download/exports/{export}/{part}", exports.download_part),
    _collective("POST", "", collective.create_identifier),
    _collective("POST", "/query", collective_lists.query_identifiers),
    _collective("POST", "/invoices", collective_lists.list_invoices_of_identifiers),
    _collective("GET", "/ksef/{number}", collective_lists.list_identifiers_of_invoice),
)
