"""Packages and the simulator as a program: killed at any point, large, and used by a client others wrote."""

from __future__ import annotations

import re
import signal
import socket
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from ksef_client import KsefClient, KsefClientOptions
from ksef_client.models import FormCode
from ksef_client.services.workflows import AuthCoordinator, BatchSessionWorkflow
from lxml import etree

from ksef.simulator.world import warsaw_date
from tests.contract.ministry import SELLER, Clock, Visitor, make_invoice, sha256_base64
from tests.contract.packages import (
    BLOCK,
    BatchSession,
    Package,
    invoices,
    make_archive,
    open_batch,
    package_of,
    send_batch,
)
from tests.contract.test_simulator_program import running
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

pytestmark = pytest.mark.contract

OTHER = "1234563218"
UPO = "{http://upo.schematy.mf.gov.pl/KSeF/v4-3}"
MEGABYTE = 1_000_000


def _today() -> Any:
    return warsaw_date(round(time.time() * 1000))


def _invoices(count: int, *, first: int = 1) -> dict[str, bytes]:
    return invoices(count, first=first, issue_date=_today())


def _log_in(visitor: Visitor, nip: str = SELLER) -> None:
    begun = visitor.begin_token_login(visitor.control_token(nip), nip=nip)
    until(lambda: visitor.login_status(begun)["code"] != 100)
    visitor.redeem(begun)


@contextmanager
def _visiting(address: str, token: str = "") -> Iterator[Visitor]:
    with httpx.Client(base_url=address, timeout=30) as http:
        visitor = Visitor(Clock(datetime.fromtimestamp(time.time(), tz=UTC)), http, token)
        if not token:
            _log_in(visitor)
        yield visitor


