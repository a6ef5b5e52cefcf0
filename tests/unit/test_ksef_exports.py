"""Packages of exports: parts, archives, the list, and what is refused of them (section 7.3, F30, F44)."""

import gzip
import io
import json
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ksef.exchange.archives import Compression, SymmetricKey
from ksef.exchange.invoices import ExportPackage
from ksef.exports import PackageDamaged, UnpackingLimits, open_package
from tests.metadata import ksef_number, make_document, metadata_row
from tests.packages import (
    describe_part,
    encrypt,
    encrypt_unpadded,
    make_archive,
    make_export,
    make_tar_gz,
    make_zip,
)

pytestmark = pytest.mark.unit

SECRET = SymmetricKey(key=b"k" * 32, iv=b"i" * 16)
LIST = "_metadata.json"
BOTH = list(Compression)

type Files = list[tuple[str, bytes]]


def listing(rows: list[dict[str, Any]], **more: object) -> tuple[str, bytes]:
    return LIST, json.dumps({**more, "invoices": rows}).encode()


def files_of(count: int) -> Files:
    """An honest package, its list in front."""
    documents = [(f"{ksef_number(serial)}.xml", make_document(serial)) for serial in range(count)]
    return [listing([metadata_row(serial) for serial in range(count)]), *documents]


def read(
    archive: bytes,
    *,
    folder: Path,
    count: int,
    compression: Compression = Compression.TAR_GZ,
    limits: UnpackingLimits | None = None,
) -> list[tuple[str, bytes]]:
    package, paths = make_export(archive, folder=folder, secret=SECRET, count=count, compression=compression)
    with open_package(package, paths=paths, secret=SECRET, limits=limits) as opened:
        return [(invoice.ksef_number, invoice.xml) for invoice in opened.invoices()]


@settings(max_examples=20, deadline=None)
@given(
    contents=st.lists(st.binary(max_size=2_000), max_size=12),
    place=st.integers(0, 12),
    gone=st.sets(st.integers(0, 11)),
    part_bytes=st.integers(60, 900),
    compression=st.sampled_from(Compression),
)
def test_what_was_packed_comes_out_with_its_metadata(
    contents: list[bytes], place: int, gone: set[int], part_bytes: int, compression: Compression
) -> None:
    """F30: whatever the cuts are, wherever the list stands; an invoice without its XML is told."""
    documents = [
        (f"{ksef_number(serial)}.xml", xml) for serial, xml in enumerate(contents) if serial not in gone
    ]
    rows = [metadata_row(serial, xml=xml) for serial, xml in enumerate(contents)]
    files = [*documents[:place], listing(rows), *documents[place:]]
    with TemporaryDirectory() as folder:
        package, paths = make_export(
            make_archive(compression, files),
            folder=Path(folder),
            secret=SECRET,
            count=len(contents),
            compression=compression,
            part_bytes=part_bytes,
        )
        with open_package(package, paths=paths, secret=SECRET) as opened:
            received = list(opened.invoices())
            assert list(opened.invoices()) == received, "they can be read again"
    assert [(f"{invoice.ksef_number}.xml", invoice.xml) for invoice in received] == documents
    assert [invoice.metadata.ksef_number for invoice in received] == [i.ksef_number for i in received]
    assert [row.ksef_number for row in opened.metadata] == [row["ksefNumber"] for row in rows]
    assert set(opened.missing) == {ksef_number(serial) for serial in gone if serial < len(contents)}


def test_empty_export_has_no_parts(tmp_path: Path) -> None:
    """Section 7.3."""
    package, _ = make_export(b"", folder=tmp_path, secret=SECRET, count=0)
    with open_package(package, paths=[], secret=SECRET) as opened:
        assert (list(opened.invoices()), opened.metadata, opened.missing) == ([], (), ())
    with pytest.raises(PackageDamaged):
        open_package(replace(package, invoice_count=1), paths=[], secret=SECRET)


@pytest.mark.parametrize("compression", BOTH)
def test_list_alone_is_a_package_of_metadata(tmp_path: Path, compression: Compression) -> None:
    archive = make_archive(compression, files_of(3)[:1])
    package, paths = make_export(archive, folder=tmp_path, secret=SECRET, count=3, compression=compression)
    with open_package(package, paths=paths, secret=SECRET) as opened:
        assert len(opened.metadata) == len(opened.missing) == 3
        assert list(opened.invoices()) == []


