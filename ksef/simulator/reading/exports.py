"""POST /invoices/exports and what becomes of them: packages of invoices, encrypted for whoever asked (section 7.3)."""

import base64
import json
from typing import Final

from ksef.simulator import bearer
from ksef.simulator.errors import Forbidden, Gone, Refusal
from ksef.simulator.messages import Fields, Response, json_response, without_empty
from ksef.simulator.numbers import new_reference
from ksef.simulator.permissions.planned import take_planned
from ksef.simulator.reading.export_records import (
    Compression,
    Export,
    Part,
    count_running_exports,
    find_export,
    list_parts,
    take_expired_files,
    take_planned_flaw,
)
from ksef.simulator.reading.facts import BUYER, SUBJECTS, THIRD
from ksef.simulator.reading.filters import INVOICING, ISSUE, STORAGE, Filters, read_filters
from ksef.simulator.reading.metadata import BEYOND
from ksef.simulator.reading.search import Slice, find_invoices
from ksef.simulator.routing import Call
from ksef.simulator.sending.opening import Encryption, read_encryption
from ksef.simulator.world import as_milliseconds, iso, iso_or_none, warsaw_date

# Which roles a context can have in an invoice at all (21181).
_ROLES: Final = {"Nip": SUBJECTS, "InternalId": (THIRD,), "NipVatUe": (BUYER,)}
_RUNNING: Final = 100
_READY: Final = 200
_EXPIRED: Final = 210
_NO_KEY: Final = 415
_BEYOND_HWM: Final = 420
_DESCRIPTIONS: Final = {
    _RUNNING: "Eksport faktur w toku",
    _READY: "Eksport faktur zakończony sukcesem",
    _EXPIRED: "Eksport faktur wygasł i nie jest już dostępny do pobrania",
    _NO_KEY: "Błąd odszyfrowania dostarczonego klucza",
    _BEYOND_HWM: "Zakres filtrowania wykracza poza dostępny zakres danych",
    500: "Nieznany błąd (500)",
    550: "Operacja została anulowana przez system",
}
_DETAILS: Final = {
    _BEYOND_HWM: BEYOND,
    550: "Przetwarzanie zostało przerwane z przyczyn wewnętrznych systemu. Spróbuj ponownie",
}
_LAST: Final = {ISSUE: "lastIssueDate", INVOICING: "lastInvoicingDate", STORAGE: "lastPermanentStorageDate"}


def start_export(call: Call) -> Response:
    """POST /invoices/exports: what is found is chosen at once and packed later."""
    fields = Fields.of(call.request)
    filters = read_filters(call, fields.child("filters"))
    compression = (
        fields.choice("compressionType", Compression) if fields.has("compressionType") else Compression.ZIP
    )
    only_metadata = fields.has("onlyMetadata") and fields.flag("onlyMetadata")
    encryption = read_encryption(call, fields)
    _require_role(call, filters)
    _require_capacity(call)
    call.world.spool.remove(take_expired_files(call.world.store, now=call.now))
    most = call.world.options.export_invoices
    # One more than fits tells whether the package will be all.
    chosen = find_invoices(
        call.world.store, filters, owner=call.caller.context, part=Slice(start=0, count=most + 1)
    )
    reference = new_reference("EH", on=warsaw_date(call.now))
    context_type, context = call.caller.context
    call.world.store.insert(
        "exports",
        reference=reference,
        context_type=context_type,
        context=context,
        created_at=call.now,
        due_at=call.now + as_milliseconds(call.world.options.export),
        key=encryption.key,
        iv=encryption.iv,
        compression=str(compression),
        only_metadata=int(only_metadata),
        date_type=filters.date_type,
        hwm=filters.hwm,
        invoices=json.dumps(chosen[:most]),
        has_more=int(len(chosen) > most),
        flaw=take_planned_flaw(call.world.store),
        code=_early_code(call, filters, encryption),
    )
    return json_response({"referenceNumber": reference}, status=201)


def _require_role(call: Call, filters: Filters) -> None:
    kind = call.caller.context[0]
    if filters.subject not in _ROLES.get(kind, ()):
        raise Refusal(
            21181,
            f"Nie można wyeksportować paczki faktur dla wybranego podmiotu ({filters.subject})"
            f" i zalogowanego identyfikatora kontekstu ({kind}).",
        )


