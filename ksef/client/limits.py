"""Requests about limits (section 12)."""

from ksef.client.reading import Fields
from ksef.client.transport import Answer, Call, Transport
from ksef.exchange.limits import (
    ContextLimits,
    RateGroup,
    RateLimit,
    RateLimits,
    SessionLimits,
    SubjectLimits,
)


def get_rate_limits(transport: Transport, access_token: str) -> RateLimits:
    return transport.run(Call("GET", "/rate-limits", bearer=access_token), _read_rates)


def get_context_limits(transport: Transport, access_token: str) -> ContextLimits:
    return transport.run(Call("GET", "/limits/context", bearer=access_token), _read_context)


def get_subject_limits(transport: Transport, access_token: str) -> SubjectLimits:
    return transport.run(Call("GET", "/limits/subject", bearer=access_token), _read_subject)


def _read_rates(answer: Answer) -> RateLimits:
    """A group that is new to us is passed over, one that is missing keeps what is published."""
    fields = Fields.parse(answer.body)
    return RateLimits({group: _read_rate(fields.object(group)) for group in RateGroup if fields.has(group)})


def _read_rate(fields: Fields) -> RateLimit:
    return RateLimit(
        per_second=_read_limit(fields, "perSecond"),
        per_minute=_read_limit(fields, "perMinute"),
        per_hour=_read_limit(fields, "perHour"),
    )


def _read_limit(fields: Fields, name: str) -> int | None:
    """-1 means that there is none; no waiting helps against a zero, so then a 429 must tell."""
    limit = fields.find_integer(name)
    return limit if limit is not None and limit > 0 else None


def _read_context(answer: Answer) -> ContextLimits:
    fields = Fields.parse(answer.body)
    return ContextLimits(
        online=_read_session(fields.object("onlineSession")),
        batch=_read_session(fields.object("batchSession")),
        collective_identifier_invoices=fields.object("collectiveIdentifier").integer("maxInvoices"),
    )


def _read_session(fields: Fields) -> SessionLimits:
    return SessionLimits(
        invoice_megabytes=fields.integer("maxInvoiceSizeInMB"),
        invoice_with_attachment_megabytes=fields.integer("maxInvoiceWithAttachmentSizeInMB"),
        invoices=fields.integer("maxInvoices"),
    )


def _read_subject(answer: Answer) -> SubjectLimits:
    fields = Fields.parse(answer.body)
    return SubjectLimits(
        enrollments=fields.find_object("enrollment").find_integer("maxEnrollments"),
        certificates=fields.find_object("certificate").find_integer("maxCertificates"),
    )
