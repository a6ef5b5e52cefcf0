"""Certificates for tests and for the demo's seed."""

import re
from datetime import timedelta
from typing import Final

from ksef.simulator.access.token_request import CONTEXTS
from ksef.simulator.certificates import enrollment
from ksef.simulator.certificates.issuing import VALIDITY
from ksef.simulator.certificates.pairs import KEY_KINDS, PairWish, make_pair
from ksef.simulator.certificates.records import KINDS
from ksef.simulator.certificates.subjects import SubjectData, company, person
from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.routing import Call, Route

PESEL: Final = re.compile(r"\d{11}")
_MOST_DAYS: Final = 3650


def issue_control_certificate(call: Call) -> Response:
    """Issue a pair for `nip` or `pesel` without a login and outside the limits."""
    fields = Fields.of(call.request)
    holder, subject = _holder(fields)
    name = fields.text("name")
    if enrollment.NAME.fullmatch(name) is None:
        raise Refusal(21405, "name: od 5 do 100 liter, cyfr, spacji i znaków _ -.")
    wish = PairWish(
        holder=holder,
        name=name,
        kind=fields.choice("type", KINDS),
        subject=subject,
        key_kind=fields.choice("key", KEY_KINDS) if fields.has("key") else "ec",
        password=fields.text("password") if fields.has("password") else None,
        validity=_validity(fields),
    )
    pair = make_pair(call.world, wish, now=call.now)
    return json_response(
        {"certificate_pem": pair.certificate_pem, "key_pem": pair.key_pem, "serial": pair.serial}, status=201
    )


def _holder(fields: Fields) -> tuple[tuple[str, str], SubjectData]:
    if fields.has("pesel"):
        pesel = fields.text("pesel")
        if PESEL.fullmatch(pesel) is None:
            raise Refusal(21405, "pesel: wymagane jest 11 cyfr.")
        given_name, surname = _text(fields, "given_name", "Jan"), _text(fields, "surname", "Próbny")
        return ("Pesel", pesel), person(pesel=pesel, given_name=given_name, surname=surname)
    nip = fields.text("nip")
    if CONTEXTS["Nip"].fullmatch(nip) is None:
        raise Refusal(21405, "nip: nieprawidłowa wartość.")
    return ("Nip", nip), company(nip=nip, name=_text(fields, "company", f"Podatnik {nip}"))


def _text(fields: Fields, name: str, default: str) -> str:
    return fields.text(name, length=(1, 30)) if fields.has(name) else default


def _validity(fields: Fields) -> timedelta:
    if not fields.has("valid_days"):
        return VALIDITY
    days = fields.integer("valid_days", least=1)
    if days > _MOST_DAYS:
        raise Refusal(21405, f"valid_days: najwyżej {_MOST_DAYS}.")
    return timedelta(days=days)


CERTIFICATE_ROUTES: Final = (Route("POST", "/_control/certificates", issue_control_certificate),)