def _require_capacity(call: Call) -> None:
    most = call.world.options.concurrent_exports
    if count_running_exports(call.world.store, owner=call.caller.context, now=call.now) >= most:
        raise Refusal(
            21182,
            "Dla uwierzytelnionego podmiotu w bieżącym kontekście osiągnięto maksymalny limit"
            f" {most} równoczesnych eksportów faktur. Spróbuj ponownie później.",
        )


def _early_code(call: Call, filters: Filters, encryption: Encryption) -> int | None:
    """Return how an export ends that will not be packed; it is told when its time is over."""
    if encryption.key is None:
        return _NO_KEY
    if filters.is_beyond:
        return _BEYOND_HWM
    return take_planned(call.world, "export")


def show_export(call: Call) -> Response:
    """GET /invoices/exports/{referenceNumber}: for the context that asked, for seven days."""
    export = find_export(call.world.store, call.parts["export"])
    if export is None or export.owner != call.caller.context:
        raise Refusal(21175)
    if call.now >= export.created_at + as_milliseconds(call.world.options.status_retention):
        raise Gone
    code = _code_at(export, call.now)
    return json_response(
        without_empty(
            {
                "status": _status(code),
                "completedDate": None if code == _RUNNING else iso(export.due_at),
                "packageExpirationDate": iso_or_none(export.expires_at) if code != _RUNNING else None,
                "package": _package(call, export) if code == _READY else None,
            }
        )
    )


def _code_at(export: Export, now: int) -> int:
    if export.code is None or now < export.due_at:
        return _RUNNING
    if export.expires_at is not None and now >= export.expires_at:
        return _EXPIRED
    return export.code


def _status(code: int) -> dict[str, object]:
    status: dict[str, object] = {"code": code, "description": _DESCRIPTIONS[code]}
    return {**status, "details": [_DETAILS[code]]} if code in _DETAILS else status


def _package(call: Call, export: Export) -> dict[str, object]:
    parts = list_parts(call.world.store, export.reference)
    return without_empty(
        {
            "invoiceCount": export.invoice_count,
            "size": sum(part.size for part in parts),
            "parts": [_part(call, export, part) for part in parts],
            "isTruncated": bool(export.is_truncated),
            _LAST[export.date_type]: export.last_date if export.is_truncated else None,
            "permanentStorageHwmDate": iso_or_none(export.hwm),
            "compressionType": export.compression,
        }
    )


def _part(call: Call, export: Export, part: Part) -> dict[str, object]:
    """Describe a part with a fresh link, which lives no longer than its package."""
    expires = call.now + as_milliseconds(call.world.options.export_link_lifetime)
    if export.expires_at is not None:
        expires = min(expires, export.expires_at)
    path = f"/download/exports/{export.reference}/{part.name}"
    query = bearer.sign_link(call.world.store, path=path, expires=expires)
    return {
        "ordinalNumber": part.ordinal,
        "partName": part.name,
        "method": "GET",
        "url": f"{call.request.root_url}{path}?{query}",
        "partSize": part.size,
        "partHash": _base64(part.digest),
        "encryptedPartSize": part.encrypted_size,
        "encryptedPartHash": _base64(part.encrypted_digest),
        "expirationDate": iso(expires),
    }


def download_part(call: Call) -> Response:
    """GET of a pre-signed link: no bearer token, no limit, until it expires."""
    valid = bearer.is_valid_link(
        call.world.store,
        path=call.request.path,
        expires=call.request.query_value("se") or "",
        signature=call.request.query_value("sig") or "",
        now=call.now,
    )
    parts = list_parts(call.world.store, call.parts["export"])
    part = next((part for part in parts if part.name == call.parts["part"]), None)
    if not valid or part is None:
        raise Forbidden("insufficient-resource-access", "Adres wygasł albo jest nieprawidłowy.")
    return Response(
        200,
        "application/octet-stream",
        headers=(("x-ms-meta-hash", _base64(part.encrypted_digest)),),
        file=call.world.spool.path(part.file),
    )


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")