def test_unknown_members_values_and_files_break_nothing(tmp_path: Path) -> None:
    """F52; and whatever the writer of the list thinks of byte order marks and space."""
    row = metadata_row(
        0,
        invoiceType="Telepathy",
        invoicingMode="Later",
        new={"member": [1, {"x": None}]},
        buyer={"identifier": {"type": "Soul", "value": None}, "name": None},
        thirdSubjects=[{"identifier": {"type": "X"}, "role": 99}],
        authorizedSubject=None,
    )
    body = json.dumps({"version": {"is": [2]}, "invoices": [row], "after": 1}, indent=3)
    files = [("_summary.txt", b"new"), (LIST, b"\xef\xbb\xbf" + body.encode()), files_of(1)[1]]
    assert read(make_tar_gz(files), folder=tmp_path, count=1) == [(ksef_number(0), make_document(0))]


def test_list_is_read_whatever_its_pieces(tmp_path: Path) -> None:
    """Letters and numbers may be torn apart between two of them."""
    rows = [metadata_row(serial, invoiceNumber="Zażółć" * 30) for serial in range(400)]
    archive = make_zip([(LIST, json.dumps({"invoices": rows}, ensure_ascii=False).encode())])
    package, paths = make_export(
        archive, folder=tmp_path, secret=SECRET, count=400, compression=Compression.ZIP
    )
    with open_package(package, paths=paths, secret=SECRET) as opened:
        assert {row.invoice_number for row in opened.metadata} == {"Zażółć" * 30}


def _cut_lists() -> Iterator[bytes]:
    whole = listing([metadata_row(0)])[1]
    for end in range(0, len(whole), 37):
        yield whole[:end]
    yield whole[:-1]


BAD_LISTS = [
    *_cut_lists(),
    b"[]",
    b"{}",
    b'{"invoices": null}',
    b'{"invoices": {}}',
    b'{"invoices": [1]}',
    b'{"invoices": [] "more": 1}',
    b'{"invoices": [{"ksefNumber": "x"}]}',
    b'{"other": ' + b"[" * 700_000,
    b'{"other": "' + b"x" * 700_000,
    b'{"other": ' + b"9" * 5_000 + b"}",
    b"\xff\xfe{}",
    listing([metadata_row(0, invoiceHash="AAAA")])[1],
    listing([metadata_row(0, ksefNumber=ksef_number(0)[:-1] + "Z")])[1],
    listing([metadata_row(0, netAmount="100")])[1],
    listing([metadata_row(0, permanentStorageDate="soon")])[1],
    listing([metadata_row(0), metadata_row(1)])[1],
    listing([metadata_row(0), metadata_row(0, xml=b"other")])[1],
    listing([])[1],
]


@pytest.mark.parametrize("content", BAD_LISTS, ids=range(len(BAD_LISTS)))
def test_list_that_was_cut_or_is_none_refuses_the_package(tmp_path: Path, content: bytes) -> None:
    """F30: a real defect of KSeF; nothing of such a package is given out."""
    archive = make_tar_gz([(LIST, content), files_of(1)[1]])
    with pytest.raises(PackageDamaged):
        read(archive, folder=tmp_path, count=1)


