"""The lighthouse (Latarnia): it tells whether KSeF works, by messages that people have published (section 1)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ksef.simulator.faults import ConnectionDropped
from ksef.simulator.messages import Response, json_response, without_empty
from ksef.simulator.outages.records import Category, Outage, list_outages
from ksef.simulator.routing import Call
from ksef.simulator.state import Store
from ksef.simulator.world import iso, iso_or_none, warsaw_date


class Mode(StrEnum):
    """How the lighthouse itself is; it had outages of its own."""

    WORKS = "works"
    RED = "red"  # As TEST's: a total failure that never ends and means nothing.
    GATEWAY = "gateway"  # 502 with a gateway's HTML.
    NONSENSE = "nonsense"  # 200 with JSON that is not what was promised.
    SILENT = "silent"  # The connection is closed without an answer.


_ORDER: Final = (Category.TOTAL_FAILURE, Category.FAILURE, Category.MAINTENANCE)
_NONSENSE: Final = {"status": "PURPLE", "messages": "none"}
_GATEWAY: Final = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
_DUMMY: Final = Outage(
    id=1,
    category=Category.TOTAL_FAILURE,
    title="Awaria całkowita KSeF (komunikat testowy)",
    text="Komunikat testowy. Nie oznacza niedostępności środowiska testowego.",
    starts_at=1_767_222_000_000,  # The first moment of 2026 in Warsaw.
    ends_at=None,
    announced_at=1_767_222_000_000,
    end_announced_at=None,
    version=1,
    api="works",
    status=503,
)


@dataclass(frozen=True, slots=True)
class Message:
    """One published message; those of one outage share its event."""

    published: int
    body: dict[str, object]


def read_mode(store: Store) -> Mode:
    row = store.row("SELECT mode FROM lighthouse")
    return Mode.WORKS if row is None else Mode(row["mode"])


def set_mode(store: Store, mode: Mode) -> None:
    store.run("INSERT OR REPLACE INTO lighthouse (id, mode) VALUES (1, ?)", mode.value)


def show_status(call: Call) -> Response:
    """GET /latarnia/status."""
    broken = _answer_when_broken(call)
    if broken is not None:
        return broken
    told = [outage for outage in _outages(call) if outage.is_told_at(call.now)]
    status = next(
        (category for category in _ORDER if any(outage.category == category for outage in told)), None
    )
    if status is None:
        return json_response({"status": "AVAILABLE"})
    bodies = [message.body for outage in told for message in messages_of(outage, now=call.now)]
    return json_response({"status": status.value, "messages": bodies})


def show_messages(call: Call) -> Response:
    """GET /latarnia/messages: everything that was published, the newest first."""
    broken = _answer_when_broken(call)
    if broken is not None:
        return broken
    found = [message for outage in _outages(call) for message in messages_of(outage, now=call.now)]
    found.sort(key=lambda message: message.published, reverse=True)
    return json_response([message.body for message in found])


def _outages(call: Call) -> list[Outage]:
    red = [_DUMMY] if read_mode(call.world.store) is Mode.RED else []
    return [*red, *list_outages(call.world.store)]


def _answer_when_broken(call: Call) -> Response | None:
    match read_mode(call.world.store):
        case Mode.GATEWAY:
            return Response(502, "text/html", _GATEWAY)
        case Mode.NONSENSE:
            return json_response(_NONSENSE)
        case Mode.SILENT:
            raise ConnectionDropped(served=False)
        case _:
            return None


def messages_of(outage: Outage, *, now: int) -> list[Message]:
    """Return what has been published of this outage by now: an announcement, or a start and then an end."""
    if outage.category == Category.MAINTENANCE:
        told = [
            _message(
                outage,
                kind="MAINTENANCE_ANNOUNCEMENT",
                published=outage.announced_at,
                end=outage.ends_at,
                number=f"PRS/{outage.id:02d}",
            )
        ]
    else:
        told = [
            _message(outage, kind="FAILURE_START", published=outage.announced_at, number=_failure(outage, 1))
        ]
        if outage.end_announced_at is not None:
            told.append(
                _message(
                    outage,
                    kind="FAILURE_END",
                    published=outage.end_announced_at,
                    end=outage.ends_at,
                    number=_failure(outage, 0),
                )
            )
    return [message for message in told if message.published <= now]


def _failure(outage: Outage, is_start: int) -> str:
    return f"AWR/{2 * outage.id - is_start:02d}"


def _message(outage: Outage, *, kind: str, published: int, number: str, end: int | None = None) -> Message:
    body = {
        "id": f"K/{warsaw_date(published).year}/{number}",
        "eventId": outage.id,
        "category": outage.category,
        "type": kind,
        "title": outage.title,
        "text": outage.text,
        "start": iso(outage.starts_at),
        "end": iso_or_none(end),
        "version": outage.version if kind != "FAILURE_END" else 1,
        "published": iso(published),
    }
    return Message(published, without_empty(body))
