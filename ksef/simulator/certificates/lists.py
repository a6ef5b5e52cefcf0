"""What one does with certificates one has: fetching, searching, revoking, and ageing them on TEST (section 3)."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from ksef.simulator.certificates.records import (
    KINDS,
    STATUSES,
    Certificate,
    list_certificates,
    revoke,
)
from ksef.simulator.errors import Forbidden, Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content, without_empty
from ksef.simulator.paging import read_numbered_page
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import identifiers_of
from ksef.simulator.world import as_milliseconds, iso, iso_or_none, to_milliseconds

_SERIAL: Final = re.compile(r"[0-9A-F]{16}")
_MOST: Final = 10
_REASONS: Final = ("Unspecified", "Superseded", "KeyCompromise")


def retrieve(call: Call) -> Response:
    """POST /certificates/retrieve: those of the numbers that are the caller's."""
    wanted = Fields.of(call.request).texts("certificateSerialNumbers")
    if not 1 <= len(wanted) <= _MOST or not all(_SERIAL.fullmatch(serial) for serial in wanted):
        raise Refusal(21405, f"certificateSerialNumbers: wymagane jest od 1 do {_MOST} numerów seryjnych.")
    found = [certificate for certificate in _own(call) if certificate.serial in wanted]
    return json_response(
        {
            "certificates": [
                {
                    "certificate": base64.b64encode(certificate.content).decode("ascii"),
                    "certificateName": certificate.name,
                    "certificateSerialNumber": certificate.serial,
                    "certificateType": certificate.kind,
                }
                for certificate in found
            ]
        }
    )


@dataclass(frozen=True, slots=True)
class _Filters:
    """What a search asks for; None fits everything."""

    serial: str | None
    name: str
    kind: str | None
    status: str | None
    expires_after: int | None

    def fit(self, certificate: Certificate, *, now: int) -> bool:
        return (
            self.serial in {None, certificate.serial}
            and self.name in certificate.name
            and self.kind in {None, certificate.kind}
            and self.status in {None, certificate.status_at(now)}
            and (self.expires_after is None or certificate.valid_to > self.expires_after)
        )


def query(call: Call) -> Response:
    """POST /certificates/query, the newest request first."""
    page = read_numbered_page(call, low=10, high=50)
    filters = _read_filters(_optional_body(call))
    found = [certificate for certificate in _own(call) if filters.fit(certificate, now=call.now)]
    items = [_as_json(certificate, now=call.now) for certificate in page.cut(found)]
    return json_response({"certificates": items, "hasMore": page.has_more(len(found))})


def _read_filters(fields: Fields) -> _Filters:
    serial = fields.text("certificateSerialNumber") if fields.has("certificateSerialNumber") else None
    if serial is not None and _SERIAL.fullmatch(serial) is None:
        raise Refusal(21405, "certificateSerialNumber: wymagane jest 16 cyfr szesnastkowych.")
    return _Filters(
        serial=serial,
        name=fields.text("name", length=(0, 1000)) if fields.has("name") else "",
        kind=fields.choice("type", KINDS) if fields.has("type") else None,
        status=fields.choice("status", STATUSES) if fields.has("status") else None,
        expires_after=to_milliseconds(fields.moment("expiresAfter")) if fields.has("expiresAfter") else None,
    )


def revoke_certificate(call: Call) -> Response:
    """POST /certificates/{certificateSerialNumber}/revoke; Blocked at once, Revoked after its time."""
    if call.caller.authentication.category == "Token":
        raise Forbidden(
            "auth-method-not-allowed",
            "Ta operacja nie jest dostępna dla użytej metody uwierzytelnienia.",
            authenticationMethodCategory="Token",
        )
    fields = _optional_body(call)
    reason = fields.choice("revocationReason", _REASONS) if fields.has("revocationReason") else _REASONS[0]
    certificate = _find_own(call)
    if certificate.status_at(call.now) != "Active":
        raise Refusal(25009)
    ended_at = call.now + as_milliseconds(call.world.options.certification)
    revoke(call.world.store, certificate, now=call.now, ended_at=ended_at, reason=reason)
    return no_content()


def change_validity(call: Call) -> Response:
    """PUT /testdata/certificates/{serialNumber}: let it expire earlier, never later (section 14)."""
    certificate = _find_own(call)
    valid_to = to_milliseconds(Fields.of(call.request).moment("validTo"))
    if valid_to > certificate.valid_to:
        raise Refusal(21405, "validTo: nowa data nie może być późniejsza niż obecna.")
    call.world.store.run("UPDATE certificates SET valid_to = ? WHERE id = ?", valid_to, certificate.id)
    return Response(200)


def _find_own(call: Call) -> Certificate:
    serial = call.parts["serial"]
    found = next((certificate for certificate in _own(call) if certificate.serial == serial), None)
    if found is None:
        raise Refusal(25008)
    return found


def _own(call: Call) -> list[Certificate]:
    mine = call.caller.authentication
    holders = identifiers_of(call.world, kind=mine.subject_type, value=mine.subject)
    return list_certificates(call.world.store, holders=holders, now=call.now)


def _optional_body(call: Call) -> Fields:
    return Fields.of(call.request) if call.request.body else Fields({})


def _as_json(certificate: Certificate, *, now: int) -> dict[str, object]:
    return without_empty(
        {
            "certificateSerialNumber": certificate.serial,
            "name": certificate.name,
            "type": certificate.kind,
            "commonName": certificate.common_name,
            "status": certificate.status_at(now),
            "subjectIdentifier": {"type": certificate.subject_type, "value": certificate.subject},
            "validFrom": iso(certificate.valid_from),
            "validTo": iso(certificate.valid_to),
            "lastUseDate": iso_or_none(certificate.used_at),
            "requestDate": iso(certificate.requested_at),
        }
    )
