"""Requests of batch sessions: opening, bringing the parts, closing (section 5)."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from ksef.client.encryption import Encryption
from ksef.client.links import Errand, Links
from ksef.client.reading import Fields, Unreadable
from ksef.client.sessions import FORM_CODE
from ksef.client.transport import Answer, Call, Transport
from ksef.crypto import to_base64
from ksef.exchange.batches import BatchPackage, BatchPart, BatchSession, PartUpload

_UPLOAD_METHODS = frozenset({"PUT", "POST"})
_PIECE = 262_144


class PartLost(Exception):
    """A part on our disk is gone or no longer what was announced: pack the documents again."""


def open_batch_session(
    transport: Transport,
    access_token: str,
    *,
    package: BatchPackage,
    encryption: Encryption,
    offline: bool,
) -> BatchSession:
    """Repeatable: a session whose answer was lost gets no part and ends by itself (F23)."""
    body = {
        "formCode": FORM_CODE,
        "batchFile": _write_package(package),
        "encryption": encryption,
        "offlineMode": offline,
    }
    call = Call("POST", "/sessions/batch", bearer=access_token, json=body)
    return transport.run(call, lambda answer: _read_opened(answer, package=package))


def upload_part(links: Links, upload: PartUpload, *, part: BatchPart, path: Path) -> None:
    """Bring one part; bringing it again replaces it. Raises `PartLost` when our copy is not what it was."""
    _check_copy(part, path=path)
    errand = Errand(
        method=upload.method,
        url=upload.url,
        size=part.encrypted_size,
        headers=dict(upload.headers),
        content=_pieces(path),
    )
    with links.run(errand):
        pass


def close_batch_session(transport: Transport, access_token: str, session_reference: str) -> None:
    path = f"/sessions/batch/{quote(session_reference, safe='')}/close"
    transport.run(Call("POST", path, bearer=access_token), lambda _: None)


def _write_package(package: BatchPackage) -> dict[str, object]:
    return {
        "fileSize": package.archive_size,
        "fileHash": to_base64(package.archive_sha256),
        "compressionType": package.compression.value,
        "fileParts": [
            {
                "ordinalNumber": part.ordinal,
                "fileSize": part.encrypted_size,
                "fileHash": to_base64(part.encrypted_sha256),
            }
            for part in package.parts
        ],
    }


def _read_opened(answer: Answer, *, package: BatchPackage) -> BatchSession:
    fields = Fields.parse(answer.body)
    uploads = tuple(_read_upload(entry) for entry in fields.objects("partUploadRequests"))
    if sorted(upload.ordinal for upload in uploads) != [part.ordinal for part in package.parts]:
        raise Unreadable("the addresses do not fit the announced parts")
    return BatchSession(reference=fields.text("referenceNumber"), uploads=uploads)


def _read_upload(fields: Fields) -> PartUpload:
    method = fields.text("method").upper()
    if method not in _UPLOAD_METHODS:
        raise Unreadable("a part is to be brought by an unknown method")
    headers = fields.find_object("headers").members
    return PartUpload(
        ordinal=fields.integer("ordinalNumber"),
        method=method,
        url=fields.text("url"),
        headers=tuple((name, value) for name, value in headers.items() if isinstance(value, str)),
    )


def _check_copy(part: BatchPart, *, path: Path) -> None:
    digest = hashlib.sha256()
    try:
        for piece in _pieces(path):
            digest.update(piece)
    except OSError as error:
        raise PartLost(f"part {part.ordinal} cannot be read") from error
    if digest.digest() != part.encrypted_sha256:
        raise PartLost(f"part {part.ordinal} has changed on the disk")


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
