"""The parts of XML signatures: what a reference points at, how it is transformed and digested (section 2.2)."""

import base64
from typing import Final

from lxml import etree

from ksef.simulator.access.algorithms import bad_signature, has_digest
from ksef.simulator.access.document import parse, read_document

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
_EC: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_FILTER2: Final = "http://www.w3.org/2002/06/xmldsig-filter2"
NS: Final = {"ds": DS, "xades": XADES, "ec": _EC, "filter2": _FILTER2}

_EXCLUSIVE: Final = frozenset({_EC, f"{_EC}WithComments"})
_INCLUSIVE: Final = frozenset(
    {
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        # It differs from 1.0 in attributes of the xml namespace only, and documents with those are refused.
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    }
)
_CANONICAL: Final = _EXCLUSIVE | _INCLUSIVE
_DEFAULT: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_ENVELOPED: Final = f"{DS}enveloped-signature"
_BASE64: Final = f"{DS}base64"
_XPATH: Final = "http://www.w3.org/TR/1999/REC-xpath-19991116"
# The expressions in use for "everything but the signature", with ds for whatever prefix they choose.
_XPATH_OUTSIDE: Final = frozenset({"not(ancestor-or-self::ds:Signature)"})
_SUBTRACTED: Final = frozenset(
    {
        "/descendant::ds:Signature",
        "/descendant-or-self::ds:Signature",
        "//ds:Signature",
        "here()/ancestor::ds:Signature",
        "here()/ancestor::ds:Signature[1]",
        "here()/ancestor::ds:Signature[last()]",
    }
)
_MOST_TRANSFORMS: Final = 5
_MOST_PREFIXES: Final = 20


def dereference(root: etree._Element, *, uri: str | None) -> etree._Element:
    """Return the element a same-document reference means; anything outside the document is refused (detached)."""
    if uri == "":
        return root
    name = (uri or "").removeprefix("#")
    found = [node for node in root.iter(etree.Element) if name and name in _names(node)]
    # An ambiguous name is how signatures are wrapped around other content.
    if uri is None or not uri.startswith("#") or len(found) != 1:
        raise bad_signature(f"nie można ustalić treści wskazanej przez {uri!r}")
    return found[0]


def _names(node: etree._Element) -> tuple[str | None, ...]:
    return node.get("Id"), node.get("ID"), node.get("id")


def transforms_of(reference: etree._Element) -> list[etree._Element]:
    found = reference.findall("ds:Transforms/ds:Transform", NS)
    if len(found) > _MOST_TRANSFORMS:
        raise bad_signature("zbyt wiele przekształceń")
    return found


def is_base64(transform: etree._Element) -> bool:
    return transform.get("Algorithm") == _BASE64


def transformed(target: etree._Element, *, reference: etree._Element) -> bytes:
    """Apply the transforms in their order: an element until one makes octets of it, octets from then on."""
    # A same-document reference leaves comments out, whatever the canonicalization says (XMLDSig 4.4.3.3).
    content: etree._Element | bytes = alone(target)
    etree.strip_tags(content, etree.Comment)
    for transform in transforms_of(reference):
        content = _apply(transform, content)
    return content if isinstance(content, bytes) else _canonical(content, algorithm=_DEFAULT)


def _apply(transform: etree._Element, content: etree._Element | bytes) -> etree._Element | bytes:
    algorithm = transform.get("Algorithm", "")
    if algorithm in _CANONICAL:
        node = content if isinstance(content, etree._Element) else read_document(content)  # noqa: SLF001 - lxml exports the class only so.
        return _canonical(node, algorithm=algorithm, prefixes=_inclusive_prefixes(transform))
    if algorithm == _BASE64:
        return decode(content.decode("ascii", "replace") if isinstance(content, bytes) else _text(content))
    if isinstance(content, bytes) or not _takes_signature_out(transform):
        raise bad_signature(f"niedozwolone przekształcenie {algorithm}")
    return _without_signature(content)