def _kill(process: Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.fixture
def program(tmp_path: Path) -> tuple[str, ...]:
    """Arguments that find everything again: one folder, one port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    return ("--data", str(tmp_path / "data"), "--processing", "0.2", "--port", port)


def _resumed(session: BatchSession, visitor: Visitor) -> BatchSession:
    return BatchSession(visitor, session.package, session.reference, session.uploads)


def _await_outcome(session: BatchSession, *, seconds: float = 60) -> int:
    until(lambda: session.code not in {100, 150}, seconds=seconds, why=lambda: str(session.status()))
    return session.code


def test_killed_between_parts(program: tuple[str, ...]) -> None:
    """F22: the parts sent before are there after SIGKILL, and their links still work."""
    package = package_of(_invoices(50), parts=3)
    with running(*program) as (process, address), _visiting(address) as visitor:
        session = open_batch(visitor, package)
        session.upload(2)
        session.upload(1)
        _kill(process)
    with running(*program) as (_, address), _visiting(address, visitor.token) as again:
        resumed = _resumed(session, again)
        assert resumed.refused_close() == 21205
        resumed.upload(3)
        resumed.close()
        assert _await_outcome(resumed) == 200
        assert set(resumed.codes().values()) == {200}


def test_killed_within_a_part(program: tuple[str, ...], tmp_path: Path) -> None:
    """F22: half a part is none; nothing of it stays on the disk."""
    package = package_of(_invoices(50))
    with running(*program) as (process, address), _visiting(address) as visitor:
        session = open_batch(visitor, package)
        with _half_sent(session, address):
            until(lambda: len(_spooled(tmp_path)) == 1)
            _kill(process)
    with running(*program) as (_, address), _visiting(address, visitor.token) as again:
        resumed = _resumed(session, again)
        assert _spooled(tmp_path) == []
        assert resumed.refused_close() == 21205
        resumed.upload_all()
        resumed.close()
        assert _await_outcome(resumed) == 200


def _spooled(folder: Path) -> list[Path]:
    return list((folder / "data" / "test").glob("spool/*"))


@contextmanager
def _half_sent(session: BatchSession, address: str) -> Iterator[None]:
    """Hold a connection open over which half of the first part was sent."""
    host, port = address.removeprefix("http://").split(":")
    target = session.uploads[0]["url"].removeprefix(address)
    content = session.package.parts[0]
    head = f"PUT {target} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(content)}\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{head}x-ms-blob-type: BlockBlob\r\n\r\n".encode())
        connection.sendall(content[: len(content) // 2])
        yield


@pytest.mark.parametrize("compression", ["Zip", "TarGz"])
def test_killed_again_and_again_after_the_close(program: tuple[str, ...], compression: str) -> None:
    """F22 and 13.2: killed while unpacking and while judging, the package comes to the same end, nothing twice."""
    files = {**_invoices(700), "zly.xml": b"<no/>"}
    session, token = None, ""
    for point in ("closed", "invoiceCount", "successfulInvoiceCount", "upo"):
        with running(*program) as (process, address), _visiting(address, token) as visitor:
            token = visitor.token
            if session is None:
                session = send_batch(visitor, package_of(files, compression=compression, parts=3))
            resumed = _resumed(session, visitor)
            until(partial(_has_come_to, resumed, point), seconds=60)
            _kill(process)
    assert session is not None
    with running(*program) as (_, address), _visiting(address, token) as visitor:
        resumed = _resumed(session, visitor)
        assert _await_outcome(resumed) == 200
        assert resumed.codes() == {**dict.fromkeys(_invoices(700), 200), "zly.xml": 430}
        assert [item["ordinalNumber"] for item in resumed.invoices()] == list(range(1, 702))
        assert len(visitor.get("/_control/ledger")["received"]) == 701
        (page,) = resumed.status()["upo"]["pages"]
        upo = visitor.ask("GET", page["downloadUrl"], token="").content
        assert len(list(etree.fromstring(upo).iter(f"{UPO}Dokument"))) == 700


def _has_come_to(session: BatchSession, point: str) -> bool:
    return point == "closed" or bool(session.status().get(point))


def test_stopped_in_the_middle_of_its_work(program: tuple[str, ...]) -> None:
    """SIGTERM ends the program at once, with its thread, and the next start goes on."""
    with running(*program) as (process, address), _visiting(address) as visitor:
        session = send_batch(visitor, package_of(_invoices(2000)))
        until(lambda: session.status()["invoiceCount"] > 0, seconds=30)
        process.terminate()
        assert process.wait(timeout=10) == 0
    with running(*program) as (_, address), _visiting(address, visitor.token) as again:
        resumed = _resumed(session, again)
        assert _await_outcome(resumed) == 200
        assert resumed.status()["successfulInvoiceCount"] == 2000


def test_nobody_waits_for_the_package_of_another() -> None:
    """I9 and F48: while thousands are judged, another company's invoice goes through, and requests are answered."""
    with running("--processing", "0.1") as (_, address), _visiting(address) as visitor:
        session = send_batch(visitor, package_of(_invoices(4000)))
        until(lambda: session.status()["successfulInvoiceCount"] > 0, seconds=30)
        with httpx.Client(base_url=address, timeout=30) as http:
            other = Visitor(Clock(), http)
            _log_in(other, OTHER)
            online = other.open_session()
            reference = other.send(online, make_invoice(seller=OTHER, issue_date=_today()))
            until(lambda: other.invoice(online, reference)["status"]["code"] == 200)
        assert session.code == 150
        assert _await_outcome(session) == 200


def test_large_parts_are_not_held_in_memory(tmp_path: Path) -> None:
    """12: a hundred megabytes are written as they come, whether they are taken or refused."""
    package = Package([bytes(100 * MEGABYTE)])
    with running("--data", str(tmp_path)) as (process, address), _visiting(address) as visitor:
        session = open_batch(visitor, package)
        before = _peak_memory(process)
        assert session.upload(1).status_code == 201
        assert session.upload(1, package.parts[0] + b"x").status_code == 400
        assert session.upload(1, token="x").status_code == 401
        assert session.upload(1, headers={}).status_code == 400
        spool = tmp_path / "test" / "spool"
        assert [path.stat().st_size for path in spool.iterdir()] == [100 * MEGABYTE + 16]
        assert _peak_memory(process) - before < 20 * MEGABYTE
        # The connection goes on as if nothing had been.
        assert session.code == 100


def _peak_memory(process: Popen[str]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def test_nothing_of_a_package_stays_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --data the parts lie in a temporary folder, which goes with the program."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running() as (process, address), _visiting(address) as visitor:
        session = open_batch(visitor, package_of(_invoices(3)))
        session.upload_all()
        (folder,) = tmp_path.glob("ksef-simulator-*")
        assert len(list(folder.iterdir())) == 1
        process.terminate()
        process.wait(timeout=10)
        assert list(tmp_path.glob("ksef-simulator-*")) == []


def test_links_belong_to_their_environment() -> None:
    """1: an upload link of DEMO leads to DEMO."""
    with running("--processing", "0.1") as (_, address), _visiting(f"{address}/demo") as visitor:
        session = open_batch(visitor, package_of(_invoices(3), parts=2))
        assert all(item["url"].startswith(f"{address}/demo/storage/") for item in session.uploads)
        session.upload_all()
        session.close()
        assert _await_outcome(session) == 200
        bent = session.uploads[0]["url"].replace("/demo/", "/")
        assert visitor.ask("PUT", bent, token="", content=b"x", headers=BLOCK).status_code == 403


@pytest.mark.parametrize("compression", ["Zip", "TarGz"])
def test_third_party_client_sends_a_package(compression: str) -> None:
    """Must show: what ksef-client cuts, encrypts and declares is understood, and it finds every invoice by its hash."""
    files = _invoices(5)
    with (
        running("--processing", "0.1") as (_, address),
        KsefClient(KsefClientOptions(base_url=address)) as client,
    ):
        token = httpx.post(f"{address}/_control/tokens", json={"nip": SELLER}).json()["token"]
        tokens_key = client.security.get_public_key_certificates()[0]
        access = (
            AuthCoordinator(client.auth)
            .authenticate_with_ksef_token(
                token=token,
                public_certificate=tokens_key.certificate,
                context_identifier_type="nip",
                context_identifier_value=SELLER,
                poll_interval_seconds=0.05,
            )
            .access_token
        )
        handle = BatchSessionWorkflow(client.sessions, client._http).open_session(
            form_code=FormCode(system_code="FA (3)", schema_version="1-0E", value="FA"),
            archive_bytes=make_archive(files, compression),
            compression_type=compression,
            public_certificate=tokens_key.certificate,
            public_key_id=tokens_key.public_key_id,
            access_token=access,
        )
        # It sends nothing to a loopback address, so the parts that it made go by hand.
        parts = dict(handle._encrypted_parts)
        for asked in handle.part_upload_requests:
            sent = httpx.request(
                asked.method, asked.url, content=parts[asked.ordinal_number], headers=asked.headers
            )
            assert sent.status_code == 201
        handle.close()
        until(lambda: handle.get_status().status.code not in {100, 150})
        status = handle.get_status()
        assert (status.status.code, status.successful_invoice_count) == (200, 5)
        found = handle.list_invoices(page_size=10).invoices
        assert {item.invoice_hash for item in found} == {sha256_base64(content) for content in files.values()}
        assert handle.get_upo(status.upo.pages[0].reference_number).startswith(b"<?xml")
