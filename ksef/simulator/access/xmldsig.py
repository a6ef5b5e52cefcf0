"""The parts of XML signatures: what a reference points at, how it is transformed and digested (section 2.2)."""

import base64
import hashlib
import hmac
from typing import Final

from lxml import etree

from ksef.simulator.errors import Refusal

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
_EC: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
NS: Final = {"ds": DS, "xades": XADES, "ec": _EC}

EXCLUSIVE: Final = {_EC, f"{_EC}WithComments"}
INCLUSIVE: Final = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
}
_ENVELOPED: Final = f"{DS}enveloped-signature"
_XPATH: Final = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_XPATH_ENVELOPED: Final = "not(ancestor-or-self::ds:Signature)"

# SHA-1 is on KSeF's list too; a portal that used it would be wrong, so this witness refuses it.
_DIGESTS: Final = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    f"{MORE}sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-256": "sha3_256",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-384": "sha3_384",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-512": "sha3_512",
}


def dereference(root: etree._Element, *, uri: str | None) -> etree._Element:
    if uri == "":
        return root
    name = (uri or "").removeprefix("#")
    found = [node for node in root.iter(etree.Element) if name and name in (node.get("Id"), node.get("ID"))]
    # An ambiguous name is how signatures are wrapped around other content.
    if uri is None or not uri.startswith("#") or len(found) != 1:
        raise bad_signature(f"nie można ustalić treści wskazanej przez {uri!r}")
    return found[0]


def transformed(target: etree._Element, *, reference: etree._Element) -> bytes:
    without_signature = False
    exclusive, prefixes = False, None
    for transform in reference.iterfind("ds:Transforms/ds:Transform", NS):
        algorithm = transform.get("Algorithm", "")
        if algorithm == _ENVELOPED or _is_enveloped_xpath(transform):
            without_signature = True
        elif algorithm in EXCLUSIVE | INCLUSIVE:
            exclusive, prefixes = algorithm in EXCLUSIVE, inclusive_prefixes(transform)
        else:
            raise bad_signature(f"niedozwolone przekształcenie {algorithm}")
    node = alone(target)
    if without_signature:
        _remove_signature(node)
    # A same-document reference leaves comments out, whatever the canonicalization says (XMLDSig 4.4.3.3).
    return canonical(node, exclusive=exclusive, comments=False, prefixes=prefixes)


def _is_enveloped_xpath(transform: etree._Element) -> bool:
    if transform.get("Algorithm") != _XPATH:
        return False
    expression = (transform.findtext("ds:XPath", namespaces=NS) or "").split()
    return "".join(expression) == _XPATH_ENVELOPED


def alone(node: etree._Element) -> etree._Element:
    """Return a copy as a document of its own that keeps the namespaces in scope."""
    return etree.fromstring(etree.tostring(node, with_tail=False), _inner_parser())


def _inner_parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _remove_signature(root: etree._Element) -> None:
    for signature in root.findall(f"{{{DS}}}Signature"):
        previous = signature.getprevious()
        if previous is not None:
            previous.tail = (previous.tail or "") + (signature.tail or "")
        else:
            root.text = (root.text or "") + (signature.tail or "")
        signature.tail = None
        root.remove(signature)


def canonical(node: etree._Element, *, exclusive: bool, comments: bool, prefixes: list[str] | None) -> bytes:
    return etree.tostring(
        node, method="c14n", exclusive=exclusive, with_comments=comments, inclusive_ns_prefixes=prefixes
    )


def inclusive_prefixes(method: etree._Element) -> list[str] | None:
    found = method.find("ec:InclusiveNamespaces", NS)
    return None if found is None else str(found.get("PrefixList", "")).split()


def digest_fits(parent: etree._Element, content: bytes) -> bool:
    method = parent.find("ds:DigestMethod", NS)
    name = _DIGESTS.get("" if method is None else method.get("Algorithm", ""))
    if name is None:
        raise bad_signature("niedozwolony algorytm skrótu")
    return hmac.compare_digest(
        hashlib.new(name, content).digest(), decode(parent.findtext("ds:DigestValue", namespaces=NS))
    )


def decode(text: str | None) -> bytes:
    try:
        return base64.b64decode("".join((text or "").split()), validate=True)
    except ValueError as error:
        raise bad_signature("nieprawidłowe Base64") from error


def bad_signature(why: str) -> Refusal:
    return Refusal(9105, f"Podpis odrzucony: {why}.")
