"""Control of faults: the script that runs, and scripts by name."""

from http import HTTPStatus
from typing import Final

from ksef.simulator.disturbing.script import read_lines, show_lines
from ksef.simulator.disturbing.scripts import BUILT_IN, Script
from ksef.simulator.errors import Elsewhere, Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content
from ksef.simulator.routing import Call, Route

_MOST_SCRIPTS: Final = 100


def show_faults(call: Call) -> Response:
    """Show the script that runs, line by line with its hits."""
    return json_response({"faults": show_lines(call.world.faults.lines, now=call.now)})


def add_faults(call: Call) -> Response:
    """Append faults to the script: `{"faults": [{"match": {"path_regex": "/invoices$"}, "action": "drop_after"}]}`."""
    call.world.faults.add(read_lines(Fields.of(call.request)))
    return show_faults(call)


def replace_faults(call: Call) -> Response:
    """Run these faults instead of all others."""
    call.world.faults.replace(read_lines(Fields.of(call.request)))
    return show_faults(call)


def clear_faults(call: Call) -> Response:
    """Stop all faults; named scripts stay."""
    call.world.faults.clear()
    return no_content()


def show_scripts(call: Call) -> Response:
    """Show the named scripts, those that come with the simulator and those that were saved."""
    scripts = [*BUILT_IN.values(), *call.world.scripts.values()]
    return json_response({"scripts": [_as_json(script) for script in scripts]})


def save_script(call: Call) -> Response:
    """Save `{"faults": [...], "description": "..."?}` under the name of the path; it does not start."""
    name = call.parts["name"]
    fields = Fields.of(call.request)
    read_lines(fields)
    if name in BUILT_IN or (len(call.world.scripts) >= _MOST_SCRIPTS and name not in call.world.scripts):
        raise Refusal(21405, f"name: not that of a built-in script, and {_MOST_SCRIPTS} in all.")
    script = Script(
        name,
        fields.text("description", length=(1, 1000)) if fields.has("description") else "",
        fields.value("faults"),
    )
    call.world.scripts[name] = script
    return json_response(_as_json(script))


def delete_script(call: Call) -> Response:
    """Forget a saved script; its faults that run already go on."""
    if call.world.scripts.pop(call.parts["name"], None) is None:
        raise Elsewhere(HTTPStatus.NOT_FOUND)
    return no_content()


def start_script(call: Call) -> Response:
    """Append the faults of a named script to what runs, with no hits so far."""
    name = call.parts["name"]
    script = BUILT_IN.get(name) or call.world.scripts.get(name)
    if script is None:
        raise Elsewhere(HTTPStatus.NOT_FOUND)
    call.world.faults.add(read_lines(Fields({"faults": script.faults}), script=name))
    return show_faults(call)


def _as_json(script: Script) -> dict[str, object]:
    return {
        "name": script.name,
        "description": script.description,
        "builtIn": script.is_built_in,
        "faults": script.faults,
    }


FAULT_ROUTES: Final = (
    Route("GET", "/_control/faults", show_faults),
    Route("POST", "/_control/faults", add_faults),
    Route("PUT", "/_control/faults", replace_faults),
    Route("DELETE", "/_control/faults", clear_faults),
    Route("GET", "/_control/scripts", show_scripts),
    Route("PUT", "/_control/scripts/{name}", save_script),
    Route("DELETE", "/_control/scripts/{name}", delete_script),
    Route("POST", "/_control/scripts/{name}/start", start_script),
)
