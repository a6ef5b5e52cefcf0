"""Verification of an enveloped XAdES signature, written from the specification and not from the client's signer.

Only what the signature covers is returned: the caller reads its data from the very bytes that were digested.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ksef.simulator.errors import Refusal

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XADES: Final = "http://uri.etsi.org/01903/v1.3.2#"
_EC: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_NS: Final = {"ds": DS, "xades": XADES, "ec": _EC}

_MIN_RSA_BITS: Final = 2048
_MIN_EC_BITS: Final = 256

_EXCLUSIVE: Final = {_EC, f"{_EC}WithComments"}
_INCLUSIVE: Final = {
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
    f"{_MORE}sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-256": "sha3_256",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-384": "sha3_384",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-512": "sha3_512",
}
_SIGNATURE_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class Signed:
    """The document as it was digested, without its signature, and the certificate that signed it."""

    root: etree._Element
    certificate: x509.Certificate


def verify(document: bytes) -> Signed:
    """Return what is signed; Refusal 21001, 9101, 9102, 9103, 9105 or 21115 otherwise (section 2.2)."""
    root = parse(document)
    signature = _only_signature(root)
    certificate = _signing_certificate(signature)
    content = _check_references(root, signature=signature)
    _check_value(signature, certificate=certificate)
    _check_binding(signature, certificate=certificate)
    return Signed(parse(content), certificate)


def parse(document: bytes) -> etree._Element:
    """Parse without entities, DTD or network."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refusal(21001, f"Dokument nie jest poprawnym XML: {error}") from error
    tree = root.getroottree()
    instructions = any(isinstance(node, etree._ProcessingInstruction) for node in _siblings(root))  # noqa: SLF001 - lxml exports the class only so.
    if tree.docinfo.internalDTD is not None or instructions:
        raise Refusal(9101)
    return root


def _siblings(root: etree._Element) -> list[etree._Element]:
    return [*root.itersiblings(), *root.itersiblings(preceding=True)]


def _only_signature(root: etree._Element) -> etree._Element:
    signatures = list(root.iter(f"{{{DS}}}Signature"))
    if not signatures:
        raise Refusal(9102)
    if len(signatures) > 1:
        raise Refusal(9103)
    if signatures[0].getparent() is not root:
        raise _bad("podpis nie jest otoczony podpisanym dokumentem")
    return signatures[0]


def _signing_certificate(signature: etree._Element) -> x509.Certificate:
    """Return the certificate of KeyInfo; where a chain is given, the one that SignedProperties names."""
    texts = [node.text or "" for node in signature.iterfind("ds:KeyInfo/ds:X509Data/ds:X509Certificate", _NS)]
    try:
        certificates = [x509.load_der_x509_certificate(base64.b64decode(text)) for text in texts]
    except ValueError as error:
        raise Refusal(21115, "Nie można odczytać certyfikatu.") from error
    if not certificates:
        raise Refusal(21115, "Podpis nie zawiera certyfikatu.")
    named = [certificate for certificate in certificates if _names(signature, certificate)]
    if not named:
        raise _bad("SignedProperties nie wskazuje certyfikatu podpisu")
    _check_key_strength(named[0])
    return named[0]


def _names(signature: etree._Element, certificate: x509.Certificate) -> bool:
    """Return whether the first certificate digest of SignedProperties is this certificate's (issue 643)."""
    digest = _signed_properties(signature).find(
        "xades:SignedSignatureProperties/xades:SigningCertificateV2/xades:Cert/xades:CertDigest", _NS
    )
    if digest is None:
        digest = _signed_properties(signature).find(
            "xades:SignedSignatureProperties/xades:SigningCertificate/xades:Cert/xades:CertDigest", _NS
        )
    return digest is not None and _digest_fits(digest, certificate.public_bytes(Encoding.DER))


def _check_binding(signature: etree._Element, *, certificate: x509.Certificate) -> None:
    """The signed properties must be ours, target this signature and carry a time (XAdES baseline)."""
    qualifying = signature.find("ds:Object/xades:QualifyingProperties", _NS)
    target = "" if qualifying is None else str(qualifying.get("Target", ""))
    if target.removeprefix("#") != (signature.get("Id") or ""):
        raise _bad("QualifyingProperties wskazuje inny podpis")
    time = _signed_properties(signature).findtext(
        "xades:SignedSignatureProperties/xades:SigningTime", namespaces=_NS
    )
    if not time or not _names(signature, certificate):
        raise _bad("SignedProperties są niepełne")


def _signed_properties(signature: etree._Element) -> etree._Element:
    found = signature.findall("ds:Object/xades:QualifyingProperties/xades:SignedProperties", _NS)
    if len(found) != 1:
        raise _bad("podpis nie ma profilu XAdES (SignedProperties)")
    return found[0]


def _check_key_strength(certificate: x509.Certificate) -> None:
    key = certificate.public_key()
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _MIN_EC_BITS
    )
    if not strong:
        raise Refusal(21115, "Wymagany jest klucz RSA co najmniej 2048 bitów lub EC co najmniej 256 bitów.")


def _check_references(root: etree._Element, *, signature: etree._Element) -> bytes:
    """Check every digest and return the canonical document; it and the signed properties must be covered."""
    properties = _signed_properties(signature)
    document: bytes | None = None
    properties_covered = False
    for reference in signature.iterfind("ds:SignedInfo/ds:Reference", _NS):
        target = _dereference(root, uri=reference.get("URI"))
        content = _transform(target, reference=reference)
        if not _digest_fits(reference, content):
            raise _bad("skrót podpisanej treści nie zgadza się")
        if target is root:
            document = content
        properties_covered = properties_covered or target is properties
    if document is None or not properties_covered:
        raise _bad("podpis nie obejmuje dokumentu i SignedProperties")
    return document


