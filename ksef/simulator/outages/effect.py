"""What callers meet during an outage; the control API, the pages and the lighthouse itself go on."""

import re
from http import HTTPStatus
from typing import Final

from ksef.simulator.errors import Elsewhere, Refusal
from ksef.simulator.faults import ConnectionDropped
from ksef.simulator.messages import Request
from ksef.simulator.outages.records import Api, Outage, list_lasting_outages
from ksef.simulator.world import World

_API: Final = "/v2/"
_STORE: Final = ("/download/", "/storage/")
_SENDING: Final = re.compile(r"/v2/sessions/online/([^/]+)/invoices")
_ORDER: Final = (Api.TOTAL_FAILURE, Api.FAILURE, Api.MAINTENANCE, Api.SESSIONS)


def interrupt(world: World, request: Request, *, now: int) -> None:
    """Let a request pass, or answer as the worst of the outages has it.

    Sending into an open session passes during a maintenance: `refuse_sending` answers it once the caller is known.
    Pre-signed links lead to a store of its own, which only a total failure takes along.
    """
    if not request.path.startswith((_API, *_STORE)):
        return
    outage = _worst(world, now=now)
    if outage is None:
        return
    if outage.api == Api.TOTAL_FAILURE:
        raise ConnectionDropped(served=False)
    is_sending = request.method == "POST" and _SENDING.fullmatch(request.path)
    if request.path.startswith(_API) and (
        outage.api == Api.FAILURE or (outage.api == Api.MAINTENANCE and not is_sending)
    ):
        raise Elsewhere(HTTPStatus(outage.status))


def refuse_sending(world: World, request: Request, *, now: int) -> None:
    """Refusal 21184 for an invoice that goes into a session opened before the maintenance (4.3)."""
    sending = _SENDING.fullmatch(request.path)
    if sending is None or request.method != "POST":
        return
    outage = _worst(world, now=now)
    session = world.store.row("SELECT created_at FROM sessions WHERE reference = ?", sending[1])
    if outage is None or session is None or session["created_at"] > outage.starts_at:
        return
    if outage.api in {Api.MAINTENANCE, Api.SESSIONS}:
        raise Refusal(
            21184,
            f"Trwają prace serwisowe i sesja {sending[1]} jest tymczasowo niedostępna. Spróbuj ponownie później lub"
            " otwórz nową sesję, aby wysłać kolejne faktury.",
        )


def _worst(world: World, *, now: int) -> Outage | None:
    lasting = list_lasting_outages(world.store, now=now)
    return next((outage for api in _ORDER for outage in lasting if outage.api == api), None)
