"""The official schema: the right files, from the wheel, without its code and without the network."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ksef.fa3 import schema
from ksef.fa3.schema import SchemaUnavailable, compile_schema, fa3_schema, schema_path

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.contract

SHA256 = {
    "schemat_FA(3)_v1-0E.xsd": "50c655de247d8efc706c1791468624e6768e12772b901b1d344240e8e3987e41",
    "StrukturyDanych_v10-0E.xsd": "d26095dc6c68b40be67bb855be2ea59b1215f812ebb63176af294f43e9915a65",
    "ElementarneTypyDanych_v10-0E.xsd": "20f79cb00c12800a3b48c3fced4c05fd0455d9ec6da2a699d964fb23c84edbad",
    "KodyKrajow_v10-0E.xsd": "48be2a9f181d7ff80f185c62491ba12604c5cacbbe21af8e2aaaf2c585bbd214",
}


def test_files_are_the_official_ones() -> None:
    """House style 1.2: the wheel is pinned, and so is the content of what we take from it."""
    names = (schema.MAIN_FILE, *schema.IMPORTED_FILES)
    assert {name: hashlib.sha256(schema_path(name).read_bytes()).hexdigest() for name in names} == SHA256


def test_wheels_code_is_never_imported() -> None:
    """The wheel is data to us."""
    program = "import sys; from ksef.fa3.schema import fa3_schema; fa3_schema(); print('ksef_client' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_missing_file_is_said_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SchemaUnavailable, match="no_such_file"):
        schema_path("no_such_file.xsd")
    monkeypatch.setattr(schema, "_WHEEL", "no_such_wheel")
    with pytest.raises(SchemaUnavailable, match="not installed"):
        schema_path()


def _including(location: str) -> bytes:
    include = f'<xsd:include schemaLocation="{location}"/>'
    return f'<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema">{include}</xsd:schema>'.encode()


def test_no_other_file_is_loaded(tmp_path: Path) -> None:
    """Not even one that exists and would fit."""
    other = tmp_path / "other.xsd"
    other.write_text('<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"/>', encoding="utf-8")
    with pytest.raises(SchemaUnavailable):
        compile_schema(_including(other.as_uri()))


def test_nothing_goes_to_the_network() -> None:
    """A server that would answer is never asked."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.xsd"
        with pytest.raises(SchemaUnavailable):
            compile_schema(_including(address))
        with pytest.raises(BlockingIOError):
            server.accept()


def test_threads_compile_and_parse_at_once() -> None:
    """Other parsing in the process does not disturb a compilation, however they interleave."""
    source = schema_path().read_bytes()
    works = [lambda: compile_schema(source), lambda: etree.fromstring(source)] * 40
    with ThreadPoolExecutor(8) as threads:
        for result in [threads.submit(work) for work in works]:
            assert result.result() is not None


def test_each_thread_has_its_own_schema() -> None:
    """Lxml keeps the error log in the schema object: shared, one thread would read another's faults."""
    barrier = Barrier(2)

    def both_at_once(_: int) -> int:
        barrier.wait(timeout=10)
        return id(fa3_schema())

    with ThreadPoolExecutor(2) as threads:
        assert len(set(threads.map(both_at_once, range(2)))) == 2
    assert fa3_schema() is fa3_schema()
