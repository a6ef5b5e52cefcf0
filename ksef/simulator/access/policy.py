"""AuthorizationPolicy: the addresses from which an access token may be used (sections 2.2 and 2.3)."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Final

from lxml import etree

from ksef.simulator.errors import Refusal
from ksef.simulator.messages import Fields

_OCTET: Final = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]|[0-9])"
_ADDRESS: Final = rf"({_OCTET}\.){{3}}{_OCTET}"
_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class _Form:
    """One way of naming addresses: its element, its member of the JSON body and its pattern."""

    element: str
    member: str
    pattern: re.Pattern[str]


_FORMS: Final = (
    _Form("Ip4Address", "ip4Addresses", re.compile(_ADDRESS)),
    _Form("Ip4Range", "ip4Ranges", re.compile(f"{_ADDRESS}-{_ADDRESS}")),
    _Form("Ip4Mask", "ip4Masks", re.compile(rf"{_ADDRESS}/(0|[1-9]|[12][0-9]|3[0-2])")),
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Ranges of addresses, both ends included; without any, every address will do."""

    ranges: tuple[tuple[int, int], ...] = ()

    def allows(self, client_ip: str) -> bool:
        if not self.ranges:
            return True
        try:
            address = int(IPv4Address(client_ip))
        except AddressValueError:
            return False
        return any(low <= address <= high for low, high in self.ranges)

    def as_text(self) -> str:
        return json.dumps(self.ranges)


def policy_from_text(text: str) -> Policy:
    return Policy(tuple((low, high) for low, high in json.loads(text)))


def policy_of_element(policy: etree._Element) -> Policy:
    """Read the element of the signed request; Refusal 21401."""
    children = _children(policy)
    if [name for name, _ in children] != ["AllowedIps"]:
        raise Refusal(21401, "AuthorizationPolicy: oczekiwano elementu AllowedIps.")
    elements = _children(children[0][1])
    names = [name for name, _ in elements]
    order = [form.element for form in _FORMS for name in names if name == form.element]
    if names != order:
        raise Refusal(21401, f"AllowedIps: nieoczekiwane elementy: {', '.join(names)}.")
    texts = [(element.text or "").strip() for _, element in elements]
    lists = [
        [text for name, text in zip(names, texts, strict=True) if name == form.element] for form in _FORMS
    ]
    return _policy(lists, code=21401)


def _children(parent: etree._Element) -> list[tuple[str, etree._Element]]:
    """Return the elements with their names, which are whole where the namespace is not the parent's."""
    prefix = f"{{{etree.QName(parent).namespace}}}"
    return [(str(child.tag).removeprefix(prefix), child) for child in parent.iterchildren(etree.Element)]


def policy_of_body(fields: Fields) -> Policy:
    """Read `authorizationPolicy` of the JSON body; Refusal 21405."""
    policy = fields.optional_child("authorizationPolicy")
    allowed = policy.optional_child("allowedIps") if policy is not None else None
    if allowed is None:
        return Policy()
    lists = [allowed.texts(form.member) if allowed.has(form.member) else [] for form in _FORMS]
    return _policy(lists, code=21405)


def _policy(lists: Iterable[list[str]], *, code: int) -> Policy:
    ranges: list[tuple[int, int]] = []
    for form, values in zip(_FORMS, lists, strict=True):
        if len(values) > _MOST:
            raise Refusal(code, f"{form.element}: co najwyżej {_MOST} wartości.")
        for value in values:
            found = _range(value) if form.pattern.fullmatch(value) else None
            if found is None:
                raise Refusal(code, f"{form.element}: nieprawidłowa wartość {value}.")
            ranges.append(found)
    return Policy(tuple(ranges))


def _range(value: str) -> tuple[int, int] | None:
    """Return both ends, or None for a range that ends before it begins."""
    if "/" in value:
        network = IPv4Network(value, strict=False)
        return int(network.network_address), int(network.broadcast_address)
    first, _, last = value.partition("-")
    low, high = int(IPv4Address(first)), int(IPv4Address(last or first))
    return (low, high) if low <= high else None
