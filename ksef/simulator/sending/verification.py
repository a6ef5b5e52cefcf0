"""What KSeF checks in an invoice beyond asking who sends it (section 13): bytes in, a verdict out."""

from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from lxml import etree

from ksef.simulator.flavours import FA_3, Form
from ksef.simulator.identifiers import has_valid_digits
from ksef.simulator.limits.effective import SessionLimits
from ksef.simulator.numbers import has_valid_check_digit
from ksef.simulator.sending.facts import Facts, read_facts
from ksef.simulator.sending.forms import STRUCTURES, Structure
from ksef.simulator.sending.rejected import Rejected
from ksef.simulator.sending.schemas import find_schema
from ksef.simulator.sending.wellformed import check_size, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Facts", "Rejected", "check_dates", "check_identifiers", "read_invoice"]

_SHOWN_ERRORS: Final = 10


class _Entry(Protocol):
    """A line of lxml's error log, which its stubs leave out."""

    line: int
    message: str


def read_invoice(
    content: bytes, *, limits: SessionLimits, form: Form = FA_3, schemas: Path | None = None
) -> Facts:
    """Return the facts of a well-formed, valid document of this form; Rejected 430 otherwise."""
    structure = STRUCTURES[form]
    root = parse(content, limits=limits)
    _check_form(root, structure)
    _check_schema(root, find_schema(structure, folder=schemas))
    facts = read_facts(root, structure)
    check_size(content, limits=limits, has_attachment=facts.has_attachment)
    return facts


def check_dates(facts: Facts, *, accepted_on: date) -> None:
    """P_1 may not be later than the day of acceptance in Poland; Rejected 450."""
    if facts.issue_date > accepted_on:
        field = STRUCTURES[facts.form].issue_date
        raise Rejected(
            450,
            f"Data wystawienia faktury ({field}: {facts.issue_date}) nie może być późniejsza"
            f" niż data przyjęcia faktury w systemie KSeF ({accepted_on}).",
        )


def check_identifiers(facts: Facts) -> None:
    """Check digits of every NIP and internal identifier, where the environment or the session asks; Rejected 450."""
    wrong = [f"Nieprawidłowy numer NIP: {nip}." for nip in facts.nips if not has_valid_check_digit(nip)]
    wrong += [
        f"Nieprawidłowy identyfikator wewnętrzny: {internal_id}."
        for internal_id in facts.internal_ids
        if not has_valid_digits("InternalId", internal_id, checks_nip=False)
    ]
    if wrong:
        raise Rejected(450, *dict.fromkeys(wrong))


def _check_form(root: etree._Element, structure: Structure) -> None:
    """The session has declared one structure; a document of another is refused before its schema is asked."""
    expected = f"{{{structure.namespace}}}Faktura"
    if root.tag != expected:
        raise Rejected(
            430,
            f"Niezgodność ze schematem XSD {structure.name}: oczekiwano elementu {expected},"
            f" otrzymano {root.tag}.",
        )
    code = root.find(f"{{{structure.namespace}}}Naglowek/{{{structure.namespace}}}KodFormularza")
    system_code, version, _value = structure.form
    declared = (None, None) if code is None else (code.get("kodSystemowy"), code.get("wersjaSchemy"))
    if declared != (system_code, version):
        raise Rejected(430, f"Niezgodność ze schematem XSD: KodFormularza musi wskazywać {system_code}.")


def _check_schema(root: etree._Element, schema: etree.XMLSchema | None) -> None:
    if schema is None or schema.validate(root):
        return
    log = cast("Iterable[_Entry]", schema.error_log)
    shown = (f"Niezgodność ze schematem XSD, wiersz {entry.line}: {entry.message}" for entry in log)
    raise Rejected(430, *islice(shown, _SHOWN_ERRORS))
