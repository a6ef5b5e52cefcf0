"""Packing for a batch session: archives, cuts, encryption, limits, the stored description (section 5)."""

import json
import tracemalloc
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ksef.batch import NotPackable, PackageFull, PackingLimits, pack, read_batch, write_batch
from ksef.exchange.archives import Compression, SymmetricKey
from ksef.exchange.batches import Batch, BatchPackage, BatchSession, PartUpload
from tests.packages import decrypt, unpack

pytestmark = pytest.mark.unit

SECRET = SymmetricKey(key=b"k" * 32, iv=b"i" * 16)
BOTH = list(Compression)


def items(count: int, *, size: int = 3_400) -> Iterator[tuple[str, bytes]]:
    """Documents that look alike but do not shrink to nothing."""
    for number in range(count):
        noise = sha256(str(number).encode()).hexdigest() * 4
        yield f"{number:05}.xml", f"<Faktura>{number}{noise}".encode().ljust(size, b"x")


def joined(package: BatchPackage) -> bytes:
    return b"".join(decrypt(package.path_of(part).read_bytes(), SECRET) for part in package.parts)


@settings(max_examples=30, deadline=None)
@given(
    contents=st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=12),
    part_bytes=st.integers(16, 3_000),
    compression=st.sampled_from(Compression),
)
def test_parts_joined_are_the_archive_of_the_documents(
    contents: list[bytes], part_bytes: int, compression: Compression
) -> None:
    """Each part is decrypted by itself; together they unpack, with other tools, to what went in."""
    documents = [(f"{place}.xml", content) for place, content in enumerate(contents)]
    limits = PackingLimits(part_bytes=part_bytes, parts=1_000)
    with TemporaryDirectory() as folder:
        package = pack(documents, folder=Path(folder), secret=SECRET, compression=compression, limits=limits)
        archive = joined(package)
        files = [package.path_of(part).read_bytes() for part in package.parts]
        assert sorted(path.name for path in Path(folder).iterdir()) == [p.file_name for p in package.parts]
    assert unpack(archive) == documents
    assert (package.archive_size, package.archive_sha256) == (len(archive), sha256(archive).digest())
    assert package.invoice_count == len(documents)
    assert [part.ordinal for part in package.parts] == list(range(1, len(files) + 1))
    assert [part.size for part in package.parts[:-1]] == [part_bytes] * (len(files) - 1)
    assert [(part.encrypted_size, part.encrypted_sha256) for part in package.parts] == [
        (len(file), sha256(file).digest()) for file in files
    ]


@pytest.mark.parametrize("compression", BOTH)
def test_same_documents_give_the_same_bytes(tmp_path: Path, compression: Compression) -> None:
    """F22: whoever packs again after a crash sends what was announced."""
    packages = [
        pack(items(20), folder=tmp_path / name, secret=SECRET, compression=compression)
        for name in ("one", "two")
    ]
    first, second = (joined(package) for package in packages)
    assert first == second
    assert packages[0].parts == packages[1].parts


def test_tar_gz_is_the_default(tmp_path: Path) -> None:
    package = pack(items(1), folder=tmp_path, secret=SECRET)
    assert package.compression is Compression.TAR_GZ
    assert joined(package)[:2] == b"\x1f\x8b"


def test_nothing_lies_on_the_disk_in_clear(tmp_path: Path) -> None:
    pack([("a.xml", b"KANAREK" * 50)], folder=tmp_path, secret=SECRET, compression=Compression.ZIP)
    assert all(b"a.xml" not in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".xml",
        "a",
        "a.txt",
        "../a.xml",
        "b/a.xml",
        "b\\a.xml",
        ".a.xml",
        "ż.xml",
        "a\n.xml",
        "a" * 125 + ".xml",
    ],
)
def test_name_that_is_no_plain_file_name_is_refused(tmp_path: Path, name: str) -> None:
    """The field invoiceFileName has at most 128 characters."""
    with pytest.raises(NotPackable):
        pack([(name, b"<x/>")], folder=tmp_path, secret=SECRET)


def test_longest_name_arrives(tmp_path: Path) -> None:
    name = "a" * 124 + ".xml"
    assert unpack(joined(pack([(name, b"<x/>")], folder=tmp_path, secret=SECRET))) == [(name, b"<x/>")]


