"""Limits and rate limits as KSeF publishes them (section 12); told here, not counted."""

from typing import Final

from ksef.simulator.limits.effective import certificate_limits
from ksef.simulator.messages import Response, json_response
from ksef.simulator.routing import Call

_MEGABYTE: Final = 1_000_000
_RATES: Final = {
    "onlineSession": (10, 30, 120),
    "onlineSessionClose": (20, 60, 240),
    "batchSession": (10, 20, 60),
    "batchSessionClose": (20, 40, 120),
    "invoiceSend": (10, 30, 180),
    "invoiceStatus": (30, 120, 1200),
    "sessionList": (5, 10, 60),
    "sessionInvoiceList": (10, 20, 200),
    "sessionMisc": (10, 120, 1200),
    "invoiceMetadata": (8, 16, 20),
    "invoiceExport": (8, 16, 20),
    "invoiceExportStatus": (10, 60, 600),
    "invoiceDownload": (8, 16, 64),
    "collectiveIdentifier": (20, 120, 240),
    "other": (10, 30, 120),
    # Per second only; the longer windows follow from it.
    "anonymous": (60, 3600, 216_000),
    "global": (75, 4500, 270_000),
}


def show_context_limits(call: Call) -> Response:
    """GET /limits/context."""
    options = call.world.options
    session = {
        "maxInvoiceSizeInMB": options.max_invoice_bytes // _MEGABYTE,
        "maxInvoiceWithAttachmentSizeInMB": options.max_invoice_bytes_with_attachment // _MEGABYTE,
        "maxInvoices": options.max_invoices,
    }
    return json_response(
        {"onlineSession": session, "batchSession": session, "collectiveIdentifier": {"maxInvoices": 500}}
    )


def show_subject_limits(call: Call) -> Response:
    """GET /limits/subject."""
    mine = call.caller.authentication
    limits = certificate_limits(call.world, subject_type=mine.subject_type, subject=mine.subject)
    return json_response(
        {
            "enrollment": {"maxEnrollments": limits.enrollments},
            "certificate": {"maxCertificates": limits.certificates},
        }
    )


def show_rate_limits(_call: Call) -> Response:
    """GET /rate-limits."""
    names = ("perSecond", "perMinute", "perHour")
    return json_response({group: dict(zip(names, rates, strict=True)) for group, rates in _RATES.items()})
