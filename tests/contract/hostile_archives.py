"""Archives that nobody sends in good faith (F44), built byte by byte: standard tools refuse to make most of them."""

from __future__ import annotations

import io
import stat
import struct
import tarfile
import zlib
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from tests.contract.ministry import make_invoice
from tests.contract.packages import add_member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MEGABYTE = 1_000_000
GIGABYTE = 1000 * MEGABYTE
ENCRYPTED, UTF_8 = 0x1, 0x800
STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14


@cache
def _zeros() -> tuple[bytes, bytes]:
    """Return a megabyte of zeros as deflate that may be repeated at will, and the end of such a stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH), packer.flush(zlib.Z_FINISH)


def zeros(megabytes: int, *, head: bytes = b"", tail: bytes = b"") -> bytes:
    """Return head, so many megabytes of zeros and tail as one deflate stream, without ever having them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    end = packer.compress(tail) + packer.flush(zlib.Z_FINISH)
    return begin + _zeros()[0] * megabytes + end


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a ZIP; sizes and checksum are the true ones unless told otherwise."""

    name: bytes
    content: bytes = b""
    packed: bytes | None = None
    size: int | None = None
    packed_size: int | None = None
    checksum: int | None = None
    flags: int = 0
    method: int = DEFLATED
    mode: int = 0
    extra: bytes = b""
    comment: bytes = b""
    at: int | None = None
    """Where the directory says the entry begins."""

    def body(self) -> bytes:
        if self.packed is not None:
            return self.packed
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        return packer.compress(self.content) + packer.flush()

    def head(self, body: bytes) -> bytes:
        """Return the fields that both headers have in common, from the flags to the length of the name."""
        checksum = zlib.crc32(self.content) if self.checksum is None else self.checksum
        packed_size = len(body) if self.packed_size is None else self.packed_size
        size = len(self.content) if self.size is None else self.size
        return struct.pack(
            "<HHHHIIIHH",
            self.flags,
            self.method,
            0,
            0x21,
            checksum,
            packed_size,
            size,
            len(self.name),
            len(self.extra),
        )


def make_raw_zip(entries: Iterable[Entry], *, directory_size: int | None = None) -> bytes:
    local, directory = io.BytesIO(), io.BytesIO()
    count = 0
    for entry in entries:
        count += 1
        at, body = local.tell(), entry.body()
        head = entry.head(body)
        local.write(b"PK\x03\x04" + struct.pack("<H", 20) + head + entry.name + entry.extra + body)
        directory.write(b"PK\x01\x02" + struct.pack("<BBH", 20, 3, 20) + head)
        directory.write(
            struct.pack(
                "<HHHII", len(entry.comment), 0, 0, entry.mode << 16, at if entry.at is None else entry.at
            )
        )
        directory.write(entry.name + entry.extra + entry.comment)
    size = directory.tell() if directory_size is None else directory_size
    end = struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, size, local.tell(), 0
    )
    return local.getvalue() + directory.getvalue() + end


def gzipped(deflated: bytes, *, checksum: int = 0, size: int = 0) -> bytes:
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + deflated + struct.pack("<II", checksum, size & 0xFFFFFFFF)


def gzip_of(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, -15)
    return gzipped(packer.compress(data) + packer.flush(), checksum=zlib.crc32(data), size=len(data))


def header(name: str, *, size: int = 0, kind: bytes = tarfile.REGTYPE, **changes: str) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    for key, value in changes.items():
        setattr(member, key, value)
    return member.tobuf(tarfile.GNU_FORMAT)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


END = bytes(1024)
GOOD = make_invoice()
FILE = Entry(b"fv.xml", GOOD)


def tar_of(*pieces: bytes, end: bytes = END) -> bytes:
    return gzip_of(b"".join(pieces) + end)


def good_file(name: str = "fv.xml") -> bytes:
    return header(name, size=len(GOOD)) + padded(GOOD)


def _tar_with(name: str, **changes: bytes | str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        add_member(archive, "fv.xml", GOOD)
        add_member(archive, name, b"", **changes)
    return buffer.getvalue()


def _negative_size() -> bytes:
    member = bytearray(header("fv.xml"))
    member[124:136] = b"\xff" * 12
    member[148:156] = b"%06o\0 " % (sum(member[:148]) + sum(member[156:]) + 8 * 32)
    return bytes(member)


def _long_name(claimed: int, content: bytes = b"", kind: bytes = tarfile.GNUTYPE_LONGNAME) -> bytes:
    return header("././@LongLink", size=claimed, kind=kind) + padded(content)


def _global_attributes(count: int) -> bytes:
    def field(number: int) -> bytes:
        text = b"k%d=%s\n" % (number, b"v" * 1000)
        return b"%d %s" % (len(text) + 5, text)

    records = (field(number) for number in range(10_000, 10_000 + count))
    return b"".join(
        header("g", size=len(record), kind=tarfile.XGLTYPE) + padded(record) + good_file(f"fv-{number}.xml")
        for number, record in enumerate(records)
    )


def _sparse() -> bytes:
    record = b"22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
    return header("x", size=len(record), kind=tarfile.XHDTYPE) + padded(record) + good_file()


def _forty_files() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b""
    for number in range(40):
        # A file of whole megabytes needs padding to a whole block.
        body += packer.compress(header(f"{number}", size=25 * MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
        body += _zeros()[0] * 25
        body += packer.compress(bytes(-25 * MEGABYTE % 512)) + packer.flush(zlib.Z_FULL_FLUSH)
    return body + packer.compress(END) + packer.flush(zlib.Z_FINISH)


def _large_files() -> Iterator[Entry]:
    """Forty files of 25 MB, which one alone may be."""
    file = Entry(b"", packed=zeros(25), size=25 * MEGABYTE, checksum=zlib.crc32(bytes(25 * MEGABYTE)))
    return (replace(file, name=b"%d" % number) for number in range(40))


def _overlapping() -> bytes:
    """One file's bytes are a second file, header and all: a bomb that needs no nesting."""
    inner = make_raw_zip([FILE]).partition(b"PK\x01\x02")[0]
    outer = Entry(b"a", inner, packed=inner, method=STORED)
    body = FILE.body()
    second = Entry(
        FILE.name,
        GOOD,
        packed=b"",
        packed_size=len(body),
        at=30 + len(outer.name),
    )
    return make_raw_zip([outer, second])


