"""AuthTokenRequest 2.0 and 2.1, its shape checked here: the official schemas cannot serve as a gate (2.2)."""

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from ksef.simulator.access.policy import Policy, policy_of_element
from ksef.simulator.errors import Refusal
from ksef.simulator.identifiers import PATTERNS

_NAMESPACES: Final = ("http://ksef.mf.gov.pl/auth/token/2.0", "http://ksef.mf.gov.pl/auth/token/2.1")
_CHALLENGE: Final = re.compile(r"\d{8}-CR-[A-F0-9]{10}-[A-F0-9]{10}-[A-F0-9]{2}")
CONTEXTS: Final = {kind: PATTERNS[kind] for kind in ("Nip", "InternalId", "NipVatUe", "PeppolId")}
_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_SUBJECTS: Final = ("certificateSubject", "certificateFingerprint")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    challenge: str
    context_type: str
    context: str
    by_fingerprint: bool
    policy: Policy


def read_token_request(root: etree._Element) -> TokenRequest:
    """Read the signed document; Refusal 21401 with the reason."""
    name = etree.QName(root)
    if name.localname != "AuthTokenRequest" or name.namespace not in _NAMESPACES:
        raise _invalid("oczekiwano elementu AuthTokenRequest w wersji 2.0 lub 2.1")
    _check_plain(root)
    children = list(root.iterchildren(etree.Element))
    names = [_local(child, namespace=name.namespace) for child in children]
    required = ["Challenge", "ContextIdentifier", "SubjectIdentifierType"]
    if names not in (required, [*required, "AuthorizationPolicy"]):
        raise _invalid(f"nieoczekiwana kolejność elementów: {', '.join(names)}")
    contexts = list(children[1].iterchildren(etree.Element))
    if len(contexts) != 1:
        raise _invalid("ContextIdentifier musi mieć jeden element")
    return TokenRequest(
        challenge=_text(children[0], pattern=_CHALLENGE),
        context_type=_local(contexts[0], namespace=name.namespace),
        context=_context(contexts[0]),
        by_fingerprint=_subject_type(children[2]) == _SUBJECTS[1],
        policy=policy_of_element(children[3]) if len(children) > len(required) else Policy(),
    )


def _check_plain(root: etree._Element) -> None:
    """Nothing of other namespaces, no attributes but those of schema instances, no text between elements."""
    namespace = etree.QName(root).namespace
    for node in root.iter(etree.Element):
        if etree.QName(node).namespace != namespace:
            raise _invalid(f"nieoczekiwany element {node.tag}")
        if any(not str(key).startswith(_INSTANCE) for key in node.attrib):
            raise _invalid(f"nieoczekiwany atrybut elementu {etree.QName(node).localname}")
        inside = node.text if len(node) else None
        behind = None if node is root else node.tail
        if ((inside or "") + (behind or "")).strip():
            raise _invalid("tekst poza elementami")


def _context(element: etree._Element) -> str:
    pattern = CONTEXTS.get(etree.QName(element).localname)
    if pattern is None:
        raise _invalid("nieznany typ kontekstu")
    return _text(element, pattern=pattern)


def _subject_type(element: etree._Element) -> str:
    value = (element.text or "").strip()
    if value not in _SUBJECTS:
        raise _invalid("nieznany SubjectIdentifierType")
    return value


def _text(element: etree._Element, *, pattern: re.Pattern[str]) -> str:
    value = (element.text or "").strip()
    if len(element) or pattern.fullmatch(value) is None:
        raise _invalid(f"{etree.QName(element).localname}: wartość niezgodna ze wzorcem")
    return value


def _local(element: etree._Element, *, namespace: str | None) -> str:
    name = etree.QName(element)
    return name.localname if name.namespace == namespace else name.text


def _invalid(why: str) -> Refusal:
    return Refusal(21401, f"AuthTokenRequest: {why}.")
