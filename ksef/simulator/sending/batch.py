"""Batch sessions: declaring a package, sending its parts to pre-signed addresses, closing (section 5)."""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from ksef.simulator import bearer
from ksef.simulator.errors import Elsewhere, Forbidden, Refusal, Unauthorized
from ksef.simulator.messages import Fields, Response, json_response, no_content
from ksef.simulator.routing import Call
from ksef.simulator.sending.archives import Compression
from ksef.simulator.sending.opening import open_batch, read_opening
from ksef.simulator.sending.packages import Package, Part, add_package, find_package, keep_sent
from ksef.simulator.sending.records import BATCH, Session, find_session, own_session
from ksef.simulator.sending.sessions import end_session, require_open
from ksef.simulator.spool import Written
from ksef.simulator.world import World, as_milliseconds

_SHA256: Final = 32
_PADDING: Final = 16
_LARGEST_PART: Final = 100_000_000 + _PADDING
"""100 MB before encryption; PKCS#7 adds up to a block."""
_LARGEST_PACKAGE: Final = 5_000_000_000
_MOST_PARTS: Final = 50
_BLOB_TYPE: Final = ("x-ms-blob-type", "BlockBlob")
_CANCELLED: Final = 440


def open_session(call: Call) -> Response:
    """POST /sessions/batch: the answer says how each part is to be sent."""
    fields = Fields.of(call.request)
    offline = fields.flag("offlineMode")
    declared = _read_package(fields.child("batchFile"))
    opening = read_opening(call, fields)
    # Every part may take as long as all of them: two parts, twice twenty minutes for each.
    upload_time = len(declared.parts) * as_milliseconds(call.world.options.part_upload)
    opened = open_batch(call, opening, upload_until=call.now + upload_time, offline=offline)
    package = replace(declared, session=opened.reference)
    add_package(call.world.store, package)
    requests = [
        _upload_request(call, package, part, expires=call.now + upload_time) for part in package.parts
    ]
    body = {"referenceNumber": opened.reference, "partUploadRequests": requests}
    return json_response(body, status=HTTPStatus.CREATED)


def _read_package(fields: Fields) -> Package:
    parts = fields.children("fileParts")
    if len(parts) > _MOST_PARTS:
        raise Refusal(21161, f"Liczba części pakietu {len(parts)} przekracza dozwolone {_MOST_PARTS}.")
    size = fields.integer("fileSize", least=1)
    if size > _LARGEST_PACKAGE:
        raise Refusal(21405, f"batchFile.fileSize: rozmiar paczki przekracza {_LARGEST_PACKAGE} bajtów.")
    read = sorted((_read_part(part) for part in parts), key=lambda part: part.ordinal)
    if not read or [part.ordinal for part in read] != list(range(1, len(read) + 1)):
        raise Refusal(21405, "batchFile.fileParts: części muszą być ponumerowane kolejno od 1.")
    compression = fields.choice("compressionType", Compression) if fields.has("compressionType") else "Zip"
    return Package(
        session="",
        size=size,
        digest=fields.base64("fileHash", length=_SHA256),
        compression=Compression(compression),
        unpack_at=None,
        parts=tuple(read),
    )


def _read_part(fields: Fields) -> Part:
    ordinal = fields.integer("ordinalNumber", least=1)
    size = fields.integer("fileSize", least=1)
    if size > _LARGEST_PART:
        raise Refusal(21157, f"Rozmiar części '{ordinal}' przekracza dozwolone {_LARGEST_PART} bajtów.")
    return Part(session="", ordinal=ordinal, size=size, digest=fields.base64("fileHash", length=_SHA256))


def _upload_request(call: Call, package: Package, part: Part, *, expires: int) -> dict[str, object]:
    path = f"/storage/{package.session}/batch-parts/{part.ordinal}"
    query = bearer.sign_link(call.world.store, path=path, expires=expires)
    return {
        "ordinalNumber": part.ordinal,
        "method": "PUT",
        "url": f"{call.request.root_url}{path}?{query}",
        "headers": dict([_BLOB_TYPE]),
    }