def _takes_signature_out(transform: etree._Element) -> bool:
    algorithm = transform.get("Algorithm")
    if algorithm == _ENVELOPED:
        return True
    if algorithm == _XPATH:
        expressions = transform.findall("ds:XPath", NS)
        return len(expressions) == 1 and _unprefixed(expressions[0]) in _XPATH_OUTSIDE
    if algorithm == _FILTER2:
        expressions = transform.findall("filter2:XPath", NS)
        return bool(expressions) and all(
            expression.get("Filter") == "subtract" and _unprefixed(expression) in _SUBTRACTED
            for expression in expressions
        )
    return False


def _unprefixed(expression: etree._Element) -> str:
    """Return an expression without spaces, and with ds for the prefix that means XML signatures there."""
    text = "".join((expression.text or "").split())
    for prefix, namespace in expression.nsmap.items():
        if prefix is not None and namespace == DS:
            text = text.replace(f"::{prefix}:", "::ds:").replace(f"//{prefix}:", "//ds:")
    bound = expression.nsmap.get("ds", DS) == DS
    return text if bound else ""


def _without_signature(content: etree._Element) -> etree._Element:
    """Take the one signature out; it stays a mistake to ask for that where there is none."""
    found = list(content.iter(f"{{{DS}}}Signature"))
    parent = found[0].getparent() if len(found) == 1 else None
    if parent is None:
        raise bad_signature("przekształcenie nie ma podpisu do pominięcia")
    signature = found[0]
    previous = signature.getprevious()
    if previous is not None:
        previous.tail = (previous.tail or "") + (signature.tail or "")
    else:
        parent.text = (parent.text or "") + (signature.tail or "")
    signature.tail = None
    parent.remove(signature)
    return content


def canonical_signed_info(info: etree._Element, *, method: etree._Element) -> bytes:
    algorithm = method.get("Algorithm", "")
    if algorithm not in _CANONICAL:
        raise bad_signature("niedozwolona kanonizacja")
    return _canonical(alone(info), algorithm=algorithm, prefixes=_inclusive_prefixes(method))


def alone(node: etree._Element) -> etree._Element:
    """Return a copy as a document of its own that keeps the namespaces in scope."""
    return parse(etree.tostring(node, with_tail=False))


def _canonical(node: etree._Element, *, algorithm: str, prefixes: list[str] | None = None) -> bytes:
    try:
        return etree.tostring(
            node,
            method="c14n",
            exclusive=algorithm in _EXCLUSIVE,
            with_comments=algorithm.endswith("WithComments"),
            inclusive_ns_prefixes=prefixes,
        )
    except etree.C14NError as error:  # A relative namespace, for one, has no canonical form.
        raise bad_signature("treści nie można zapisać kanonicznie") from error


def _inclusive_prefixes(method: etree._Element) -> list[str] | None:
    found = method.find("ec:InclusiveNamespaces", NS)
    prefixes = [] if found is None else str(found.get("PrefixList", "")).split()
    if len(prefixes) > _MOST_PREFIXES:
        raise bad_signature("zbyt wiele przedrostków przestrzeni nazw")
    return prefixes or None


def digest_fits(parent: etree._Element, content: bytes) -> bool:
    method = only(parent, "ds:DigestMethod")
    value = decode(_text(only(parent, "ds:DigestValue")))
    return has_digest(content, method=method.get("Algorithm", ""), value=value)


def only(parent: etree._Element, path: str) -> etree._Element:
    """Return the one element at the path; none and several are both a bad signature."""
    found = parent.findall(path, NS)
    if len(found) != 1:
        raise bad_signature(f"oczekiwano jednego elementu {path.rpartition(':')[2]}")
    return found[0]


def text_of(parent: etree._Element, path: str) -> str:
    return _text(only(parent, path))


def _text(element: etree._Element) -> str:
    return str(element.xpath("string()"))


def decode(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise bad_signature("nieprawidłowe Base64") from error
