"""Addresses of sessions, their invoices and receipts."""

from typing import Final

from ksef.simulator.routing import ACCESS, Route
from ksef.simulator.sending import batch, invoices, session_list, sessions, upo

SEND: Final = frozenset({"InvoiceWrite", "PefInvoiceWrite", "EnforcementOperations"})
SEND_PACKAGE: Final = frozenset({"InvoiceWrite", "EnforcementOperations"})
FOLLOW: Final = SEND | {"Introspection"}
LIST: Final = frozenset({"InvoiceWrite", "Introspection", "EnforcementOperations"})

_SESSION: Final = "/v2/sessions/{session}"
_ONLINE: Final = "/v2/sessions/online"
_BATCH: Final = "/v2/sessions/batch"


ROUTES: Final = (
    Route("GET", "/v2/sessions", session_list.query_sessions, ACCESS, LIST, group="sessionList"),
    Route("POST", _ONLINE, sessions.open_session, ACCESS, SEND, group="onlineSession"),
    Route(
        "POST", f"{_ONLINE}/{{session}}/invoices", invoices.send_invoice, ACCESS, SEND, group="invoiceSend"
    ),
    Route(
        "POST",
        f"{_ONLINE}/{{session}}/close",
        sessions.close_session,
        ACCESS,
        SEND,
        group="onlineSessionClose",
    ),
    Route("POST", _BATCH, batch.open_session, ACCESS, SEND_PACKAGE, group="batchSession"),
    Route(
        "POST",
        f"{_BATCH}/{{session}}/close",
        batch.close_session,
        ACCESS,
        SEND_PACKAGE,
        group="batchSessionClose",
    ),
    Route("PUT", "/storage/{session}/batch-parts/{part}", batch.upload_part, streams=True),
    Route("GET", _SESSION, sessions.show_session, ACCESS, FOLLOW, group="sessionMisc"),
    Route(
        "GET",
        f"{_SESSION}/invoices",
        invoices.list_session_invoices,
        ACCESS,
        FOLLOW,
        group="sessionInvoiceList",
    ),
    Route(
        "GET",
        f"{_SESSION}/invoices/failed",
        invoices.list_failed_invoices,
        ACCESS,
        FOLLOW,
        group="sessionInvoiceList",
    ),
    Route(
        "GET",
        f"{_SESSION}/invoices/{{invoice}}",
        invoices.show_invoice_status,
        ACCESS,
        FOLLOW,
        group="invoiceStatus",
    ),
    Route(
        "GET",
        f"{_SESSION}/invoices/ksef/{{number}}/upo",
        upo.show_upo_by_ksef_number,
        ACCESS,
        FOLLOW,
        group="sessionMisc",
    ),
    Route(
        "GET",
        f"{_SESSION}/invoices/{{invoice}}/upo",
        upo.show_upo_by_reference,
        ACCESS,
        FOLLOW,
        group="sessionMisc",
    ),
    Route("GET", f"{_SESSION}/upo/{{upo}}", upo.show_session_upo, ACCESS, FOLLOW, group="sessionMisc"),
    Route("GET", "/download/upo/{session}/{document}", upo.download_upo),
)
