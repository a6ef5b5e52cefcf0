"""The front of the control API: every operation with a sentence, and the present state, for programs and for people."""

import inspect
import json
from typing import Any

from ksef.simulator.disturbing.script import show_lines
from ksef.simulator.disturbing.scripts import BUILT_IN
from ksef.simulator.messages import Response, json_response
from ksef.simulator.outages.lighthouse import read_mode
from ksef.simulator.outages.records import list_lasting_outages
from ksef.simulator.pages.html import element, table
from ksef.simulator.pages.layout import page, section
from ksef.simulator.routing import Call, Route
from ksef.simulator.world import iso


class Index:
    """A handler of GET /_control/; it knows the routes that it shows."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.operations = [
            {"method": route.method, "path": route.path, "does": _sentence(route)}
            for route in sorted(routes, key=lambda route: (route.path, route.method))
        ]

    def __call__(self, call: Call) -> Response:
        """List all operations of the control API and the present state, as JSON or as a page."""
        state = _state(call)
        if "text/html" not in call.request.headers.get("accept", ""):
            return json_response({"operations": self.operations, "state": state})
        rows = [
            (element("code", f"{operation['method']} {operation['path']}"), operation["does"])
            for operation in self.operations
        ]
        shown = json.dumps(state, ensure_ascii=False, indent=2)
        return page(
            call,
            f"KSeF simulator: control of {call.world.flavour.name.upper()}",
            section("Operations", table(("Request", "What it does"), rows)),
            section("State", element("pre", shown, tabindex="0")),
            lang="en",
        )


def _sentence(route: Route) -> str:
    """Return the first paragraph of what the handler says of itself."""
    told = inspect.getdoc(route.handler) or ""
    return " ".join(told.partition("\n\n")[0].split())


def _state(call: Call) -> dict[str, Any]:
    world = call.world
    return {
        "environment": world.flavour.name,
        "now": iso(call.now),
        "offset": world.offset,
        "options": world.options_as_json(),
        "faults": show_lines(world.faults.lines, now=call.now),
        "scripts": sorted([*BUILT_IN, *world.scripts]),
        "verdicts": list(world.verdicts),
        "outages": [outage.id for outage in list_lasting_outages(world.store, now=call.now)],
        "lighthouse": read_mode(world.store).value,
        "warning": world.warning,
        "rateCounters": len(world.rates),
    }
