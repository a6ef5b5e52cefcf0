"""The simulator as a program: over real sockets, killed and started again, and used by a client others wrote."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from ksef_client import KsefClient, KsefClientOptions
from ksef_client.models import FormCode
from ksef_client.services.workflows import AuthCoordinator, OnlineSessionWorkflow
from lxml import etree

from ksef.simulator.world import warsaw_date
from tests.contract.ministry import (
    SELLER,
    Clock,
    Credential,
    Visitor,
    make_credential,
    make_invoice,
    sha256_base64,
)
from tests.contract.openapi import find_contract, openapi_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.contract

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = openapi_path().parents[1] / "fa3-samples"
UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the program, wait for its ready line and give the process and its address."""
    command = [sys.executable, "-m", "ksef.simulator", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"KSeF simulator ready: (http://127\.0\.0\.1:\d+)/v2\n", line)
            assert found is not None, line
            yield process, found[1]
        finally:
            process.kill()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running("--processing", "0.1") as (_, address):
        yield address


def _until(read: Callable[[], Any], done: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + 10
    while not done(value := read()):
        assert time.monotonic() < deadline, value
        time.sleep(0.02)
    return value


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), tz=UTC)


def _today() -> str:
    return warsaw_date(round(time.time() * 1000)).isoformat()


def _sample(number: str) -> bytes:
    """Return an official sample made ours: a valid NIP, today's date, a fresh number."""
    content = (SAMPLES / "FA_3_Przyklad_01.xml").read_bytes().replace(b"9999999999", SELLER.encode())
    content = re.sub(rb"<P_1>[^<]*", b"<P_1>" + _today().encode(), content)
    return re.sub(rb"<P_2>[^<]*", b"<P_2>" + number.encode(), content)


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the official samples are not here (../shared/ksef/fa3-samples)"
)
@pytest.mark.parametrize("login", ["rsa", "ec", "token"])
def test_third_party_client_sends_an_official_sample(address: str, login: str) -> None:
    """Must show: ksef-client logs in with a self-signed certificate and with a token, sends, and gets a UPO."""
    with KsefClient(KsefClientOptions(base_url=address)) as client:
        key = client.security.get_public_key_certificates()[0]
        access = _third_party_login(client, address, login=login, public_certificate=key.certificate)
        handle = OnlineSessionWorkflow(client.sessions).open_session(
            form_code=FormCode(system_code="FA (3)", schema_version="1-0E", value="FA"),
            public_certificate=key.certificate,
            public_key_id=key.public_key_id,
            access_token=access,
        )
        content = _sample(f"FV/{login}/{time.time_ns()}")
        reference = handle.send_invoice(content).reference_number
        status = _until(lambda: handle.get_invoice_status(reference), lambda found: found.status.code >= 200)
        assert (status.status.code, status.invoicing_mode) == (200, "Online")
        upo = handle.get_invoice_upo_by_ref(reference)
        assert handle.get_invoice_upo_by_ksef(status.ksef_number) == upo
        document = etree.fromstring(upo).find(f"{UPO}Dokument")
        assert document is not None
        assert document.findtext(f"{UPO}SkrotDokumentu") == sha256_base64(content)
        assert document.findtext(f"{UPO}NumerKSeFDokumentu") == status.ksef_number
        handle.close()
        session = _until(handle.get_status, lambda found: found.status.code != 170)
        assert (session.status.code, session.successful_invoice_count) == (200, 1)
        assert handle.get_upo(session.upo.pages[0].reference_number).startswith(b"<?xml")


def _third_party_login(client: Any, address: str, *, login: str, public_certificate: str) -> str:
    coordinator = AuthCoordinator(client.auth)
    context = {
        "context_identifier_type": "nip",
        "context_identifier_value": SELLER,
        "poll_interval_seconds": 0.05,
    }
    if login == "token":
        token = httpx.post(f"{address}/_control/tokens", json={"nip": SELLER}).json()["token"]
        result = coordinator.authenticate_with_ksef_token(
            token=token, public_certificate=public_certificate, **context
        )
    else:
        key = rsa.generate_private_key(65537, 2048) if login == "rsa" else None
        credential = _credential(key)
        result = coordinator.authenticate_with_xades(
            subject_identifier_type="certificateSubject",
            certificate_pem=credential.certificate_pem,
            private_key_pem=credential.key_pem,
            **context,
        )
    access: str = result.access_token
    return access


def _credential(key: rsa.RSAPrivateKey | None) -> Credential:
    return make_credential(key=key, valid_from=_now() - timedelta(days=1))


