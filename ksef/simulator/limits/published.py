"""Limits and rate limits as KSeF tells them (section 12): the values that hold for the caller."""

from ksef.simulator.limits.effective import (
    MEGABYTE,
    SessionLimits,
    certificate_limits,
    collective_limit,
    published_rates,
    session_limits,
)
from ksef.simulator.messages import Response, json_response
from ksef.simulator.routing import Call


def show_context_limits(call: Call) -> Response:
    """GET /limits/context."""
    context = call.caller.context
    online = session_limits(call.world, context=context, batch=False)
    batch = session_limits(call.world, context=context, batch=True)
    return json_response(
        {
            "onlineSession": _session_as_json(online),
            "batchSession": _session_as_json(batch),
            "collectiveIdentifier": {"maxInvoices": collective_limit(call.world, context=context)},
        }
    )


def _session_as_json(limits: SessionLimits) -> dict[str, int]:
    return {
        "maxInvoiceSizeInMB": limits.invoice_bytes // MEGABYTE,
        "maxInvoiceWithAttachmentSizeInMB": limits.invoice_bytes_with_attachment // MEGABYTE,
        "maxInvoices": limits.invoices,
    }


def show_subject_limits(call: Call) -> Response:
    """GET /limits/subject."""
    kind, subject = call.caller.subject
    limits = certificate_limits(call.world, subject_type=kind, subject=subject)
    return json_response(
        {
            "enrollment": {"maxEnrollments": limits.enrollments},
            "certificate": {"maxCertificates": limits.certificates},
        }
    )


def show_rate_limits(call: Call) -> Response:
    """GET /rate-limits."""
    rates = published_rates(call.world, context=call.caller.context)
    return json_response(
        {
            group: {
                "perSecond": values.per_second,
                "perMinute": values.per_minute,
                "perHour": values.per_hour,
            }
            for group, values in rates.items()
        }
    )
