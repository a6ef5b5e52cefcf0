"""Finding collective identifiers, and the invoices behind them, for those whom they concern (section 7.5)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields, Response, json_response, without_empty
from ksef.simulator.paging import Page, read_page
from ksef.simulator.reading.filters import KSEF_NUMBER, LONGEST_RANGE, Condition
from ksef.simulator.reading.search import has_role
from ksef.simulator.routing import Call
from ksef.simulator.world import WARSAW, iso, to_milliseconds

_LARGEST_PAGE: Final = 200
_LARGEST_PAGE_OF_INVOICES: Final = 500
_MOST_NUMBERS: Final = 10
_MOST_COUNTED: Final = 2**31 - 1
_MINE: Final = "context_type = ? AND context = ?"
_FROM: Final = f"SELECT *, ({_MINE}) AS mine FROM collective_identifiers"  # noqa: S608 - constants.
_ORDER: Final = "ORDER BY created_at DESC, number DESC LIMIT ? OFFSET ?"


def query_identifiers(call: Call) -> Response:
    """POST /collective-identifiers/query: made in this context, and those in which a company is the seller."""
    page = read_page(call, low=10, high=_LARGEST_PAGE)
    conditions = [_visible(call), *_read_conditions(call, Fields.of(call.request))]
    where = " AND ".join(text for text, _ in conditions)
    values = [value for _, some in conditions for value in some]
    rows = call.world.store.rows(
        f"{_FROM} WHERE {where} {_ORDER}", *call.caller.context, *values, page.size + 1, page.start
    )
    return _answer(page, rows, name="collectiveIdentifiers", show=_with_count)


def list_identifiers_of_invoice(call: Call) -> Response:
    """GET /collective-identifiers/ksef/{ksefNumber}: all of them for whom the invoice names, else one's own."""
    page = read_page(call, low=10, high=_LARGEST_PAGE)
    number = call.parts["number"]
    if KSEF_NUMBER.fullmatch(number) is None:
        raise Refusal(21405, "ksefNumber: nieprawidłowy format.")
    own_only = "" if _is_party(call, number) else " AND mine"
    rows = call.world.store.rows(
        f"SELECT * FROM ({_FROM} JOIN collective_invoices USING (number) WHERE ksef_number = ?{own_only}) {_ORDER}",  # noqa: S608 - constants.
        *call.caller.context,
        number,
        page.size + 1,
        page.start,
    )
    return _answer(page, rows, name="collectiveIdentifiers", show=_identifier)


def list_invoices_of_identifiers(call: Call) -> Response:
    """POST /collective-identifiers/invoices: for whoever knows the number; the details are not for everybody."""
    page = read_page(call, low=10, high=_LARGEST_PAGE_OF_INVOICES)
    numbers = sorted(set(Fields.of(call.request).texts("collectiveIdentifierNumbers")))
    if not 1 <= len(numbers) <= _MOST_NUMBERS:
        raise Refusal(21405, f"collectiveIdentifierNumbers: wymagane jest od 1 do {_MOST_NUMBERS} numerów.")
    marks = ", ".join("?" for _ in numbers)
    rows = call.world.store.rows(
        f"SELECT collective_invoices.*, ({_MINE}) AS mine FROM collective_invoices"  # noqa: S608 - question marks.
        f" JOIN collective_identifiers USING (number) WHERE number IN ({marks})"
        " ORDER BY ksef_number DESC, number DESC LIMIT ? OFFSET ?",
        *call.caller.context,
        *numbers,
        page.size + 1,
        page.start,
    )
    return _answer(page, rows, name="invoices", show=lambda row: _invoice(call, row))


def _visible(call: Call) -> Condition:
    kind, value = call.caller.context
    if kind == "Nip":
        return f"({_MINE} OR seller = ?)", (kind, value, value)
    return _MINE, (kind, value)


def _read_conditions(call: Call, fields: Fields) -> Iterator[Condition]:
    low, high = fields.moment("dateCreatedFrom", zone=WARSAW), fields.moment("dateCreatedTo", zone=WARSAW)
    if not timedelta() <= high - low <= LONGEST_RANGE:
        raise Refusal(
            21405, f"dateCreatedFrom, dateCreatedTo: wymagany jest zakres do {LONGEST_RANGE.days} dni."
        )
    yield "created_at BETWEEN ? AND ?", (to_milliseconds(low), to_milliseconds(high))
    if fields.has("collectiveIdentifierNumber"):
        yield "number = ?", (fields.text("collectiveIdentifierNumber"),)
    for name, sign in (("invoiceCountFrom", ">="), ("invoiceCountTo", "<=")):
        if fields.has(name):
            yield f"invoice_count {sign} ?", (fields.integer(name, least=0, most=_MOST_COUNTED),)
    if fields.has("createdInCurrentContext"):
        yield f"({_MINE}) = ?", (*call.caller.context, int(fields.flag("createdInCurrentContext")))


def _answer(
    page: Page, rows: list[dict[str, Any]], *, name: str, show: Callable[[dict[str, Any]], dict[str, object]]
) -> Response:
    """One row more than a page has been read, to know whether another page follows."""
    token = page.next_token(page.start + len(rows))
    return json_response(
        without_empty({"continuationToken": token, name: [show(row) for row in rows[: page.size]]})
    )


def _identifier(row: dict[str, Any]) -> dict[str, object]:
    return {
        "collectiveIdentifierNumber": row["number"],
        "createdInCurrentContext": bool(row["mine"]),
        "dateCreated": iso(row["created_at"]),
    }


def _with_count(row: dict[str, Any]) -> dict[str, object]:
    return {**_identifier(row), "invoiceCount": row["invoice_count"]}


def _invoice(call: Call, row: dict[str, Any]) -> dict[str, object]:
    shown: dict[str, object] = {
        "ksefNumber": row["ksef_number"],
        "collectiveIdentifierNumber": row["number"],
        "detailsHidden": False,
    }
    payment = None if row["amount"] is None else {"amount": row["amount"], "currency": row["currency"]}
    has_details = payment is not None or row["description"] is not None
    if has_details and not row["mine"] and not _is_party(call, row["ksef_number"]):
        return {**shown, "detailsHidden": True}
    return without_empty({**shown, "payment": payment, "description": row["description"]})


def _is_party(call: Call, ksef_number: str) -> bool:
    store = call.world.store
    row = store.row("SELECT id, stored_at FROM invoices WHERE ksef_number = ?", ksef_number)
    if row is None:
        return False
    return has_role(store, invoice=row["id"], stored_at=row["stored_at"], owner=call.caller.context)
