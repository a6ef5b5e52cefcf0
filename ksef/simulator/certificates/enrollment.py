"""Asking for a certificate: limits, data for the request, the request itself and its status (section 3)."""

import re
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from ksef.simulator.access.authentications import Authentication
from ksef.simulator.certificates.authority import CLOSES, OPENS
from ksef.simulator.certificates.issuing import VALIDITY, Wish, issue, key_hash
from ksef.simulator.certificates.records import (
    ISSUED,
    KINDS,
    NewEnrollment,
    add_enrollment,
    count_active,
    count_enrollments,
    find_enrollment,
    is_certified_for_another,
)
from ksef.simulator.certificates.requests import read_signing_request
from ksef.simulator.certificates.subjects import SubjectData, subject_of
from ksef.simulator.errors import Gone, Refusal
from ksef.simulator.limits.effective import certificate_limits
from ksef.simulator.messages import Fields, Response, json_response, without_empty
from ksef.simulator.numbers import new_reference
from ksef.simulator.permissions.planned import take_planned
from ksef.simulator.routing import Call
from ksef.simulator.testdata.registry import identifiers_of
from ksef.simulator.world import World, as_milliseconds, iso, to_datetime, warsaw_date

NAME: Final = re.compile(r"[a-zA-Z0-9_\- ąćęłńóśźżĄĆĘŁŃÓŚŹŻ]{5,100}")
_HOLDERS: Final = ("Nip", "Pesel", "Fingerprint")
_DESCRIPTIONS: Final = {
    100: "Wniosek przyjęty do realizacji",
    200: "Wniosek obsłużony (certyfikat wygenerowany)",
    400: "Wniosek odrzucony",
    500: "Nieznany błąd",
    550: "Operacja została anulowana przez system",
}
_FOREIGN_KEY: Final = "Klucz publiczny został już certyfikowany przez inny podmiot."
_LIMIT: Final = "Osiągnięto dopuszczalny limit posiadanych certyfikatów."
_DETAILS: Final = {
    550: "Przetwarzanie zostało przerwane z przyczyn wewnętrznych systemu. Spróbuj ponownie",
}


def show_limits(call: Call) -> Response:
    """GET /certificates/limits: of the subject, in whatever context it works."""
    mine = call.caller.authentication
    limits = certificate_limits(call.world, subject_type=mine.subject_type, subject=mine.subject)
    enrollments = limits.enrollments - _enrollments(call)
    certificates = limits.certificates - _active(call)
    return json_response(
        {
            "canRequest": _find_subject(mine) is not None and enrollments > 0 and certificates > 0,
            "enrollment": {"remaining": max(enrollments, 0), "limit": limits.enrollments},
            "certificate": {"remaining": max(certificates, 0), "limit": limits.certificates},
        }
    )


def show_data(call: Call) -> Response:
    """GET /certificates/enrollments/data: what the request must name, read from the login's certificate."""
    subject = _find_subject(call.caller.authentication)
    if subject is None:
        raise Refusal(25001)
    return json_response(dict(subject.attributes))


def enroll(call: Call) -> Response:
    """POST /certificates/enrollments."""
    subject = _find_subject(call.caller.authentication)
    if subject is None:
        raise Refusal(25002)
    fields = Fields.of(call.request)
    name = fields.text("certificateName")
    if NAME.fullmatch(name) is None:
        raise Refusal(21405, "certificateName: wymagane jest od 5 do 100 liter, cyfr, spacji i znaków _ -.")
    kind = fields.choice("certificateType", KINDS)
    valid_from = _valid_from(call, fields)
    request = fields.base64("csr")
    _check_limits(call)
    signing = read_signing_request(request)
    if not subject.fits(signing.subject):
        raise Refusal(25003)
    mine = call.caller.authentication
    wish = Wish(
        holder=(mine.subject_type, mine.subject),
        name=name,
        kind=kind,
        subject=subject,
        key=signing.key,
        valid_from=valid_from,
        valid_to=valid_from + VALIDITY,
        delay=as_milliseconds(call.world.options.certification),
    )
    reference = process(call.world, wish, now=call.now)
    return json_response({"referenceNumber": reference, "timestamp": iso(call.now)}, status=202)


