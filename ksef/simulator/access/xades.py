"""Verification of an enveloped XAdES signature, written from the specification and not from the client's signer.

Only what the signature covers is returned: the caller reads its data from the very bytes that were digested.
"""

import base64
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ksef.simulator.access.xmldsig import (
    DS,
    EXCLUSIVE,
    INCLUSIVE,
    MORE,
    NS,
    alone,
    bad_signature,
    canonical,
    decode,
    dereference,
    digest_fits,
    inclusive_prefixes,
    transformed,
)
from ksef.simulator.errors import Refusal

_MIN_RSA_BITS: Final = 2048
_MIN_EC_BITS: Final = 256

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
        raise bad_signature("podpis nie jest otoczony podpisanym dokumentem")
    return signatures[0]


def _signing_certificate(signature: etree._Element) -> x509.Certificate:
    """Return the certificate of KeyInfo; where a chain is given, the one that SignedProperties names."""
    texts = [node.text or "" for node in signature.iterfind("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NS)]
    try:
        certificates = [x509.load_der_x509_certificate(base64.b64decode(text)) for text in texts]
    except ValueError as error:
        raise Refusal(21115, "Nie można odczytać certyfikatu.") from error
    if not certificates:
        raise Refusal(21115, "Podpis nie zawiera certyfikatu.")
    named = [certificate for certificate in certificates if _names(signature, certificate)]
    if not named:
        raise bad_signature("SignedProperties nie wskazuje certyfikatu podpisu")
    _check_key_strength(named[0])
    return named[0]


def _names(signature: etree._Element, certificate: x509.Certificate) -> bool:
    """Return whether the first certificate digest of SignedProperties is this certificate's (issue 643)."""
    digest = _signed_properties(signature).find(
        "xades:SignedSignatureProperties/xades:SigningCertificateV2/xades:Cert/xades:CertDigest", NS
    )
    if digest is None:
        digest = _signed_properties(signature).find(
            "xades:SignedSignatureProperties/xades:SigningCertificate/xades:Cert/xades:CertDigest", NS
        )
    return digest is not None and digest_fits(digest, certificate.public_bytes(Encoding.DER))


def _check_binding(signature: etree._Element, *, certificate: x509.Certificate) -> None:
    """The signed properties must be ours, target this signature and carry a time (XAdES baseline)."""
    qualifying = signature.find("ds:Object/xades:QualifyingProperties", NS)
    target = "" if qualifying is None else str(qualifying.get("Target", ""))
    if target.removeprefix("#") != (signature.get("Id") or ""):
        raise bad_signature("QualifyingProperties wskazuje inny podpis")
    time = _signed_properties(signature).findtext(
        "xades:SignedSignatureProperties/xades:SigningTime", namespaces=NS
    )
    if not time or not _names(signature, certificate):
        raise bad_signature("SignedProperties są niepełne")


def _signed_properties(signature: etree._Element) -> etree._Element:
    found = signature.findall("ds:Object/xades:QualifyingProperties/xades:SignedProperties", NS)
    if len(found) != 1:
        raise bad_signature("podpis nie ma profilu XAdES (SignedProperties)")
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
    for reference in signature.iterfind("ds:SignedInfo/ds:Reference", NS):
        target = dereference(root, uri=reference.get("URI"))
        content = transformed(target, reference=reference)
        if not digest_fits(reference, content):
            raise bad_signature("skrót podpisanej treści nie zgadza się")
        if target is root:
            document = content
        properties_covered = properties_covered or target is properties
    if document is None or not properties_covered:
        raise bad_signature("podpis nie obejmuje dokumentu i SignedProperties")
    return document


def _check_value(signature: etree._Element, *, certificate: x509.Certificate) -> None:
    info = signature.find("ds:SignedInfo", NS)
    method = signature.find("ds:SignedInfo/ds:CanonicalizationMethod", NS)
    algorithm = "" if method is None else method.get("Algorithm", "")
    if info is None or method is None or algorithm not in EXCLUSIVE | INCLUSIVE:
        raise bad_signature("niedozwolona kanonizacja")
    signed = canonical(
        alone(info),
        exclusive=algorithm in EXCLUSIVE,
        comments=algorithm.endswith("#WithComments"),
        prefixes=inclusive_prefixes(method),
    )
    value = decode(signature.findtext("ds:SignatureValue", namespaces=NS))
    try:
        _check_with_key(certificate, value=value, signed=signed, algorithm=_signature_method(info))
    except InvalidSignature as error:
        raise bad_signature("wartość podpisu nie zgadza się") from error


def _signature_method(info: etree._Element) -> str:
    method = info.find("ds:SignatureMethod", NS)
    return "" if method is None else method.get("Algorithm", "")


def _check_with_key(certificate: x509.Certificate, *, value: bytes, signed: bytes, algorithm: str) -> None:
    scheme, _, name = algorithm.removeprefix(MORE).partition("-")
    digest = _SIGNATURE_HASHES.get(name)
    key = certificate.public_key()
    if digest is None or not algorithm.startswith(MORE):
        raise bad_signature(f"niedozwolony algorytm podpisu {algorithm}")
    if scheme == "rsa" and isinstance(key, rsa.RSAPublicKey):
        key.verify(value, signed, padding.PKCS1v15(), digest)
    elif scheme == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(_as_der(value, bits=key.key_size), signed, ec.ECDSA(digest))
    else:
        raise bad_signature("algorytm podpisu nie pasuje do klucza")


def _as_der(value: bytes, *, bits: int) -> bytes:
    """XML signatures carry R and S side by side; a DER value is one of the classic mistakes (trap 3)."""
    size = (bits + 7) // 8
    if len(value) != 2 * size:
        raise bad_signature("wartość podpisu ECDSA musi mieć postać R||S")
    return encode_dss_signature(int.from_bytes(value[:size]), int.from_bytes(value[size:]))
