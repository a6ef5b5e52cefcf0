"""Fetching the parts of an export, each checked while it comes (section 7.3)."""

import hashlib
from pathlib import Path

from ksef.client.links import Errand, Links
from ksef.errors import ContractBroken
from ksef.exchange.invoices import ExportPart


def download_part(links: Links, part: ExportPart, *, path: Path) -> None:
    """The encrypted part under `path`, whole and with its hash, or not at all; one that is there stays.

    Raises `LinkExpired` when only the export's status can give another address (F31).
    """
    if part.method != "GET":
        raise ContractBroken("a part is to be fetched by an unknown method")
    if _is_there(part, path=path):
        return
    unfinished = path.with_name(f"{path.name}.unfinished")
    errand = Errand(method="GET", url=part.url, size=part.encrypted_size)
    digest, size = hashlib.sha256(), 0
    try:
        with links.run(errand) as delivery, unfinished.open("wb") as file:
            for piece in delivery.pieces:
                size += len(piece)
                digest.update(piece)
                file.write(piece)
        if (size, digest.digest()) != (part.encrypted_size, part.encrypted_sha256):
            raise ContractBroken("a part of an export differs from its announced size or hash")
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _is_there(part: ExportPart, *, path: Path) -> bool:
    """The rest of an earlier download is of use only when it is the very same part."""
    if not path.is_file() or path.stat().st_size != part.encrypted_size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest() == part.encrypted_sha256