@pytest.mark.parametrize("compression", BOTH)
@pytest.mark.parametrize(
    ("documents", "limits", "error"),
    [
        ([], PackingLimits(), NotPackable),
        ([("a.xml", b"")], PackingLimits(), NotPackable),
        ([("a.xml", b"xx")], PackingLimits(invoice_bytes=1), NotPackable),
        ([("a.xml", b"1"), ("A.xml", b"2")], PackingLimits(), NotPackable),
        (list(items(4)), PackingLimits(invoices=3), PackageFull),
        (list(items(40)), PackingLimits(archive_bytes=500), PackageFull),
        (list(items(40)), PackingLimits(parts=2, part_bytes=100), PackageFull),
    ],
    ids=["nothing", "empty", "large", "twice", "many", "archive", "parts"],
)
def test_what_does_not_fit_is_refused_and_leaves_no_file(
    tmp_path: Path,
    documents: list[tuple[str, bytes]],
    limits: PackingLimits,
    error: type[NotPackable],
    compression: Compression,
) -> None:
    with pytest.raises(NotPackable) as caught:
        pack(documents, folder=tmp_path, secret=SECRET, compression=compression, limits=limits)
    assert caught.type is error
    assert list(tmp_path.iterdir()) == []


def test_failing_source_leaves_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield from items(3)
        raise LookupError

    for compression in BOTH:
        with pytest.raises(LookupError):
            pack(broken(), folder=tmp_path, secret=SECRET, compression=compression)
    assert list(tmp_path.iterdir()) == []


def test_default_limits_are_those_of_the_contract() -> None:
    """Section 5 and 12."""
    limits = PackingLimits()
    assert (limits.invoices, limits.archive_bytes, limits.parts, limits.part_bytes) == (
        10_000,
        5_000_000_000,
        50,
        100_000_000,
    )


def _peak(folder: Path, compression: Compression, *, count: int) -> int:
    tracemalloc.start()
    try:
        pack(items(count), folder=folder, secret=SECRET, compression=compression)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("compression", "left_of_each"), [(Compression.TAR_GZ, 200), (Compression.ZIP, 900)])
def test_memory_does_not_grow_with_the_documents(
    tmp_path: Path, compression: Compression, left_of_each: int
) -> None:
    """What remains of each of 3400 bytes is its name, and in a ZIP a line of the directory."""
    growth = _peak(tmp_path, compression, count=2_200) - _peak(tmp_path, compression, count=200)
    assert growth < 2_000 * left_of_each


def _batch(tmp_path: Path) -> Batch:
    package = pack(
        items(30), folder=tmp_path, secret=SECRET, limits=PackingLimits(part_bytes=1_000, parts=50)
    )
    uploads = tuple(
        PartUpload(
            ordinal=part.ordinal,
            method="PUT",
            url=f"https://ksef.example/KANAREK/{part.ordinal}?sig=x",
            headers=(("x-ms-blob-type", "KANAREK"),),
        )
        for part in package.parts
    )
    return Batch(package=package).opened(BatchSession(reference="SB", uploads=uploads))


def test_batch_is_stored_and_read_again_at_every_step(tmp_path: Path) -> None:
    """F22: another process goes on from the text alone."""
    batch = _batch(tmp_path)
    assert len(batch.missing) > 2
    steps = [Batch(package=batch.package), batch, batch.with_uploaded(2).with_uploaded(1)]
    assert [read_batch(write_batch(step)) for step in steps] == steps
    assert [part.ordinal for part in read_batch(write_batch(steps[2])).missing] == [
        part.ordinal for part in batch.package.parts[2:]
    ]


def test_new_session_begins_with_no_part(tmp_path: Path) -> None:
    """F22: what the old session got is of no use to the new one."""
    batch = _batch(tmp_path).with_uploaded(1)
    again = batch.opened(BatchSession(reference="SB-2", uploads=()))
    assert again.missing == batch.package.parts


def test_key_and_addresses_stay_out_of_repr_and_the_key_out_of_the_text(tmp_path: Path) -> None:
    secret = SymmetricKey(key=b"KANAREK." * 4, iv=b"KANAREK." * 2)
    assert "KANAREK" not in repr(secret) + repr(_batch(tmp_path))
    package = pack(items(1), folder=tmp_path / "kanarek", secret=secret)
    assert "KANAREK" not in write_batch(Batch(package=package))
    assert SymmetricKey.from_bytes(secret.to_bytes()) == secret
    with pytest.raises(ValueError, match="key"):
        SymmetricKey.from_bytes(b"short")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', "null", '{"version": 1, "package": 3}'])
def test_other_text_is_no_batch(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error is one, too.
        read_batch(text)


def test_cut_text_is_no_batch(tmp_path: Path) -> None:
    stored = json.loads(write_batch(_batch(tmp_path)))
    del stored["session"]["uploads"][0]["url"]
    with pytest.raises(ValueError, match="not a stored batch"):
        read_batch(json.dumps(stored))