def upload_part(call: Call) -> Response:
    """PUT of a part: 201, or 400 for bad data, 401 for a login in the wrong place, 403 for a link that is no good.

    A part may be sent again until the close; its content is looked at only then.
    """
    stream = call.request.stream
    with call.world.store.transaction():
        _find_part(call)
    name, value = _BLOB_TYPE
    if call.request.headers.get(name) != value or stream is None or stream.left > _LARGEST_PART:
        raise Elsewhere(HTTPStatus.BAD_REQUEST)
    written = call.world.spool.write(stream.pieces())
    if stream.left:
        call.world.spool.remove([written.name])
        raise Elsewhere(HTTPStatus.BAD_REQUEST)
    _keep(call, written)
    return Response(HTTPStatus.CREATED)


def _find_part(call: Call) -> tuple[Session, Package, Part]:
    if "authorization" in call.request.headers or not call.request.query_value("sig"):
        raise Unauthorized
    world = call.world
    session = find_session(world.store, call.parts["session"])
    package = find_package(world.store, call.parts["session"])
    now = world.now()
    valid = bearer.is_valid_link(
        world.store,
        path=call.request.path,
        expires=call.request.query_value("se") or "",
        signature=call.request.query_value("sig") or "",
        now=now,
    )
    # What an upload can do to a session ends with the session.
    has_ended = session is None or session.closed_at is not None or now >= session.ends_at
    if not valid or session is None or package is None or has_ended:
        raise Forbidden("insufficient-resource-access", "Adres wygasł albo jest nieprawidłowy.")
    return session, package, package.parts[int(call.parts["part"]) - 1]


def _keep(call: Call, written: Written) -> None:
    """Take the finished file for the part, unless the session has ended while it came in."""
    world = call.world
    try:
        with world.store.transaction():
            session, package, part = _find_part(call)
            sent = replace(part, file=written.name, sent_size=written.size, sent_digest=written.digest)
            keep_sent(world.store, sent)
            others = [other for other in package.parts if other.ordinal != part.ordinal]
            if all(other.file is not None for other in others):
                # Nothing is left to wait for but the close.
                world.store.update("sessions", session.id, ends_at=session.valid_until)
    except BaseException:
        world.spool.remove([written.name])
        raise
    if part.file is not None:
        world.spool.remove([part.file])


def close_session(call: Call) -> Response:
    """POST /sessions/batch/{referenceNumber}/close: every declared part must be there, in its size."""
    finish_upload(call, own_session(call, kind=BATCH))
    return no_content()


def finish_upload(call: Call, session: Session) -> None:
    """Close the session if all was sent as declared; else it stays open for what is missing."""
    if session.code_at(call.now) == _CANCELLED and session.due_at is None:
        raise Refusal(21208, "Sesja anulowana, przekroczony czas wysyłki.")
    require_open(call, session, purpose="jej zamknięcie")
    package = find_package(call.world.store, session.reference)
    for part in package.parts if package else ():
        if not part.sent_size:
            raise Refusal(21205, f"Nie przesłano zadeklarowanej '{part.ordinal}' części pliku.")
        if part.sent_size != part.size:
            raise Refusal(
                21157, f"Zadeklarowany rozmiar części '{part.ordinal}' nie zgadza się z rzeczywistym."
            )
    end_session(call, session)
    _plan_unpacking(call.world, session, now=call.now)


def _plan_unpacking(world: World, session: Session, *, now: int) -> None:
    """In the first half of the processing time a package is unpacked, in the second its invoices are waiting."""
    unpack_at = now + as_milliseconds(world.options.processing) // 2
    world.store.run("UPDATE packages SET unpack_at = ? WHERE session = ?", unpack_at, session.reference)
