"""Seller, buyer and everybody else a document names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from invoices.selectors.rendering.model import Fact, Party
from invoices.selectors.rendering.sections import take_rest

if TYPE_CHECKING:
    from invoices.selectors.rendering.reading import Reading
    from ksef.papers.tree import Node

_IDENTITY: Final = "DaneIdentyfikacyjne"
_CONTACTS: Final = ("Email", "Telefon", "EmailPU", "TelefonPU")
_BEFORE_CORRECTION: Final = ("Podmiot1K", "Podmiot2K")


def find_party(reading: Reading, name: str) -> Party | None:
    node = reading.root.child(name)
    return _party(reading, node) if node else None


def list_others(reading: Reading, invoice: Node | None) -> tuple[Party, ...]:
    """Third parties by their roles, who was authorised, and the parties as they were before a correction."""
    third = (*reading.root.named("Podmiot3"), *reading.root.named("PodmiotUpowazniony"))
    before = [node for name in _BEFORE_CORRECTION for node in (invoice.named(name) if invoice else ())]
    return tuple(_party(reading, node) for node in (*third, *before))


def _party(reading: Reading, node: Node) -> Party:
    role = reading.take(node, "Rola") or reading.take(node, "OpisRoli") or reading.take(node, "RolaPU")
    if role:
        reading.take_flag(node, "RolaInna")
    name = reading.take(node, f"{_IDENTITY}/Nazwa")
    identifier = _identifier(reading, node)
    address = _address(reading, node.child("Adres"))
    contacts = tuple(
        text for contact in node.named("DaneKontaktowe") for text in _texts(reading, contact) if text
    )
    elsewhere = ", ".join(_address(reading, node.child("AdresKoresp")))
    letters = (Fact(reading.words.label("AdresKoresp"), elsewhere),) if elsewhere else ()
    return Party(
        heading=role or reading.words.label(node.name),
        name=name,
        identifier=identifier,
        address=address,
        contacts=contacts,
        details=(*letters, *take_rest(reading, node)),
    )


def _texts(reading: Reading, contact: Node) -> list[str]:
    return [reading.take(contact, name) for name in _CONTACTS]


def _identifier(reading: Reading, node: Node) -> str:
    """The one of the ways to identify a party that was used (ksef-protocol 15.2)."""
    words, identity = reading.words, node.child(_IDENTITY)
    if nip := reading.take(identity, "NIP"):
        return f"NIP {reading.take(node, 'PrefiksPodatnika')}{nip}"
    if number := reading.take(identity, "NrVatUE"):
        return f"{words['vat_eu']} {reading.take(identity, 'KodUE')}{number}"
    if number := reading.take(identity, "NrID"):
        country = reading.take(identity, "KodKraju")
        return f"{words['foreign_id']} {number}" + (f", {country}" if country else "")
    if number := reading.take(identity, "IDWew"):
        return f"{words.label('IDWew')} {number}"
    return ""


def _address(reading: Reading, address: Node | None) -> tuple[str, ...]:
    """The lines of an address, the country behind the last of them."""
    lines = [text for name in ("AdresL1", "AdresL2") if (text := reading.take(address, name))]
    country = reading.take(address, "KodKraju")
    if country and lines:
        lines[-1] = f"{lines[-1]}, {country}"
    return tuple(lines or ([country] if country else []))
