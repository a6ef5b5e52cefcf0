"""A batch as text and back: what a sender stores after every step, so that another can go on (F22).

The upload addresses in it let their holder write the parts until they expire: keep the text as a secret.
"""

import json
from pathlib import Path
from typing import Any

from ksef.crypto import from_base64, to_base64
from ksef.exchange.archives import Compression
from ksef.exchange.batches import Batch, BatchPackage, BatchPart, BatchSession, PartUpload

_VERSION = 1


def write_batch(batch: Batch) -> str:
    session = batch.session
    return json.dumps(
        {
            "version": _VERSION,
            "package": _package_out(batch.package),
            "session": None if session is None else _session_out(session),
            "uploaded": sorted(batch.uploaded),
        }
    )


def read_batch(text: str) -> Batch:
    """Raise ValueError for anything that `write_batch` did not write."""
    try:
        stored = json.loads(text)
        if stored["version"] != _VERSION:
            raise ValueError("a batch of another version")
        session = stored["session"]
        return Batch(
            package=_package_in(stored["package"]),
            session=None if session is None else _session_in(session),
            uploaded=frozenset(int(ordinal) for ordinal in stored["uploaded"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a stored batch") from error


def _package_out(package: BatchPackage) -> dict[str, Any]:
    return {
        "folder": str(package.folder),
        "compression": package.compression.value,
        "invoices": package.invoice_count,
        "size": package.archive_size,
        "sha256": to_base64(package.archive_sha256),
        "parts": [
            {
                "ordinal": part.ordinal,
                "file": part.file_name,
                "size": part.size,
                "encrypted_size": part.encrypted_size,
                "encrypted_sha256": to_base64(part.encrypted_sha256),
            }
            for part in package.parts
        ],
    }


def _package_in(stored: dict[str, Any]) -> BatchPackage:
    return BatchPackage(
        folder=Path(stored["folder"]),
        compression=Compression(stored["compression"]),
        invoice_count=int(stored["invoices"]),
        archive_size=int(stored["size"]),
        archive_sha256=from_base64(stored["sha256"]),
        parts=tuple(
            BatchPart(
                ordinal=int(part["ordinal"]),
                file_name=str(part["file"]),
                size=int(part["size"]),
                encrypted_size=int(part["encrypted_size"]),
                encrypted_sha256=from_base64(part["encrypted_sha256"]),
            )
            for part in stored["parts"]
        ),
    )


def _session_out(session: BatchSession) -> dict[str, Any]:
    return {
        "reference": session.reference,
        "uploads": [
            {
                "ordinal": upload.ordinal,
                "method": upload.method,
                "url": upload.url,
                "headers": dict(upload.headers),
            }
            for upload in session.uploads
        ],
    }


def _session_in(stored: dict[str, Any]) -> BatchSession:
    return BatchSession(
        reference=str(stored["reference"]),
        uploads=tuple(
            PartUpload(
                ordinal=int(upload["ordinal"]),
                method=str(upload["method"]),
                url=str(upload["url"]),
                headers=tuple((str(name), str(value)) for name, value in upload["headers"].items()),
            )
            for upload in stored["uploads"]
        ),
    )