type Case = tuple[str, int, Callable[[], bytes]]

ZIPS: tuple[Case, ...] = (
    ("a gigabyte in one file", 430, lambda: make_raw_zip([Entry(b"x", packed=zeros(1000), size=GIGABYTE)])),
    (
        "a gigabyte that says it is small",
        430,
        lambda: make_raw_zip([Entry(b"x", packed=zeros(1000), size=9)]),
    ),
    ("a gigabyte in forty files", 430, lambda: make_raw_zip(_large_files())),
    ("overlapping files", 430, _overlapping),
    (
        "a hundred thousand files",
        420,
        lambda: make_raw_zip(Entry(b"%d" % number, packed=b"\3\0") for number in range(100_000)),
    ),
    ("a hundred thousand folders", 420, lambda: make_raw_zip([Entry(b"x/", packed=b"\3\0")] * 100_000)),
    ("a directory beyond the file", 430, lambda: make_raw_zip([FILE], directory_size=2**32 - 2)),
    (
        "a directory of comments",
        430,
        lambda: make_raw_zip(Entry(b"%d" % number, comment=bytes(65_000)) for number in range(500)),
    ),
    ("a way out", 405, lambda: make_raw_zip([FILE, Entry(b"../fv.xml", GOOD)])),
    ("a way out in the middle", 405, lambda: make_raw_zip([Entry(b"a/../../fv.xml", GOOD)])),
    ("a way out of another system", 405, lambda: make_raw_zip([Entry(b"..\\fv.xml", GOOD)])),
    ("an absolute name", 405, lambda: make_raw_zip([Entry(b"/etc/passwd", GOOD)])),
    ("a drive", 405, lambda: make_raw_zip([Entry(b"C:fv.xml", GOOD)])),
    ("a zero byte in a name", 405, lambda: make_raw_zip([Entry(b"fv.xml\0.exe", GOOD)])),
    ("a new line in a name", 405, lambda: make_raw_zip([Entry(b"fv\n.xml", GOOD)])),
    ("no name", 405, lambda: make_raw_zip([Entry(b"", GOOD)])),
    ("a name of 129 characters", 405, lambda: make_raw_zip([Entry(b"x" * 129, GOOD)])),
    ("a name that is no UTF-8", 430, lambda: make_raw_zip([Entry(b"\xff\xfe", GOOD, flags=UTF_8)])),
    ("one name twice", 405, lambda: make_raw_zip([FILE, Entry(b"fv.xml", b"<other/>")])),
    ("one name in two spellings", 405, lambda: make_raw_zip([FILE, Entry(b"./fv.xml", b"<other/>")])),
    (
        "a symbolic link",
        430,
        lambda: make_raw_zip([Entry(b"fv.xml", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)]),
    ),
    ("a device", 430, lambda: make_raw_zip([Entry(b"fv.xml", mode=stat.S_IFCHR | 0o666)])),
    ("an encrypted file", 430, lambda: make_raw_zip([FILE, Entry(b"x", GOOD, flags=ENCRYPTED)])),
    ("a wrong checksum", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, checksum=7)])),
    ("a size too small", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, size=10)])),
    ("a size too large", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, size=len(GOOD) + 1)])),
    ("a packed size beyond the end", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, packed_size=10**9)])),
    ("a packed size too small", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, packed_size=10)])),
    ("a file beyond the end", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, at=10**9)])),
    ("another method", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, method=BZIP2)])),
    ("one more method", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, method=LZMA)])),
    ("an unknown method", 430, lambda: make_raw_zip([Entry(b"fv.xml", GOOD, method=99)])),
    ("a package in a package", 445, lambda: make_raw_zip([Entry(b"fv.zip", make_raw_zip([FILE]))])),
)

