"""Control of outages: planning and ending them, and breaking the lighthouse."""

from dataclasses import replace
from http import HTTPStatus
from typing import Final

from ksef.simulator.errors import Elsewhere, Refusal
from ksef.simulator.messages import Fields, Response, json_response, no_content
from ksef.simulator.outages.lighthouse import Mode, messages_of, read_mode, set_mode
from ksef.simulator.outages.records import (
    USUAL,
    Api,
    Category,
    Outage,
    drop_outages,
    find_outage,
    list_outages,
    save_outage,
)
from ksef.simulator.routing import Call, Route
from ksef.simulator.world import as_milliseconds, iso, iso_or_none, to_milliseconds

_TITLES: Final = {
    Category.MAINTENANCE: "Prace serwisowe KSeF",
    Category.FAILURE: "Awaria KSeF",
    Category.TOTAL_FAILURE: "Awaria całkowita KSeF",
}
_LENGTH: Final = (1, 4000)
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2999


def show_outages(call: Call) -> Response:
    """Show the planned and past outages, each with the messages published so far, and how the lighthouse is."""
    outages = [_as_json(outage, now=call.now) for outage in list_outages(call.world.store)]
    return json_response({"outages": outages, "lighthouse": read_mode(call.world.store).value})


def add_outages(call: Call) -> Response:
    """Plan more outages: `{"outages": [{"category": "FAILURE", "start": 0, "end": 3600}]}`."""
    for fields in Fields.of(call.request).children("outages"):
        save_outage(call.world.store, _read(fields, now=call.now))
    return show_outages(call)


def replace_outages(call: Call) -> Response:
    """Plan these outages instead of all others."""
    drop_outages(call.world.store)
    return add_outages(call)


def change_outage(call: Call) -> Response:
    """Change one outage by its event, such as `{"end": 0}` to end it now; other words make another version."""
    outage = find_outage(call.world.store, call.parts["event"])
    if outage is None:
        raise Elsewhere(HTTPStatus.NOT_FOUND)
    save_outage(call.world.store, _changed(outage, Fields.of(call.request), now=call.now))
    return show_outages(call)


def clear_outages(call: Call) -> Response:
    """Forget all outages, and their messages."""
    drop_outages(call.world.store)
    return no_content()


def show_lighthouse(call: Call) -> Response:
    """Show how the lighthouse is."""
    return json_response({"mode": read_mode(call.world.store).value})


def set_lighthouse(call: Call) -> Response:
    """Make the lighthouse `works`, `red` (as TEST's always is), `gateway` (502), `nonsense` or `silent`."""
    set_mode(call.world.store, Mode(Fields.of(call.request).choice("mode", Mode)))
    return show_lighthouse(call)


def _read(fields: Fields, *, now: int) -> Outage:
    category = Category(fields.choice("category", Category))
    api, status = USUAL[category]
    start = _moment(fields, "start", now=now) if fields.has("start") else now
    outage = Outage(
        id=0,
        category=category,
        title=_TITLES[category],
        text=_TITLES[category],
        starts_at=start,
        ends_at=None,
        announced_at=min(now, start) if category == Category.MAINTENANCE else start,
        end_announced_at=None,
        version=0,
        api=api,
        status=status,
    )
    return _changed(outage, fields, now=now)


def _changed(outage: Outage, fields: Fields, *, now: int) -> Outage:
    """Return the outage with what `fields` says; what is told by its first message makes a new version of it."""
    changed = replace(
        outage,
        title=fields.text("title", length=_LENGTH) if fields.has("title") else outage.title,
        text=fields.text("text", length=_LENGTH) if fields.has("text") else outage.text,
        starts_at=_moment(fields, "start", now=now) if fields.has("start") else outage.starts_at,
        api=fields.choice("api", Api) if fields.has("api") else outage.api,
        status=fields.integer("status", least=500, most=599) if fields.has("status") else outage.status,
    )
    if fields.has("end"):
        end = _moment(fields, "end", now=now)
        changed = replace(changed, ends_at=end, end_announced_at=end)
    if fields.has("announced"):
        changed = replace(changed, announced_at=_moment(fields, "announced", now=now))
    if fields.has("endAnnounced"):
        changed = replace(changed, end_announced_at=_moment(fields, "endAnnounced", now=now))
    if changed.ends_at is not None and changed.ends_at < changed.starts_at:
        raise Refusal(21405, "end: an outage ends after its start.")
    if not outage.version:
        return replace(changed, version=1)
    return (
        replace(changed, version=outage.version + 1, announced_at=now)
        if _tells(changed) != _tells(outage)
        else changed
    )


def _tells(outage: Outage) -> tuple[object, ...]:
    end = outage.ends_at if outage.category == Category.MAINTENANCE else None
    return outage.title, outage.text, outage.starts_at, end


def _moment(fields: Fields, name: str, *, now: int) -> int:
    """Read a moment of ISO 8601, or a number of seconds from now."""
    if not isinstance(dict(fields.items())[name], str):
        return now + as_milliseconds(fields.number(name))
    moment = fields.moment(name)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise Refusal(21405, f"{name}: a year from {_FIRST_YEAR} to {_LAST_YEAR}.")
    return to_milliseconds(moment)


def _as_json(outage: Outage, *, now: int) -> dict[str, object]:
    return {
        "event": outage.id,
        "category": outage.category,
        "title": outage.title,
        "text": outage.text,
        "start": iso(outage.starts_at),
        "end": iso_or_none(outage.ends_at),
        "announced": iso(outage.announced_at),
        "endAnnounced": iso_or_none(outage.end_announced_at),
        "api": outage.api,
        "status": outage.status,
        "lasts": outage.lasts_at(now),
        "messages": [message.body for message in messages_of(outage, now=now)],
    }


OUTAGE_ROUTES: Final = (
    Route("GET", "/_control/outages", show_outages),
    Route("POST", "/_control/outages", add_outages),
    Route("PUT", "/_control/outages", replace_outages),
    Route("DELETE", "/_control/outages", clear_outages),
    Route("POST", "/_control/outages/{event}", change_outage),
    Route("GET", "/_control/lighthouse", show_lighthouse),
    Route("POST", "/_control/lighthouse", set_lighthouse),
)