def _dereference(root: etree._Element, *, uri: str | None) -> etree._Element:
    if uri == "":
        return root
    name = (uri or "").removeprefix("#")
    found = [node for node in root.iter(etree.Element) if name and name in (node.get("Id"), node.get("ID"))]
    # An ambiguous name is how signatures are wrapped around other content.
    if uri is None or not uri.startswith("#") or len(found) != 1:
        raise _bad(f"nie można ustalić treści wskazanej przez {uri!r}")
    return found[0]


def _transform(target: etree._Element, *, reference: etree._Element) -> bytes:
    without_signature = False
    exclusive, prefixes = False, None
    for transform in reference.iterfind("ds:Transforms/ds:Transform", _NS):
        algorithm = transform.get("Algorithm", "")
        if algorithm == _ENVELOPED or _is_enveloped_xpath(transform):
            without_signature = True
        elif algorithm in _EXCLUSIVE | _INCLUSIVE:
            exclusive, prefixes = algorithm in _EXCLUSIVE, _inclusive_prefixes(transform)
        else:
            raise _bad(f"niedozwolone przekształcenie {algorithm}")
    node = _alone(target)
    if without_signature:
        _remove_signature(node)
    # A same-document reference leaves comments out, whatever the canonicalization says (XMLDSig 4.4.3.3).
    return _canonical(node, exclusive=exclusive, comments=False, prefixes=prefixes)


def _is_enveloped_xpath(transform: etree._Element) -> bool:
    if transform.get("Algorithm") != _XPATH:
        return False
    expression = (transform.findtext("ds:XPath", namespaces=_NS) or "").split()
    return "".join(expression) == _XPATH_ENVELOPED


def _alone(node: etree._Element) -> etree._Element:
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


def _canonical(node: etree._Element, *, exclusive: bool, comments: bool, prefixes: list[str] | None) -> bytes:
    return etree.tostring(
        node, method="c14n", exclusive=exclusive, with_comments=comments, inclusive_ns_prefixes=prefixes
    )


def _inclusive_prefixes(method: etree._Element) -> list[str] | None:
    found = method.find("ec:InclusiveNamespaces", _NS)
    return None if found is None else str(found.get("PrefixList", "")).split()


def _digest_fits(parent: etree._Element, content: bytes) -> bool:
    method = parent.find("ds:DigestMethod", _NS)
    name = _DIGESTS.get("" if method is None else method.get("Algorithm", ""))
    if name is None:
        raise _bad("niedozwolony algorytm skrótu")
    return hmac.compare_digest(
        hashlib.new(name, content).digest(), _decode(parent.findtext("ds:DigestValue", namespaces=_NS))
    )


def _check_value(signature: etree._Element, *, certificate: x509.Certificate) -> None:
    info = signature.find("ds:SignedInfo", _NS)
    method = signature.find("ds:SignedInfo/ds:CanonicalizationMethod", _NS)
    algorithm = "" if method is None else method.get("Algorithm", "")
    if info is None or method is None or algorithm not in _EXCLUSIVE | _INCLUSIVE:
        raise _bad("niedozwolona kanonizacja")
    signed = _canonical(
        _alone(info),
        exclusive=algorithm in _EXCLUSIVE,
        comments=algorithm.endswith("#WithComments"),
        prefixes=_inclusive_prefixes(method),
    )
    value = _decode(signature.findtext("ds:SignatureValue", namespaces=_NS))
    try:
        _check_with_key(certificate, value=value, signed=signed, algorithm=_signature_method(info))
    except InvalidSignature as error:
        raise _bad("wartość podpisu nie zgadza się") from error


def _signature_method(info: etree._Element) -> str:
    method = info.find("ds:SignatureMethod", _NS)
    return "" if method is None else method.get("Algorithm", "")


def _check_with_key(certificate: x509.Certificate, *, value: bytes, signed: bytes, algorithm: str) -> None:
    scheme, _, name = algorithm.removeprefix(_MORE).partition("-")
    digest = _SIGNATURE_HASHES.get(name)
    key = certificate.public_key()
    if digest is None or not algorithm.startswith(_MORE):
        raise _bad(f"niedozwolony algorytm podpisu {algorithm}")
    if scheme == "rsa" and isinstance(key, rsa.RSAPublicKey):
        key.verify(value, signed, padding.PKCS1v15(), digest)
    elif scheme == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(_as_der(value, bits=key.key_size), signed, ec.ECDSA(digest))
    else:
        raise _bad("algorytm podpisu nie pasuje do klucza")


def _as_der(value: bytes, *, bits: int) -> bytes:
    """XML signatures carry R and S side by side; a DER value is one of the classic mistakes (trap 3)."""
    size = (bits + 7) // 8
    if len(value) != 2 * size:
        raise _bad("wartość podpisu ECDSA musi mieć postać R||S")
    return encode_dss_signature(int.from_bytes(value[:size]), int.from_bytes(value[size:]))


def _decode(text: str | None) -> bytes:
    try:
        return base64.b64decode("".join((text or "").split()), validate=True)
    except ValueError as error:
        raise _bad("nieprawidłowe Base64") from error


def _bad(why: str) -> Refusal:
    return Refusal(9105, f"Podpis odrzucony: {why}.")
