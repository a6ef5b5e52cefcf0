"""What may be wrong with packages of invoices that call themselves finished (F30)."""

from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response, json_response
from ksef.simulator.reading.export_records import Flaw, plan_flaw
from ksef.simulator.routing import Call, Route


def plan_flaws(call: Call) -> Response:
    """Let the next packages be flawed: `{"flaws": ["cut_metadata", "missing_invoice", "corrupt_part"]}`."""
    flaws = Fields.of(call.request).texts("flaws")
    if not set(flaws) <= set(Flaw):
        raise Refusal(21405, f"flaws: one of {', '.join(Flaw)}.")
    for flaw in flaws:
        plan_flaw(call.world.store, Flaw(flaw))
    return json_response({"flaws": flaws})


EXPORT_ROUTES: Final = (Route("POST", "/_control/exports", plan_flaws),)