@pytest.mark.parametrize("compression", BOTH)
@pytest.mark.parametrize(
    ("change", "count"),
    [
        (lambda files: files[1:], 2),
        (lambda files: files, 3),
        (lambda files: [*files, (f"{ksef_number(9)}.xml", b"<x/>")], 2),
        (lambda files: [*files[:2], (files[2][0], b"<other/>")], 2),
        (lambda files: [*files[:2], ("../" + files[2][0], files[2][1])], 2),
        (lambda files: [*files[:2], ("/" + files[2][0], files[2][1])], 2),
        (lambda files: [*files[:2], ("a\\" + files[2][0], files[2][1])], 2),
        (lambda files: [*files, ("folder/x", b"")], 2),
        (lambda files: [*files, (".hidden", b"")], 2),
        (lambda files: [*files, ("a" * 120, b"")], 2),
        (lambda files: [*files, ("żółć.xml", b"")], 2),
        (lambda files: [*files, (files[1][0].replace("xml", "XML"), b"")], 2),
    ],
    ids=[
        "no list",
        "count",
        "unlisted",
        "hash",
        "up",
        "root",
        "backslash",
        "folder",
        "hidden",
        "long",
        "letters",
        "case",
    ],
)
def test_package_that_does_not_fit_its_list_or_leaves_its_place_is_refused(
    tmp_path: Path, change: Callable[[Files], Files], count: int, compression: Compression
) -> None:
    """F30, F44."""
    archive = make_archive(compression, change(files_of(2)))
    with pytest.raises(PackageDamaged):
        read(archive, folder=tmp_path, count=count, compression=compression)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part-001.aes"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("compression", BOTH)
def test_two_files_of_one_name_are_refused(tmp_path: Path, compression: Compression) -> None:
    files = files_of(2)
    with pytest.raises(PackageDamaged):
        read(make_archive(compression, [*files, files[1]]), folder=tmp_path, count=2, compression=compression)


@pytest.mark.parametrize("compression", BOTH)
@pytest.mark.parametrize(
    "limits",
    [
        UnpackingLimits(entries=3),
        UnpackingLimits(invoice_bytes=599),
        UnpackingLimits(metadata_bytes=100),
        UnpackingLimits(total_bytes=2_000),
    ],
    ids=str,
)
def test_limits_hold(tmp_path: Path, limits: UnpackingLimits, compression: Compression) -> None:
    """F44: too many files, a file or a package too large."""
    archive = make_archive(compression, files_of(3))
    with pytest.raises(PackageDamaged):
        read(archive, folder=tmp_path, count=3, compression=compression, limits=limits)
    assert len(read(archive, folder=tmp_path, count=3, compression=compression)) == 3


def _tar_entry(kind: bytes, **fields: Any) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        head = tarfile.TarInfo("x.xml")
        head.type = kind
        for name, value in fields.items():
            setattr(head, name, value)
        archive.addfile(head)
    return gzip.compress(made.getvalue())


def _pax(**records: str) -> bytes:
    head = tarfile.TarInfo("x.xml")
    head.pax_headers = records
    return gzip.compress(head.tobuf(tarfile.PAX_FORMAT) + bytes(1024))


def _tar_bomb() -> bytes:
    """0.3 MB that unpack to 300 MB."""
    head = tarfile.TarInfo(LIST)
    head.size = 300_000_000
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb") as stream:
        stream.write(head.tobuf())
        for _ in range(300):
            stream.write(bytes(1_000_000))
    return made.getvalue()


def _endless_pax() -> bytes:
    """A description of the next file that would fill the memory."""
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, 300_000_000
    return gzip.compress(head.tobuf() + bytes(1_000_000))


HOSTILE_TARS = {
    "nothing": b"",
    "no gzip": b"x" * 1_000,
    "cut": make_tar_gz(files_of(3))[:-200],
    "no tar": gzip.compress(b"x" * 2_000),
    "symlink": _tar_entry(tarfile.SYMTYPE, linkname="/etc/passwd"),
    "hard link": _tar_entry(tarfile.LNKTYPE, linkname=LIST),
    "folder": _tar_entry(tarfile.DIRTYPE),
    "device": _tar_entry(tarfile.CHRTYPE),
    "pipe": _tar_entry(tarfile.FIFOTYPE),
    "sparse": _tar_entry(tarfile.GNUTYPE_SPARSE),
    "pax path": _pax(path="../x.xml"),
    "pax size": _pax(size="-5", comment="ż"),
    "pax no size": _pax(size="many", comment="ż"),
    "pax sparse": _pax(**{"GNU.sparse.map": "0,1"}),
    "bomb": _tar_bomb(),
    "endless pax": _endless_pax(),
    "many pax": gzip.compress(tarfile.TarInfo("x").create_pax_global_header({"a": "b"}) * 5),
}