def process(world: World, wish: Wish, *, now: int) -> str:
    """Decide about a request and return its reference; the result is told once its time is over."""
    code, detail = _judge(world, wish, now=now)
    kept = NewEnrollment(
        reference=new_reference("EH", on=warsaw_date(now)),
        subject_type=wish.holder[0],
        subject=wish.holder[1],
        requested_at=now,
        ready_at=now + wish.delay,
        code=code,
        detail=detail,
        serial=issue(world, wish, now=now) if code == ISSUED else None,
    )
    add_enrollment(world.store, kept)
    return kept.reference


def note_request(world: World, *, holder: tuple[str, str], serial: str, now: int) -> None:
    """Count a certificate that the ministry's own application issued: it is a request like any other."""
    kept = NewEnrollment(
        reference=new_reference("EH", on=warsaw_date(now)),
        subject_type=holder[0],
        subject=holder[1],
        requested_at=now,
        ready_at=now,
        code=ISSUED,
        detail="",
        serial=serial,
    )
    add_enrollment(world.store, kept)


def _judge(world: World, wish: Wish, *, now: int) -> tuple[int, str]:
    planned = take_planned(world, "enrollment")
    if planned is not None:
        return planned, _DETAILS.get(planned, "")
    subject_type, subject = wish.holder
    if is_certified_for_another(world.store, key_hash(wish.key), subject_type=subject_type, subject=subject):
        return 400, _FOREIGN_KEY
    limits = certificate_limits(world, subject_type=subject_type, subject=subject)
    # Those still being made count here: two requests at once may not both take the last place.
    held = count_active(world.store, subject_type=subject_type, subject=subject, now=now, and_waiting=True)
    return (400, _LIMIT) if held >= limits.certificates else (ISSUED, "")


def show_status(call: Call) -> Response:
    """GET /certificates/enrollments/{referenceNumber}."""
    mine = call.caller.authentication
    found = find_enrollment(call.world.store, call.parts["reference"])
    holders = identifiers_of(call.world, kind=mine.subject_type, value=mine.subject)
    if found is None or (found.subject_type, found.subject) not in holders:
        raise Refusal(25005)
    if call.now > found.requested_at + as_milliseconds(call.world.options.operation_retention):
        raise Gone
    code = found.code_at(call.now)
    details = [found.detail] if found.detail and code == found.code else None
    return json_response(
        without_empty(
            {
                "requestDate": iso(found.requested_at),
                "status": without_empty(
                    {"code": code, "description": _DESCRIPTIONS[code], "details": details}
                ),
                "certificateSerialNumber": found.serial if code == ISSUED else None,
            }
        )
    )


def _find_subject(authentication: Authentication) -> SubjectData | None:
    """Return whom a certificate may name: only a login by signature says so (25001, 25002)."""
    if authentication.certificate is None or authentication.subject_type not in _HOLDERS:
        return None
    subject = subject_of(x509.load_der_x509_certificate(authentication.certificate))
    return subject if subject.is_complete else None


def _valid_from(call: Call, fields: Fields) -> datetime:
    wanted = fields.moment("validFrom") if fields.has("validFrom") else to_datetime(call.now)
    if not OPENS <= wanted <= CLOSES - VALIDITY - timedelta(days=1):
        raise Refusal(21405, "validFrom: data poza okresem działania urzędu certyfikacji.")
    return wanted


def _check_limits(call: Call) -> None:
    mine = call.caller.authentication
    limits = certificate_limits(call.world, subject_type=mine.subject_type, subject=mine.subject)
    if _enrollments(call) >= limits.enrollments:
        raise Refusal(25006)
    if _active(call) >= limits.certificates:
        raise Refusal(25007)


def _enrollments(call: Call) -> int:
    mine = call.caller.authentication
    return count_enrollments(call.world.store, subject_type=mine.subject_type, subject=mine.subject)


def _active(call: Call) -> int:
    mine = call.caller.authentication
    return count_active(
        call.world.store,
        subject_type=mine.subject_type,
        subject=mine.subject,
        now=call.now,
        and_waiting=False,
    )
