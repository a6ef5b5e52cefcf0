"""What a scanned KOD I opens (section 9); the code of a rejected offline invoice leads on to its correction (10)."""

import base64
from datetime import date, datetime

from ksef.simulator.messages import Response
from ksef.simulator.pages.html import element, fragment
from ksef.simulator.pages.layout import page, section
from ksef.simulator.pages.links import in_standard_base64, read_base64_url
from ksef.simulator.pages.showing import invoice_facts
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import (
    SUCCESS,
    Invoice,
    find_technical_correction,
    list_by_hash,
)
from ksef.simulator.world import WARSAW


def show_invoice_page(call: Call) -> Response:
    """GET /invoice/{nip}/{DD-MM-YYYY}/{hash}: all three must fit an accepted invoice."""
    digest, issued = read_base64_url(call.parts["hash"]), _read_date(call.parts["date"])
    if digest is None or issued is None:
        return _not_found(call)
    found = find_accepted(call, digest=digest, issued=issued)
    if found is not None:
        return page(call, "Faktura znajduje się w KSeF", _told(found))
    corrected = find_technical_correction(call.world.store, in_standard_base64(digest))
    if corrected is not None and _is_of(call, corrected, issued=issued):
        return _forward(call, corrected)
    return _not_found(call)


def find_accepted(call: Call, *, digest: bytes, issued: date) -> Invoice | None:
    found = list_by_hash(call.world.store, in_standard_base64(digest))
    return next((item for item in found if item.code == SUCCESS and _is_of(call, item, issued=issued)), None)


def _is_of(call: Call, invoice: Invoice, *, issued: date) -> bool:
    return (invoice.seller, invoice.issue_date) == (call.parts["nip"], issued.isoformat())


def _told(invoice: Invoice) -> str:
    corrects = (
        element(
            "p",
            "To jest plik po korekcie technicznej: zastąpił odrzucony plik o tej samej treści.",
            class_="notice",
        )
        if invoice.corrected_hash
        else None
    )
    return fragment(corrects, section("Dane faktury", invoice_facts(invoice)))


def _forward(call: Call, corrected: Invoice) -> Response:
    """The old code stays on paper for ever; its file never came in, the corrected one did (section 10)."""
    text = base64.urlsafe_b64encode(base64.b64decode(corrected.hash)).decode("ascii").rstrip("=")
    place = f"{call.request.root_url}/invoice/{call.parts['nip']}/{call.parts['date']}/{text}"
    return Response(302, headers=(("Location", place),))


def _not_found(call: Call) -> Response:
    return page(
        call,
        "Nie znaleziono faktury w KSeF",
        element(
            "p",
            "Faktury o podanym numerze NIP sprzedawcy, dacie wystawienia i skrócie nie ma w systemie.",
            " Faktura wystawiona offline mogła nie zostać jeszcze przesłana.",
        ),
        status=404,
    )


def _read_date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%d-%m-%Y").replace(tzinfo=WARSAW).date()
    except ValueError:
        return None