def _zip_with(change: Callable[[zipfile.ZipInfo], None], content: bytes = b"x") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        head = zipfile.ZipInfo("x.xml")
        head.compress_type = zipfile.ZIP_DEFLATED
        change(head)
        archive.writestr(head, content)
    return made.getvalue()


def _as_link(head: zipfile.ZipInfo) -> None:
    head.external_attr = 0o120777 << 16


def _as_bzip2(head: zipfile.ZipInfo) -> None:
    head.compress_type = zipfile.ZIP_BZIP2


def _patched(archive: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Lie in every head of that kind."""
    changed = bytearray(archive)
    place = changed.find(signature)
    while place >= 0:
        changed[place + offset : place + offset + len(value)] = value
        place = changed.find(signature, place + 4)
    return bytes(changed)


def _zip_bomb() -> bytes:
    """0.3 MB that unpack to 300 MB, with a head that tells of 100 bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(LIST, "w") as file:
        for _ in range(300):
            file.write(bytes(1_000_000))
    return made.getvalue()


_SMALL_ZIP = make_zip(files_of(1))
_CENTRAL, _LOCAL, _END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
HOSTILE_ZIPS = {
    "nothing": b"",
    "no zip": b"x" * 1_000,
    "cut": _SMALL_ZIP[:-30],
    "symlink": _zip_with(_as_link),
    "bzip2": _zip_with(_as_bzip2),
    "folder": make_zip([("folder/", b"")]),
    "encrypted": _patched(_SMALL_ZIP, _CENTRAL, 8, b"\x01\x00"),
    "name of the local head": _patched(_SMALL_ZIP, _LOCAL, 30, b"y"),
    "zero in the name": _patched(_SMALL_ZIP, _CENTRAL, 46, b"_m\0"),
    "wrong checksum": _patched(_SMALL_ZIP, _CENTRAL, 16, b"\x00\x00\x00\x00"),
    "smaller than it says": _patched(_SMALL_ZIP, _CENTRAL, 24, struct.pack("<L", 9_000_000)),
    "larger than it says": _patched(_SMALL_ZIP, _CENTRAL, 24, struct.pack("<L", 10)),
    "huge directory": _patched(_SMALL_ZIP, _END, 12, struct.pack("<L", 2**31)),
    "too many": _patched(_SMALL_ZIP, _END, 10, struct.pack("<H", 60_000)),
    "directory elsewhere": _patched(_SMALL_ZIP, _END, 16, struct.pack("<L", 2**31)),
    "zip64": _SMALL_ZIP.replace(_END, b"PK\x06\x07" + bytes(16) + _END),
    "bomb": _zip_bomb(),
    "bomb that lies": _patched(_zip_bomb(), _CENTRAL, 24, struct.pack("<L", 100)),
}


@pytest.mark.parametrize(
    ("compression", "archive"),
    [
        *[pytest.param(Compression.TAR_GZ, made, id=f"tar.gz {name}") for name, made in HOSTILE_TARS.items()],
        *[pytest.param(Compression.ZIP, made, id=f"ZIP {name}") for name, made in HOSTILE_ZIPS.items()],
    ],
)
def test_hostile_archive_is_refused_soon_and_cheaply(
    tmp_path: Path, compression: Compression, archive: bytes
) -> None:
    """F44, V41: before it fills memory or disk."""
    package, paths = make_export(
        archive or b"\0", folder=tmp_path, secret=SECRET, count=1, compression=compression
    )
    begin = perf_counter()
    tracemalloc.start()
    try:
        with pytest.raises(PackageDamaged):
            open_package(package, paths=paths, secret=SECRET)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000
    assert perf_counter() - begin < 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part-001.aes"]


def test_honest_packages_hold_10_000_invoices_and_their_list() -> None:
    """Section 7.3; what is more is refused as above (F44: 100 000 files)."""
    assert UnpackingLimits().entries == 10_001


def test_unknown_compression_is_refused(tmp_path: Path) -> None:
    package, paths = make_export(make_tar_gz(files_of(1)), folder=tmp_path, secret=SECRET, count=1)
    with pytest.raises(PackageDamaged):
        open_package(replace(package, compression="Zstd"), paths=paths, secret=SECRET)


def _two_parts(folder: Path) -> tuple[ExportPackage, list[Path]]:
    archive = make_tar_gz(files_of(20))
    half = len(archive) // 2 + 1
    return make_export(archive, folder=folder, secret=SECRET, count=20, part_bytes=half)


def test_swapped_parts_are_refused(tmp_path: Path) -> None:
    package, paths = _two_parts(tmp_path)
    with pytest.raises(PackageDamaged):
        open_package(package, paths=paths[::-1], secret=SECRET)


def test_key_of_another_export_is_refused(tmp_path: Path) -> None:
    package, paths = _two_parts(tmp_path)
    for other in (replace(SECRET, key=b"x" * 32), replace(SECRET, iv=b"x" * 16)):
        with pytest.raises(PackageDamaged):
            open_package(package, paths=paths, secret=other)


PLAIN = make_tar_gz(files_of(1))
PADDING = 16 - len(PLAIN) % 16


@pytest.mark.parametrize(
    ("plain", "encrypted"),
    [
        (PLAIN, encrypt_unpadded(PLAIN + bytes(PADDING), SECRET)),
        (PLAIN, encrypt_unpadded(PLAIN + b"\x11" * PADDING, SECRET)),
        (PLAIN, encrypt_unpadded(PLAIN + bytes([PADDING]) * (PADDING - 1) + b"\x01", SECRET)),
        (PLAIN, encrypt(PLAIN, SECRET)[:-1]),
        (PLAIN, encrypt(PLAIN, SECRET)[:-16]),
        (PLAIN, b""),
        (PLAIN + b"x", encrypt(PLAIN, SECRET)),
        (PLAIN[:-1], encrypt(PLAIN, SECRET)),
        (b"x" * len(PLAIN), encrypt(PLAIN, SECRET)),
    ],
    ids=["zeros", "too long", "short", "half a block", "cut", "nothing", "larger", "smaller", "other"],
)
def test_part_with_wrong_padding_size_or_hash_is_refused(
    tmp_path: Path, plain: bytes, encrypted: bytes
) -> None:
    """The hash of what was encrypted is right; what is inside is not."""
    package, paths = make_export(PLAIN, folder=tmp_path, secret=SECRET, count=1)
    paths[0].write_bytes(encrypted)
    described = describe_part(1, plain=plain, encrypted=encrypted)
    with pytest.raises(PackageDamaged):
        open_package(replace(package, parts=(described,)), paths=paths, secret=SECRET)


def test_part_that_changed_on_the_disk_is_refused(tmp_path: Path) -> None:
    package, paths = _two_parts(tmp_path)
    content = bytearray(paths[1].read_bytes())
    content[5] ^= 1
    paths[1].write_bytes(content)
    with pytest.raises(PackageDamaged):
        open_package(package, paths=paths, secret=SECRET)


def test_part_that_changes_while_it_is_read_gives_no_wrong_invoice(tmp_path: Path) -> None:
    package, paths = make_export(
        make_zip(files_of(20)), folder=tmp_path, secret=SECRET, count=20, compression=Compression.ZIP
    )
    with open_package(package, paths=paths, secret=SECRET) as opened:
        content = paths[0].read_bytes()
        paths[0].write_bytes(content[: len(content) // 2])
        with pytest.raises(PackageDamaged):
            list(opened.invoices())


@pytest.mark.parametrize("compression", BOTH)
def test_memory_holds_the_list_and_one_invoice(tmp_path: Path, compression: Compression) -> None:
    """6 MB in 1000 invoices; what grows with their number is their metadata."""
    large = 6_000
    documents = [(f"{ksef_number(serial)}.xml", make_document(serial, size=large)) for serial in range(1_000)]
    rows = [metadata_row(serial, xml=content) for serial, (_, content) in enumerate(documents)]
    archive = make_archive(compression, [*documents, listing(rows)])
    package, paths = make_export(
        archive, folder=tmp_path, secret=SECRET, count=1_000, compression=compression
    )
    del documents, rows, archive
    tracemalloc.start()
    try:
        with open_package(package, paths=paths, secret=SECRET) as opened:
            assert sum(1 for _ in opened.invoices()) == 1_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000 * 4_000 + 1_500_000
