"""No secret in any log line, exception or repr, whatever goes wrong (house style 1.6)."""

import logging
import re
import traceback
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread
from typing import override

import httpx
import pytest

from ksef.certificates import self_signed_seal
from ksef.client.transport import utc_now
from ksef.errors import KSeFError
from ksef.gateway import (
    Access,
    AccessToken,
    CertificateCredential,
    Endpoint,
    Environment,
    Gateway,
    OnlineSession,
    TokenCredential,
)
from ksef.simulator.app import create_app
from ksef.simulator.server import SimulatorServer
from ksef.simulator.world import Options

pytestmark = pytest.mark.contract

NIP = "5265877635"
XML = b"<Faktura>KANAREK-XML</Faktura>"


class Wiretap(httpx.BaseTransport):
    """Carries the calls to the simulator and notes every token it gives out; can spoil what comes back."""

    def __init__(self, url: str) -> None:
        self._inner = httpx.HTTPTransport()
        self.url = url
        self.secrets: set[str] = set()
        self.spoil = False

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        response.read()
        self._note(request, response)
        if self.spoil:
            return httpx.Response(202, content=response.content[:-3] + b"KANAREK-ANSWER")
        return response

    @override
    def close(self) -> None:
        self._inner.close()

    def _note(self, request: httpx.Request, response: httpx.Response) -> None:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.secrets |= {bearer} - {""}
        self.secrets |= set(re.findall(r'"token":\s*"([^"]+)"', response.text))


@pytest.fixture
def wiretap() -> Iterator[Wiretap]:
    """Over real sockets, so that what httpcore logs is heard too."""
    options = Options(processing=0, authentication=0)
    with create_app(options=options) as app, SimulatorServer(("127.0.0.1", 0), app) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield Wiretap(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def _gateway(transport: httpx.BaseTransport, *, url: str = "http://ksef") -> Gateway:
    endpoint = Endpoint(environment=Environment.SIMULATOR, api_url=f"{url}/v2", qr_url=url, is_local=True)
    return Gateway(endpoint, transport=transport)


def _issue_token(wiretap: Wiretap) -> TokenCredential:
    with httpx.Client(transport=wiretap, base_url=wiretap.url) as control:
        token = control.post("/_control/tokens", json={"nip": NIP}).json()["token"]
    wiretap.secrets.add(token)
    return TokenCredential(token=token)


def _walk(wiretap: Wiretap, credential: TokenCredential | CertificateCredential) -> list[object]:
    """All kinds of calls, good and bad; gives back what may end in a log: values and told errors."""
    told: list[object] = [credential]
    with _gateway(wiretap, url=wiretap.url) as gateway:
        login = gateway.log_in(credential, nip=NIP)
        access = gateway.refresh(login.refresh.token).token
        session = gateway.open_online_session(access)
        wiretap.secrets |= {session.key.hex(), b64encode(session.key).decode(), repr(session.key)}
        reference = gateway.send_invoice(access, session=session, xml=XML)
        told += [login, session, reference]
        for spoil in (False, True):
            wiretap.spoil = spoil
            for call in (
                lambda: gateway.get_upo(access, session_reference=session.reference, invoice_reference="EE"),
                lambda: gateway.send_invoice(access, session=session, xml=XML),
                lambda: gateway.refresh(login.refresh.token + "x"),
                lambda: gateway.refresh(login.refresh.token + "\r\nx"),
                lambda: gateway.log_in(credential, nip=NIP),
                lambda: gateway.open_online_session(access + "x"),
            ):
                try:
                    call()
                except KSeFError as error:
                    told += ["".join(traceback.format_exception(error)), repr(error)]
    return told


@pytest.mark.parametrize("kind", ["token", "certificate"])
def test_secrets_stay_out_of_logs_errors_and_reprs(
    wiretap: Wiretap, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Canaries: tokens of every kind, session keys, private keys, the invoice, pieces of a broken answer."""
    seal = self_signed_seal(nip=NIP, name="Kwit", now=utc_now())
    credential = _issue_token(wiretap) if kind == "token" else seal
    for name in ("", "httpx", "httpcore", "ksef"):
        caplog.set_level(logging.DEBUG, logger=name)
    told = _walk(wiretap, credential)
    heard = "\n".join([*map(repr, told), *map(_everything, caplog.records)])
    canaries = wiretap.secrets | {"KANAREK", "PRIVATE KEY", b64encode(XML).decode(), "AuthTokenRequest "}
    assert len(wiretap.secrets) > 5
    assert {"httpx", "httpcore.http11"} <= {record.name for record in caplog.records}
    assert [canary[:12] for canary in canaries if canary in heard] == []


def _everything(record: logging.LogRecord) -> str:
    return f"{record.getMessage()} {record.args!r} {record.exc_text} {record.__dict__!r}"


def test_values_do_not_show_their_secrets() -> None:
    until = datetime(2026, 11, 23, tzinfo=UTC)
    token = AccessToken(token="KANAREK", valid_until=until)
    values = (
        TokenCredential(token="KANAREK"),
        CertificateCredential(certificate_pem=b"", key_pem=b"KANAREK"),
        Access(access=token, refresh=token, authentication_reference="AU"),
        OnlineSession(reference="SO", valid_until=until, key=b"KANAREK", iv=b"KANAREK"),
    )
    assert "KANAREK" not in repr(values)


def test_system_warning_is_logged_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Section 0: X-System-Warning announces changes; it must not forge a line of ours."""
    warning = "[100]: koniec wsparcia\x1b[31m | [101]: limit"
    replies = httpx.MockTransport(lambda _: httpx.Response(204, headers={"X-System-Warning": warning}))
    with caplog.at_level(logging.WARNING), _gateway(replies) as gateway:
        gateway.close_online_session("access", "SO")
    assert [record.getMessage() for record in caplog.records] == [
        "KSeF warns on POST /sessions/online/SO/close: [100]: koniec wsparcia [31m | [101]: limit"
    ]
