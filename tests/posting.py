"""What a browser posts from the invoice editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.builders import today

if TYPE_CHECKING:
    import uuid

    from tests.people import Person

type Line = tuple[str, str, str, str, str, str]

COLUMNS = ("name", "unit", "quantity", "price", "discount", "rate")
WORK: Line = ("Montaż baterii", "szt.", "1", "100", "", "23")


def editor_data(*lines: Line, **changes: Any) -> dict[str, Any]:
    """The fields of the form: today's date, a transfer, the lines given, nobody as buyer."""
    columns = {f"line_{name}": [line[index] for line in lines] for index, name in enumerate(COLUMNS)}
    return {
        "contractor": "",
        "issue_date": today().isoformat(),
        "supply_date": "",
        "method": "net",
        "exemption_kind": "act",
        "exemption_text": "",
        "payment_form": "6",
        "due_date": "",
        "bank_account": "",
        "note": "",
        "nowy-kind": "domestic",
        "nowy-country": "PL",
        "action": "save",
        **columns,
        **changes,
    }


def new_url(person: Person) -> str:
    return f"/{person.company.slug}/faktury/nowa/"


def totals_url(person: Person) -> str:
    return f"/{person.company.slug}/faktury/sumy/"


def invoice_url(person: Person, invoice_id: uuid.UUID, page: str) -> str:
    return f"/{person.company.slug}/faktury/{invoice_id}/{page}/"
