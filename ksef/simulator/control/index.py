"""The front of the control API: every operation with a sentence, and the present state, for programs and for people."""

import inspect
import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from ksef.simulator.disturbing.script import show_lines
from ksef.simulator.disturbing.scripts import BUILT_IN
from ksef.simulator.messages import Response, json_response
from ksef.simulator.outages.lighthouse import read_mode
from ksef.simulator.outages.records import list_lasting_outages
from ksef.simulator.routing import Call, Route
from ksef.simulator.world import iso

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>KSeF simulator: control</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1d1d1d}}
table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;\
border-bottom:1px solid #ccc}}code,pre{{font-family:ui-monospace,monospace;font-size:.9rem}}\
pre{{overflow-x:auto}}</style>
</head><body><main><h1>KSeF simulator: control of {environment}</h1>
<h2>Operations</h2><table><thead><tr><th scope="col">Request</th><th scope="col">What it does</th></tr></thead>
<tbody>{operations}</tbody></table><h2>State</h2><pre>{state}</pre></main></body></html>
"""
_ROW: Final = "<tr><td><code>{method} {path}</code></td><td>{does}</td></tr>"


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
        rows = "".join(_ROW.format_map(_Escaped(operation)) for operation in self.operations)
        shown = escape(json.dumps(state, ensure_ascii=False, indent=2))
        page = _PAGE.format(environment=call.world.flavour.name.upper(), operations=rows, state=shown)
        return Response(200, "text/html; charset=utf-8", page.encode())


class _Escaped(dict[str, str]):
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__({name: escape(value) for name, value in values.items()})


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
