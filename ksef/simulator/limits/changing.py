"""Test data: other limits for the caller's own context or subject (section 14)."""

from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.limits.effective import PRODUCTION_RATES, RATE_NAMES
from ksef.simulator.limits.overrides import Kind, Numbers, drop_override, set_override
from ksef.simulator.messages import Fields, Response
from ksef.simulator.routing import Call

_BOUNDS: Final = {
    "maxInvoiceSizeInMB": (0, 5),
    "maxInvoiceWithAttachmentSizeInMB": (0, 10),
    "maxInvoices": (0, 100_000),
}
_COLLECTIVE: Final = (2, 5000)
_INT32: Final = 2**31 - 1
_SUBJECTS: Final = ("Nip", "Pesel", "Fingerprint")
_OF_SUBJECT: Final = {"enrollment": "maxEnrollments", "certificate": "maxCertificates"}

# The contract's list of what can be changed: closing a session and the anonymous calls are not on it.
_CHANGEABLE: Final = tuple(
    group
    for group in PRODUCTION_RATES
    if group not in {"onlineSessionClose", "batchSessionClose", "anonymous", "global"}
)


def change_session_limits(call: Call) -> Response:
    """POST /testdata/limits/context/session."""
    fields = Fields.of(call.request)
    numbers: Numbers = {
        name: {
            member: fields.child(name).integer(member, least=low, most=high)
            for member, (low, high) in _BOUNDS.items()
        }
        for name in ("onlineSession", "batchSession")
    }
    low, high = _COLLECTIVE
    most = fields.child("collectiveIdentifier").integer("maxInvoices", least=low, most=high)
    numbers["collectiveIdentifier"] = {"maxInvoices": most}
    set_override(call.world.store, Kind.SESSION, owner=call.caller.context, numbers=numbers)
    return Response(200)


def restore_session_limits(call: Call) -> Response:
    """DELETE /testdata/limits/context/session."""
    drop_override(call.world.store, Kind.SESSION, owner=call.caller.context)
    return Response(200)


def change_certificate_limits(call: Call) -> Response:
    """POST /testdata/limits/subject/certificate; a limit that is left out stays the published one."""
    fields = Fields.of(call.request)
    kind, value = call.caller.subject
    if fields.has("subjectIdentifierType"):
        kind = fields.text("subjectIdentifierType")
    if kind not in _SUBJECTS:
        raise Refusal(21405, f"subjectIdentifierType: wymagana jest jedna z wartości {_SUBJECTS}.")
    numbers: Numbers = {
        name: {member: fields.child(name).integer(member, least=0, most=_INT32)}
        for name, member in _OF_SUBJECT.items()
        if fields.has(name) and fields.child(name).has(member)
    }
    set_override(call.world.store, Kind.CERTIFICATE, owner=(kind, value), numbers=numbers)
    return Response(200)


def restore_certificate_limits(call: Call) -> Response:
    """DELETE /testdata/limits/subject/certificate."""
    _, value = call.caller.subject
    for kind in _SUBJECTS:
        drop_override(call.world.store, Kind.CERTIFICATE, owner=(kind, value))
    return Response(200)


def change_rates(call: Call) -> Response:
    """POST /testdata/rate-limits: from now on this context's calls are counted against these."""
    fields = Fields.of(call.request).child("rateLimits")
    numbers: Numbers = {
        group: {name: fields.child(group).integer(name, least=0, most=_INT32) for name in RATE_NAMES}
        for group in _CHANGEABLE
    }
    set_override(call.world.store, Kind.RATES, owner=call.caller.context, numbers=numbers)
    return Response(200)


def use_production_rates(call: Call) -> Response:
    """POST /testdata/rate-limits/production: from now on this context's calls are counted as in production."""
    numbers: Numbers = {
        group: dict(zip(RATE_NAMES, values, strict=True))
        for group, values in PRODUCTION_RATES.items()
        if group not in {"anonymous", "global"}
    }
    set_override(call.world.store, Kind.RATES, owner=call.caller.context, numbers=numbers)
    return Response(200)


def restore_rates(call: Call) -> Response:
    """DELETE /testdata/rate-limits."""
    drop_override(call.world.store, Kind.RATES, owner=call.caller.context)
    return Response(200)