def _visitor(address: str) -> Visitor:
    """Return a visitor over HTTP, whose clock nobody looks at."""
    return Visitor(Clock(), httpx.Client(base_url=address))


def test_everything_survives_a_kill(tmp_path: Path) -> None:
    """With --data: keys, bearer tokens, sessions, invoices and UPOs are there after SIGKILL."""
    data = ("--data", str(tmp_path / "data"), "--processing", "0.1")
    content = make_invoice(issue_date=datetime.fromisoformat(_today()).date())
    with running(*data) as (process, address):
        visitor = _visitor(address)
        token = visitor.control_token()
        visitor.redeem(_finished(visitor, visitor.begin_token_login(token)))
        _, key = visitor.public_key()
        session = visitor.open_session()
        reference = visitor.send(session, content)
        process.send_signal(signal.SIGKILL)
        process.wait()
        visitor.http.close()
    with running(*data) as (_, address):
        again = _visitor(address)
        again.token = visitor.token
        assert again.public_key()[1] == key
        status = _until(
            lambda: again.invoice(session, reference), lambda found: found["status"]["code"] >= 200
        )
        assert status["status"]["code"] == 200
        path = f"/v2/sessions/{session.reference}/invoices/{reference}/upo"
        upo = again.ask("GET", path)
        assert upo.headers["x-ms-meta-hash"] == sha256_base64(upo.content)
        assert len(again.get("/_control/ledger")["accepted"]) == 1
        again.redeem(_finished(again, again.begin_token_login(token)))
        again.http.close()


def _finished(visitor: Visitor, begun: dict[str, Any]) -> dict[str, Any]:
    _until(lambda: visitor.login_status(begun)["code"], lambda code: code != 100)
    return begun


def test_the_same_invoice_from_many_at_once(address: str) -> None:
    """13.2 under threads: twelve parallel postings of one number end as one accepted and eleven duplicates."""
    visitor = _visitor(address)
    visitor.redeem(_finished(visitor, visitor.begin_token_login(visitor.control_token())))
    sessions = [visitor.open_session() for _ in range(3)]
    content = make_invoice(number=f"FV/{time.time_ns()}", issue_date=datetime.fromisoformat(_today()).date())
    with ThreadPoolExecutor(12) as pool:
        sent = list(
            pool.map(lambda turn: (sessions[turn % 3], visitor.send(sessions[turn % 3], content)), range(12))
        )

    def codes() -> list[int]:
        return sorted(visitor.invoice(session, reference)["status"]["code"] for session, reference in sent)

    assert _until(codes, lambda found: found[0] >= 200) == [200, *[440] * 11]
    visitor.http.close()


def test_nothing_is_written_without_data(tmp_path: Path) -> None:
    """Without --data the program leaves its folder as it was, and SIGTERM ends it at once."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "ksef.simulator", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("KSeF simulator ready")
        process.terminate()
        assert process.wait(timeout=2) == 0
    assert list(tmp_path.iterdir()) == []


def test_busy_port_is_told_in_one_sentence() -> None:
    """Exit code 1 and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "ksef.simulator", "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=20, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        f"The simulator cannot listen on 127.0.0.1:{port}: Address already in use"
    ]


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ("drop_before", httpx.RemoteProtocolError),
        ("drop_after", httpx.RemoteProtocolError),
        ("truncate", httpx.RemoteProtocolError),
    ],
)
def test_connection_really_ends(address: str, action: str, error: type[Exception]) -> None:
    """F4 and F5 over real sockets: the client sees a broken connection, and the next request is served."""
    fault = {"match": {"path_regex": "/auth/challenge$"}, "action": action}
    with httpx.Client(base_url=address) as client:
        client.post("/_control/faults", json={"faults": [fault]}).raise_for_status()
        with pytest.raises(error):
            client.post("/v2/auth/challenge")
        assert client.post("/v2/auth/challenge").status_code == 200


def test_connection_is_kept_and_bodies_are_bounded(address: str) -> None:
    """HTTP/1.1 keep-alive; 413 for a body beyond the bound and 411 for one of unknown length."""
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        for _ in range(2):
            connection.sendall(b"POST /v2/auth/challenge HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"POST /v2/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 99000000\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    with httpx.Client(base_url=address) as client:
        assert client.post("/v2/auth/challenge", content=iter([b"x"])).status_code == 411


def test_official_contract_is_at_hand() -> None:
    """The other tests hold answers against it only where it is."""
    contract = find_contract()
    if contract is None:
        pytest.skip(f"no official OpenAPI file at {openapi_path()} (KSEF_OPENAPI)")
    assert len(contract.document["paths"]) == 78
