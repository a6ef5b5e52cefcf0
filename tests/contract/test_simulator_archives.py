"""Archives made with malice, any cut of an archive, and any damage to one (section 5; F25, F44)."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ksef.simulator.sending.archives import ArchiveRefused, Bounds, Inspection
from ksef.simulator.sending.archives_tar import read_tar_gz
from ksef.simulator.sending.archives_zip import read_zip
from tests.contract.hostile_archives import CORPUS, DEFLATED, Entry, make_raw_zip
from tests.contract.ministry import Visitor, make_invoice, sha256_base64, visiting
from tests.contract.packages import Package, invoices, make_archive, package_of, processed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.contract

READERS = {"Zip": read_zip, "TarGz": read_tar_gz}
BOUNDS = Bounds(files=10_000, file_bytes=3_000_000)
IDS = [name for name, *_ in CORPUS]
LARGE = ("gigabyte", "thousand", "directory", "again and again")
BOMBS = [case for case in CORPUS if any(word in case[0] for word in LARGE)]


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        visitor.log_in()
        yield visitor


@pytest.mark.parametrize(("name", "compression", "code", "make"), CORPUS, ids=IDS)
def test_hostile_archive(
    visitor: Visitor, name: str, compression: str, code: int, make: Callable[[], bytes]
) -> None:
    """F44 and 4.5: refused with the right code and none of it is taken; the next package is served as ever."""
    session = processed(visitor, Package([make()], compression))
    assert session.code == code
    assert [item["status"]["code"] for item in session.invoices()] == ([430] if code == 445 else [])
    assert processed(visitor, package_of(invoices(2))).code == 200


@pytest.mark.parametrize(
    ("compression", "make"), [case[1::2] for case in BOMBS], ids=[case[0] for case in BOMBS]
)
def test_bomb_costs_little_memory(tmp_path: Path, compression: str, make: Callable[[], bytes]) -> None:
    """F44: what is read of a bomb is let go at once; only the directory of a ZIP is held, within its bound."""
    path = tmp_path / "archive"
    path.write_bytes(make())
    tracemalloc.start()
    try:
        _read(path, compression)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 70_000_000


def _read(path: Path, compression: str) -> list[tuple[str, str]] | None:
    """Return names and hashes, or None where the archive is refused; anything else is a fault of the reader."""
    inspection = Inspection(bounds=BOUNDS, archive_bytes=path.stat().st_size)
    with suppress(ArchiveRefused):
        return [(file.name, file.hash) for file in READERS[compression](path, inspection)]
    return None


@pytest.mark.parametrize("compression", ["Zip", "TarGz"])
@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_archive(tmp_path: Path, compression: str, data: st.DataObject) -> None:
    """F44: whatever bytes are changed, cut out or put in, the files come out whole or the archive is refused."""
    files = {"a.xml": make_invoice(), "b/c.xml": b"<b/>", "d.xml": bytes(600)}
    archive = bytearray(make_archive(files, compression))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(archive)))
        end = data.draw(st.integers(start, min(len(archive), start + 8)))
        archive[start:end] = data.draw(st.binary(max_size=8))
    path = tmp_path / "archive"
    path.write_bytes(archive)
    found = _read(path, compression)
    if found is not None:
        assert {digest for _, digest in found} <= {sha256_base64(content) for content in files.values()}


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_headers_that_lie(tmp_path: Path, data: st.DataObject) -> None:
    """F44: any fields in an entry's headers, and the reader never fails in a way of its own."""
    number = st.one_of(st.none(), st.integers(0, 2**32 - 1), st.integers(0, 2000))
    entries = [
        Entry(
            data.draw(st.binary(max_size=12)),
            make_invoice(),
            size=data.draw(number),
            packed_size=data.draw(number),
            checksum=data.draw(st.one_of(st.none(), st.integers(0, 2**32 - 1))),
            flags=data.draw(st.sampled_from([0, 1, 8, 0x20, 0x40, 0x800, 0x2000])),
            method=data.draw(st.sampled_from([0, DEFLATED, 9, 12, 14, 95])),
            mode=data.draw(st.integers(0, 0xFFFF)),
            extra=data.draw(st.binary(max_size=30)),
            at=data.draw(number),
        )
        for _ in range(data.draw(st.integers(0, 3)))
    ]
    path = tmp_path / "archive"
    path.write_bytes(make_raw_zip(entries, directory_size=data.draw(number)))
    _read(path, "Zip")


@pytest.mark.parametrize("compression", ["Zip", "TarGz"])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_any_cut_joins_back(compression: str, data: st.DataObject) -> None:
    """5: wherever an archive is cut, and however often, its files come out as they went in."""
    names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40)
    count = data.draw(st.integers(1, 6))
    files = {
        f"{data.draw(names)}-{number}.xml": make_invoice(number=f"FV/{number}") for number in range(count)
    }
    archive = make_archive(files, compression)
    places = st.sets(st.integers(1, len(archive) - 1), max_size=49)
    cuts = [0, *sorted(data.draw(places)), len(archive)]
    parts = [archive[start:end] for start, end in pairwise(cuts)]
    with visiting() as visitor:
        visitor.log_in()
        session = processed(visitor, Package(parts, compression))
        assert session.code == 200
        found = {item["invoiceFileName"]: item["invoiceHash"] for item in session.invoices()}
    assert found == {name: sha256_base64(content) for name, content in files.items()}
