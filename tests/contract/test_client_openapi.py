"""Every request of the client, and every answer it met, against the official OpenAPI file."""

from collections.abc import Iterator
from typing import Any, override

import httpx
import pytest

from invoices.domain.calendar import warsaw_date
from invoices.fa3_mapping import to_fa3
from ksef.certificates import self_signed_seal
from ksef.client.transport import utc_now
from ksef.errors import KSeFError, Limited, Refused
from ksef.fa3.writer import write
from ksef.gateway import Endpoint, Environment, Gateway, TokenCredential
from ksef.simulator.app import Simulator, create_app
from ksef.simulator.world import Options
from tests.contract.openapi import Contract, find_contract
from tests.snapshots import SELLER, invoice_of

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(
        find_contract() is None, reason="the official OpenAPI file is not here (KSEF_OPENAPI)"
    ),
]


def _contract() -> Contract:
    contract = find_contract()
    assert contract is not None
    return contract


class Witness(httpx.BaseTransport):
    """Carries the calls to the simulator and holds each, with its answer, against the contract."""

    def __init__(self, app: Simulator) -> None:
        self._inner = httpx.WSGITransport(app=app)
        self.seen: set[tuple[str, int]] = set()

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        response.read()
        response.request = request
        if request.url.path.startswith("/v2"):
            operation = _contract().operation(request)
            self.seen.add((_contract().name_of(operation), response.status_code))
            _contract().check_request(request)
            _contract().check(response)
            _check_headers(operation, response)
        return response


def _check_headers(operation: dict[str, Any], response: httpx.Response) -> None:
    described = operation["responses"][str(response.status_code)]
    if "x-ms-meta-hash" in described.get("headers", {}):
        assert "x-ms-meta-hash" in response.headers, response.request.url


@pytest.fixture
def witness() -> Iterator[Witness]:
    with create_app(options=Options(processing=0, authentication=0, storage=0)) as app:
        yield Witness(app)


def _gateway(witness: Witness) -> Gateway:
    endpoint = Endpoint(
        environment=Environment.SIMULATOR, api_url="http://ksef/v2", qr_url="http://ksef", is_local=True
    )
    return Gateway(endpoint, transport=witness, sleep=lambda _: None)


def _issue_token(witness: Witness) -> TokenCredential:
    with httpx.Client(transport=witness, base_url="http://ksef") as control:
        return TokenCredential(
            token=control.post("/_control/tokens", json={"nip": SELLER.nip}).json()["token"]
        )


def _walk(gateway: Gateway, witness: Witness) -> None:
    """Each call of the gateway once, so that each of its requests is seen."""
    gateway.log_in(self_signed_seal(nip=SELLER.nip, name=SELLER.name, now=utc_now()), nip=SELLER.nip)
    login = gateway.log_in(_issue_token(witness), nip=SELLER.nip)
    access = gateway.refresh(login.refresh.token).token
    session = gateway.open_online_session(access)
    xml = write(to_fa3(invoice_of(issue_date=warsaw_date(utc_now()))))
    places = {
        "session_reference": session.reference,
        "invoice_reference": gateway.send_invoice(access, session=session, xml=xml),
    }
    again = gateway.send_invoice(access, session=session, xml=xml)
    number = gateway.get_invoice_status(access, **places).ksef_number or ""
    gateway.get_invoice_status(access, session_reference=session.reference, invoice_reference=again)
    gateway.find_invoice(access, session_reference=session.reference, sha256=b"0" * 32)
    gateway.get_upo(access, **places)
    gateway.get_upo_by_ksef_number(access, session_reference=session.reference, ksef_number=number)
    gateway.get_invoice(access, number)
    gateway.close_online_session(access, session.reference)


def test_whole_path_keeps_the_contract(witness: Witness) -> None:
    with _gateway(witness) as gateway:
        _walk(gateway, witness)
    assert {name for name, status in witness.seen if status < 300} == {
        "GET /security/public-key-certificates",
        "POST /auth/challenge",
        "POST /auth/xades-signature",
        "POST /auth/ksef-token",
        "GET /auth/{referenceNumber}",
        "POST /auth/token/redeem",
        "POST /auth/token/refresh",
        "POST /sessions/online",
        "POST /sessions/online/{referenceNumber}/invoices",
        "GET /sessions/{referenceNumber}/invoices/{invoiceReferenceNumber}",
        "GET /sessions/{referenceNumber}/invoices",
        "GET /sessions/{referenceNumber}/invoices/{invoiceReferenceNumber}/upo",
        "GET /sessions/{referenceNumber}/invoices/ksef/{ksefNumber}/upo",
        "GET /invoices/ksef/{ksefNumber}",
        "POST /sessions/online/{referenceNumber}/close",
    }


def test_refusals_keep_the_contract(witness: Witness) -> None:
    """400, 401, 403 and 429 in the format we asked for."""
    told: list[type[KSeFError]] = []
    with _gateway(witness) as gateway, httpx.Client(transport=witness, base_url="http://ksef") as control:
        reader = control.post(
            "/_control/tokens", json={"nip": SELLER.nip, "permissions": ["InvoiceRead"]}
        ).json()
        access = gateway.log_in(TokenCredential(token=reader["token"]), nip=SELLER.nip).access.token
        limited = {"match": {"path_regex": "/v2/invoices/"}, "action": "limited", "retry_after": 5}
        control.post("/_control/faults", json={"faults": [limited]})
        for call in (
            lambda: gateway.get_invoice(access, "5265877635-20250826-0100001AF629-AF"),
            lambda: gateway.get_invoice(access, "5265877635-20250826-0100001AF629-AF"),
            lambda: gateway.open_online_session(access),
            lambda: gateway.refresh("nonsense"),
            lambda: gateway.close_online_session(access, "20261122-SO-0000000000-0000000000-00"),
        ):
            with pytest.raises(KSeFError) as caught:
                call()
            told.append(caught.type)
    assert told[:3] == [Limited, Refused, Refused]
    assert {status for _, status in witness.seen} >= {400, 401, 403, 429}
