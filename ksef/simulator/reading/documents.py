"""GET /invoices/ksef/{ksefNumber}: one invoice for everybody it names (section 7.4)."""

import base64
import hashlib

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Response
from ksef.simulator.reading.filters import KSEF_NUMBER
from ksef.simulator.reading.search import has_role
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import Invoice, find_by_ksef_number


def show_invoice(call: Call) -> Response:
    """Answer with the bytes that were sent; a stranger is told that there is no such invoice."""
    number = call.parts["number"]
    if KSEF_NUMBER.fullmatch(number) is None:
        raise Refusal(21405, "ksefNumber: nieprawidłowy format.")
    invoice = find_by_ksef_number(call.world.store, number)
    if invoice is None or invoice.content is None or not _is_party(call, invoice):
        raise Refusal(21164, f"Faktura o numerze KSeF {number} nie została znaleziona.")
    if invoice.stored_at is None or invoice.stored_at > call.now:
        raise Refusal(
            21165,
            f"Faktura o numerze KSeF {number} została przetworzona, ale nie jest jeszcze dostępna do pobrania."
            " Spróbuj ponownie później.",
        )
    digest = base64.b64encode(hashlib.sha256(invoice.content).digest()).decode("ascii")
    return Response(200, "application/xml", invoice.content, (("x-ms-meta-hash", digest),))


def _is_party(call: Call, invoice: Invoice) -> bool:
    return has_role(
        call.world.store, invoice=invoice.id, stored_at=invoice.stored_at, owner=call.caller.context
    )
