"""What KSeF reads out of a valid invoice, for its rules and for the metadata it gives back (sections 7.1 and 15)."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final

from lxml import etree

from ksef.simulator.flavours import Form
from ksef.simulator.identifiers import PATTERNS
from ksef.simulator.sending.forms import STRUCTURES, Structure
from ksef.simulator.sending.rejected import Rejected

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_OTHER_ROLE: Final = 0


@dataclass(frozen=True, slots=True)
class Party:
    """Whoever the invoice names, as the API tells it: type is Nip, InternalId, VatUe, Other or None."""

    type: str
    value: str | None
    name: str | None
    role: int | None = None

    @property
    def nip(self) -> str | None:
        return self.value if self.type == "Nip" else None


@dataclass(frozen=True, slots=True)
class Facts:
    """`vat` is in PLN whatever the currency; `kind` is RodzajFaktury as the document spells it."""

    form: Form
    seller: str
    seller_name: str
    buyer: Party
    third_parties: tuple[Party, ...]
    authorized: Party | None
    kind: str
    number: str
    issue_date: date
    net: Decimal
    vat: Decimal
    gross: Decimal
    currency: str
    is_self_invoicing: bool
    has_attachment: bool

    @property
    def invoice_type(self) -> str:
        return STRUCTURES[self.form].types[self.kind]

    @property
    def nips(self) -> tuple[str, ...]:
        """Every NIP whose check digit counts (13.4), those inside internal identifiers included."""
        named = (self.buyer, *self.third_parties, *((self.authorized,) if self.authorized else ()))
        inside = (internal_id.partition("-")[0] for internal_id in self.internal_ids)
        return (self.seller, *(party.nip for party in named if party.nip), *inside)

    @property
    def internal_ids(self) -> tuple[str, ...]:
        parties = self.third_parties
        return tuple(party.value for party in parties if party.type == "InternalId" and party.value)


def read_facts(root: etree._Element, structure: Structure) -> Facts:
    """Return the facts; Rejected 430 where the document lacks one, which a schema would have found before."""
    source = _Source(root, structure)
    body = f"{structure.body}/"
    currency = source.required(f"{body}KodWaluty", _CURRENCY)
    kind = source.required(f"{body}RodzajFaktury")
    if kind not in structure.types:
        raise source.wrong(f"{body}RodzajFaktury")
    vat = structure.vat if currency == "PLN" else structure.vat_in_pln
    return Facts(
        form=structure.form,
        seller=source.required("Podmiot1/DaneIdentyfikacyjne/NIP", PATTERNS["Nip"]),
        seller_name=source.required("Podmiot1/DaneIdentyfikacyjne/Nazwa"),
        buyer=_read_buyer(source),
        third_parties=_read_third_parties(source),
        authorized=_read_authorized(source),
        kind=kind,
        number=source.required(f"{body}{structure.number}"),
        issue_date=_read_date(source, f"{body}{structure.issue_date}"),
        net=sum((source.amount(f"{body}{name}") for name in structure.net), Decimal()),
        vat=sum((source.amount(f"{body}{name}") for name in vat), Decimal()),
        gross=source.amount(f"{body}{structure.gross}", needed=True),
        currency=currency,
        is_self_invoicing=source.text(f"{body}Adnotacje/P_17") == "1",
        has_attachment=source.element("Zalacznik") is not None,
    )


class _Source:
    """Texts of a document by paths that leave its namespace out; a path is looked up once, not its every child."""

    def __init__(self, root: etree._Element, structure: Structure) -> None:
        self._root = root
        self._namespace = structure.namespace
        self._known: dict[str, dict[str, str]] = {}

    def element(self, path: str) -> etree._Element | None:
        return self._root.find(self._qualified(path))

    def inside(self, path: str) -> "list[etree._Element]":
        return self._root.findall(self._qualified(path))

    def text(self, path: str, *, of: etree._Element | None = None) -> str:
        """Return an element's text as xsd:token reads it: without surrounding or double spaces."""
        if of is not None:
            found = of.findtext(self._qualified(path))
        else:
            parent, _, name = path.rpartition("/")
            found = self._texts_in(parent).get(name)
        return " ".join((found or "").split())

    def _texts_in(self, parent: str) -> dict[str, str]:
        """Return the texts of the children of the first element at this path, the first of each name."""
        if parent not in self._known:
            element = self.element(parent) if parent else self._root
            start = len(self._namespace) + 2
            texts: dict[str, str] = {}
            # An invoice has forty such fields and ten thousand lines at most; only elements have a text for a name.
            for child in () if element is None else element.iterchildren(f"{{{self._namespace}}}*"):
                texts.setdefault(child.tag[start:], child.text or "")
            self._known[parent] = texts
        return self._known[parent]

    def required(self, path: str, pattern: re.Pattern[str] | None = None) -> str:
        found = self.text(path)
        if not found or (pattern is not None and pattern.fullmatch(found) is None):
            raise self.wrong(path)
        return found

    def amount(self, path: str, *, needed: bool = False) -> Decimal:
        found = self.text(path)
        if not found and not needed:
            return Decimal()
        try:
            value = Decimal(found)
        except InvalidOperation as error:
            raise self.wrong(path) from error
        if not value.is_finite():
            raise self.wrong(path)
        return value

    def wrong(self, path: str) -> Rejected:
        return Rejected(430, f"Element {path}: brak albo nieprawidłowa wartość.")

    def _qualified(self, path: str) -> str:
        return _qualified(self._namespace, path)


@cache
def _qualified(namespace: str, path: str) -> str:
    return "/".join(f"{{{namespace}}}{step}" for step in path.split("/"))


def _read_date(source: _Source, path: str) -> date:
    try:
        # An xsd:date may carry a time zone after its ten characters.
        return date.fromisoformat(source.required(path)[:10])
    except ValueError as error:
        raise source.wrong(path) from error


def _read_buyer(source: _Source) -> Party:
    buyer = source.element("Podmiot2")
    if buyer is None:
        raise source.wrong("Podmiot2")
    return _read_party(source, buyer)


def _read_third_parties(source: _Source) -> tuple[Party, ...]:
    return tuple(
        _read_party(source, element, role=_role(source, element, "Rola"))
        for element in source.inside("Podmiot3")
    )


def _read_authorized(source: _Source) -> Party | None:
    element = source.element("PodmiotUpowazniony")
    if element is None:
        return None
    return _read_party(source, element, role=_role(source, element, "RolaPU"))


def _role(source: _Source, element: etree._Element, name: str) -> int:
    """Return the role's number; one described in words (RolaInna) is 0."""
    text = source.text(name, of=element)
    return int(text) if text.isascii() and text.isdigit() else _OTHER_ROLE


def _read_party(source: _Source, element: etree._Element, *, role: int | None = None) -> Party:
    def text(name: str) -> str:
        return source.text(f"DaneIdentyfikacyjne/{name}", of=element)

    name = text("Nazwa") or None
    if nip := text("NIP"):
        return Party("Nip", nip, name, role)
    if internal_id := text("IDWew"):
        return Party("InternalId", internal_id, name, role)
    if vat_ue := text("NrVatUE"):
        return Party("VatUe", f"{text('KodUE')}{vat_ue}", name, role)
    if other := text("NrID"):
        return Party("Other", other, name, role)
    return Party("None", None, name, role)
