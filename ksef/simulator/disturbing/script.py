"""Reading the lines of a fault script, and showing them with their hits."""

import json
import re
from http import HTTPStatus
from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.faults import Action, Change, Effect, Fault, Line, Match, Operation, RetryAfter
from ksef.simulator.messages import Fields, without_empty
from ksef.simulator.world import as_milliseconds, iso_or_none

_MOST_STEPS: Final = 1000
_MOST_TIMES: Final = 10**9
_CONTROL: Final = "/_control/"
_WHOLE: Final = "$"
_GATEWAY: Final = 502
_OTHER_STATUSES: Final = frozenset(
    status.value for status in HTTPStatus if status.value >= HTTPStatus.MULTIPLE_CHOICES
)

_NUMBERS: Final = {
    Action.STATUS: "status",
    Action.STATUS_AFTER: "status",
    Action.HTML: "status",
    Action.HTML_AFTER: "status",
    Action.ERROR: "code",
    Action.LIMITED: "retry_after",
    Action.DELAY: "seconds",
    Action.DELAY_AFTER: "seconds",
    Action.SKEW: "seconds",
}
_OPTIONAL: Final = {Action.HTML: float(_GATEWAY), Action.HTML_AFTER: float(_GATEWAY)}


def read_lines(fields: Fields, *, script: str = "") -> list[Line]:
    """Read `faults`, a list of faults and of `{"sequence": [...]}`; Refusal 21405 says what is wrong."""
    items = fields.children("faults")
    lines = [
        Line(
            [read_fault(step) for step in item.children("sequence")]
            if item.has("sequence")
            else [read_fault(item)]
        )
        for item in items
    ]
    if sum(len(line.steps) for line in lines) > _MOST_STEPS:
        raise Refusal(21405, f"faults: at most {_MOST_STEPS} steps.")
    for line in lines:
        line.script = script
    return lines


def read_fault(fields: Fields) -> Fault:
    """Read one fault of the control API."""
    lasts = fields.number("for_seconds") if fields.has("for_seconds") else 0.0
    probability = fields.number("probability") if fields.has("probability") else 1.0
    if lasts < 0 or not 0 <= probability <= 1:
        raise Refusal(21405, "for_seconds: not below 0; probability: from 0 to 1.")
    usual = 1 if lasts == 0 and probability == 1 else 0
    return Fault(
        match=_read_match(fields.child("match")),
        effect=_read_effect(fields),
        times=fields.integer("times", least=0, most=_MOST_TIMES) if fields.has("times") else usual,
        after=fields.integer("after", least=0, most=_MOST_TIMES) if fields.has("after") else 0,
        lasting=as_milliseconds(lasts),
        probability=probability,
        seed=fields.integer("seed", least=0) if fields.has("seed") else 0,
    )


def _read_match(fields: Fields) -> Match:
    try:
        path = re.compile(fields.text("path_regex", length=(0, 1000)) if fields.has("path_regex") else "")
    except (re.error, OverflowError, RecursionError) as error:
        raise Refusal(21405, f"path_regex: {error}") from error
    return Match(
        method=fields.text("method").upper() if fields.has("method") else "",
        path=path,
        context=fields.text("context", length=(1, 100)) if fields.has("context") else "",
    )


def _read_effect(fields: Fields) -> Effect:
    action = Action(fields.choice("action", Action))
    form = RetryAfter(fields.choice("as", RetryAfter)) if fields.has("as") else RetryAfter.SECONDS
    needed = _NUMBERS.get(action)
    number = 0.0
    if needed is not None and form is not RetryAfter.ABSENT:
        number = (
            _OPTIONAL[action] if action in _OPTIONAL and not fields.has(needed) else fields.number(needed)
        )
    if needed == "status" and number not in _OTHER_STATUSES:
        raise Refusal(21405, "status: an HTTP status of 3xx, 4xx or 5xx.")
    if number < 0 and action is not Action.SKEW:
        raise Refusal(21405, f"{needed}: not below 0.")
    return Effect(
        action=action,
        number=number,
        up_to=fields.number("up_to") if fields.has("up_to") else 0.0,
        location=_read_location(fields) if fields.has("location") else "",
        retry_after=form,
        changes=tuple(_read_change(item) for item in fields.children("changes"))
        if action is Action.REWRITE
        else (),
        operation=_read_operation(fields.child("operation"))
        if action in {Action.CONTROL, Action.CONTROL_AFTER}
        else None,
    )


def _read_location(fields: Fields) -> str:
    location = fields.text("location", length=(1, 2000))
    if not location.isascii() or not location.isprintable():
        raise Refusal(21405, "location: an address in printable ASCII.")
    return location


def _read_change(fields: Fields) -> Change:
    """A bare name is meant wherever it stands; a path begins at the whole, which may be written as `$`."""
    first, *rest = fields.text("at", length=(1, 500)).split(".")
    removes = fields.flag("remove")
    return Change(
        at=tuple(rest) if first == _WHOLE and rest else (first, *rest),
        anywhere=not rest,
        removes=removes,
        value=None if removes else fields.value("value"),
    )


def _read_operation(fields: Fields) -> Operation:
    path = fields.text("path", length=(1, 500))
    if not path.startswith(_CONTROL):
        raise Refusal(21405, f"operation.path: begins with {_CONTROL}")
    body = json.dumps(fields.value("body")).encode() if fields.has("body") else b"{}"
    return Operation(
        method=fields.text("method").upper() if fields.has("method") else "POST", path=path, body=body
    )


def show_lines(lines: list[Line], *, now: int) -> list[dict[str, object]]:
    return [_show_line(line, now=now) for line in lines]


def _show_line(line: Line, *, now: int) -> dict[str, object]:
    steps = [_show_fault(step, now=now) for step in line.steps]
    shown = (
        steps[0] if len(steps) == 1 else {"sequence": steps, "hits": sum(step.hits for step in line.steps)}
    )
    return {**shown, "script": line.script} if line.script else shown


def _show_fault(fault: Fault, *, now: int) -> dict[str, object]:
    effect = fault.effect
    needed = _NUMBERS.get(effect.action)
    operation = effect.operation
    return without_empty(
        {
            "match": without_empty(
                {
                    "method": fault.match.method or None,
                    "path_regex": fault.match.path.pattern,
                    "context": fault.match.context or None,
                }
            ),
            "action": effect.action.value,
            **({needed: effect.number} if needed else {}),
            "up_to": effect.up_to or None,
            "location": effect.location or None,
            "as": effect.retry_after.value if effect.action is Action.LIMITED else None,
            "changes": [_show_change(change) for change in effect.changes] or None,
            "operation": {
                "method": operation.method,
                "path": operation.path,
                "body": json.loads(operation.body),
            }
            if operation
            else None,
            "times": fault.times,
            "after": fault.after,
            "for_seconds": fault.lasting / 1000 or None,
            "probability": fault.probability if fault.probability < 1 else None,
            "seed": fault.seed or None,
            "began": iso_or_none(fault.began_at),
            "seen": fault.seen,
            "hits": fault.hits,
            "spent": fault.is_spent(now),
        }
    )


def _show_change(change: Change) -> dict[str, object]:
    path = (_WHOLE, *change.at) if len(change.at) == 1 and not change.anywhere else change.at
    shown: dict[str, object] = {"at": ".".join(path)}
    return {**shown, "remove": True} if change.removes else {**shown, "value": change.value}