TARS: tuple[Case, ...] = (
    ("a gigabyte in one file", 430, lambda: gzipped(zeros(1000, head=header("x", size=GIGABYTE)))),
    ("a gigabyte in forty files", 430, lambda: gzipped(_forty_files())),
    ("a gigabyte behind the end", 430, lambda: gzipped(zeros(1000, head=good_file() + END))),
    ("a gigabyte of a name", 430, lambda: gzipped(zeros(1000, head=_long_name(GIGABYTE)))),
    (
        "a gigabyte of attributes",
        430,
        lambda: gzipped(zeros(1000, head=_long_name(GIGABYTE, kind=tarfile.XHDTYPE))),
    ),
    ("ten thousand and one files", 420, lambda: tar_of(*(header(f"{n}") for n in range(10_001)))),
    ("a hundred thousand folders", 420, lambda: tar_of(header("x", kind=tarfile.DIRTYPE) * 100_000)),
    ("names of names of names", 430, lambda: tar_of(_long_name(2, b"x\0") * 5000, good_file())),
    ("attributes for all, again and again", 430, lambda: tar_of(_global_attributes(500))),
    ("a way out", 405, lambda: _tar_with("../fv.xml")),
    ("a way out in the middle", 405, lambda: _tar_with("a/../../x.xml")),
    ("an absolute name", 405, lambda: _tar_with("/etc/passwd")),
    ("a name of 129 characters", 405, lambda: _tar_with("x" * 129)),
    ("a name that is no UTF-8", 405, lambda: tar_of(header("fv\udcff.xml"))),
    ("one name twice", 405, lambda: _tar_with("fv.xml")),
    ("one name in two spellings", 405, lambda: _tar_with("./fv.xml")),
    ("a symbolic link", 430, lambda: _tar_with("x", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
    ("a hard link", 430, lambda: _tar_with("x", type=tarfile.LNKTYPE, linkname="fv.xml")),
    ("a device", 430, lambda: _tar_with("x", type=tarfile.CHRTYPE)),
    ("a disk", 430, lambda: _tar_with("x", type=tarfile.BLKTYPE)),
    ("a pipe", 430, lambda: _tar_with("x", type=tarfile.FIFOTYPE)),
    ("a file with holes", 430, lambda: tar_of(_sparse())),
    ("a file with holes of old", 430, lambda: tar_of(header("x", kind=tarfile.GNUTYPE_SPARSE))),
    ("a negative size", 430, lambda: tar_of(_negative_size())),
    ("a file that is cut off", 430, lambda: tar_of(header("x", size=5000), b"short", end=b"")),
    ("no end", 430, lambda: tar_of(good_file(), end=b"")),
    ("half an end", 430, lambda: tar_of(good_file(), end=bytes(100))),
    ("a damaged header", 430, lambda: tar_of(good_file(), b"x" * 512, good_file("b.xml"))),
    ("something behind the end", 430, lambda: tar_of(good_file(), END, good_file("b.xml"))),
    ("a wrong checksum", 430, lambda: tar_of(good_file())[:-8] + bytes(8)),
    ("something behind the checksum", 430, lambda: tar_of(good_file()) + b"x"),
    ("a gzip of a gzip", 430, lambda: gzip_of(tar_of(good_file()))),
    ("nothing in a gzip", 430, lambda: gzip_of(b"")),
    ("nothing at all", 430, lambda: b"\x1f\x8b"),
)


CORPUS = [
    *((f"Zip: {name}", "Zip", code, make) for name, code, make in ZIPS),
    *((f"TarGz: {name}", "TarGz", code, make) for name, code, make in TARS),
]
