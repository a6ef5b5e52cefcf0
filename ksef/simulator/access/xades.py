"""Verification of a XAdES signature, enveloped or enveloping, written from the specification and not from a signer.

Only what the signature covers is returned: the caller reads its data from the very bytes that were digested.
"""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ksef.simulator.access.algorithms import (
    bad_signature,
    check_key_strength,
    check_signature,
    read_certificate,
)
from ksef.simulator.access.document import read_document
from ksef.simulator.access.xmldsig import (
    DS,
    NS,
    alone,
    canonical_signed_info,
    decode,
    dereference,
    digest_fits,
    is_base64,
    only,
    text_of,
    transformed,
    transforms_of,
)
from ksef.simulator.errors import Refusal

_PROPERTIES_TYPE: Final = "http://uri.etsi.org/01903#SignedProperties"
_SIGNATURE: Final = f"{{{DS}}}Signature"
_OBJECT: Final = f"{{{DS}}}Object"
_MOST_REFERENCES: Final = 6


@dataclass(frozen=True, slots=True)
class Signed:
    """The document as it was digested, without its signature, and the certificate that signed it."""

    root: etree._Element
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class _Signature:
    """The one signature of a document, with the parts of it that decide."""

    root: etree._Element
    element: etree._Element
    info: etree._Element
    properties: etree._Element

    @property
    def is_enveloping(self) -> bool:
        return self.element is self.root


def verify(document: bytes) -> Signed:
    """Return what is signed; Refusal 9101, 9102, 9103, 9105, 21001, 21115, 21217 or 21401 otherwise (section 2.2)."""
    signature = _find_signature(read_document(document))
    certificate = _signing_certificate(signature)
    content = _check_references(signature)
    method = only(signature.info, "ds:SignatureMethod").get("Algorithm", "")
    check_signature(
        certificate,
        value=decode(text_of(signature.element, "ds:SignatureValue")),
        signed=canonical_signed_info(
            signature.info, method=only(signature.info, "ds:CanonicalizationMethod")
        ),
        method=method,
    )
    return Signed(_document_of(content, signature=signature), certificate)


def _find_signature(root: etree._Element) -> _Signature:
    found = list(root.iter(_SIGNATURE))
    if not found:
        raise Refusal(9102)
    if len(found) > 1:
        raise Refusal(9103)
    (element,) = found
    # Beside what it signs, or deeper in it, the signature is detached and refused.
    if element is not root and element.getparent() is not root:
        raise bad_signature("podpis ani nie otacza dokumentu, ani nie jest w nim otoczony")
    return _Signature(root, element, only(element, "ds:SignedInfo"), _signed_properties(element))


def _signed_properties(signature: etree._Element) -> etree._Element:
    """Return the properties that bind time and certificate, of this signature and no other (XAdES baseline)."""
    qualifying = signature.findall("ds:Object/xades:QualifyingProperties", NS)
    if len(qualifying) != 1:
        raise bad_signature("podpis nie ma profilu XAdES (QualifyingProperties)")
    name = signature.get("Id")
    if not name or qualifying[0].get("Target") != f"#{name}":
        raise bad_signature("QualifyingProperties wskazuje inny podpis")
    properties = only(qualifying[0], "xades:SignedProperties")
    try:
        datetime.fromisoformat(
            text_of(properties, "xades:SignedSignatureProperties/xades:SigningTime").strip()
        )
    except ValueError as error:
        raise bad_signature("SigningTime nie jest datą i godziną") from error
    return properties


def _signing_certificate(signature: _Signature) -> x509.Certificate:
    """Return the certificate of KeyInfo that SignedProperties name; a chain may stand beside it."""
    nodes = signature.element.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NS)
    if not nodes:
        raise Refusal(21115, "Podpis nie zawiera certyfikatu.")
    try:
        contents = [base64.b64decode(node.text or "") for node in nodes]
    except ValueError as error:
        raise Refusal(21115, "Nie można odczytać certyfikatu.") from error
    certificates = [read_certificate(content) for content in contents]
    named = _named_certificate(signature.properties)
    found = [item for item in certificates if digest_fits(only(named, "xades:CertDigest"), _der(item))]
    if not found:
        raise bad_signature("SignedProperties nie wskazuje certyfikatu podpisu")
    _check_serial(named, found[0])
    check_key_strength(found[0])
    return found[0]


def _named_certificate(properties: etree._Element) -> etree._Element:
    """Return the first Cert of SigningCertificate or SigningCertificateV2 (issue 643 of the official repository)."""
    of_signature = only(properties, "xades:SignedSignatureProperties")
    for name in ("SigningCertificateV2", "SigningCertificate"):
        found = of_signature.find(f"xades:{name}/xades:Cert", NS)
        if found is not None:
            return found
    raise bad_signature("SignedProperties nie wskazuje certyfikatu podpisu")


def _check_serial(named: etree._Element, certificate: x509.Certificate) -> None:
    """Where the issuer and serial number are given beside the digest, the number must be the certificate's."""
    number = named.findtext("xades:IssuerSerial/ds:X509SerialNumber", namespaces=NS)
    if number is not None and number.strip() != str(certificate.serial_number):
        raise bad_signature("IssuerSerial nie zgadza się z certyfikatem")
    second = named.findtext("xades:IssuerSerialV2", namespaces=NS)
    # The DER of IssuerSerial ends with the number as an INTEGER.
    if second is not None and not decode(second).endswith(_der_integer(certificate.serial_number)):
        raise bad_signature("IssuerSerialV2 nie zgadza się z certyfikatem")


def _der_integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1)
    return bytes([0x02, len(content)]) + content


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _check_references(signature: _Signature) -> bytes:
    """Check every digest and return the document's octets; it and the signed properties must be covered, once each."""
    references = signature.info.findall("ds:Reference", NS)
    if len(references) > _MOST_REFERENCES:
        raise bad_signature("zbyt wiele odniesień")
    targets = [dereference(signature.root, uri=reference.get("URI")) for reference in references]
    documents = [target for target in targets if _is_document(target, signature=signature)]
    typed = [reference.get("Type") == _PROPERTIES_TYPE for reference in references]
    properties = [target is signature.properties for target in targets]
    if len(documents) != 1 or typed != properties or sum(properties) != 1:
        raise bad_signature("podpis nie obejmuje dokumentu i SignedProperties")
    octets = b""
    for reference, target in zip(references, targets, strict=True):
        _check_target(target, reference=reference, signature=signature)
        content = transformed(target, reference=reference)
        if not digest_fits(reference, content):
            raise bad_signature("skrót podpisanej treści nie zgadza się")
        octets = content if target is documents[0] else octets
    return octets


def _is_document(target: etree._Element, *, signature: _Signature) -> bool:
    """Return whether it is the signed document: the root around the signature, or an Object within it."""
    if not signature.is_enveloping:
        return target is signature.root
    is_object = target.tag == _OBJECT and target.getparent() is signature.element
    return is_object and target.find("xades:QualifyingProperties", NS) is None


def _check_target(target: etree._Element, *, reference: etree._Element, signature: _Signature) -> None:
    """What is signed besides stands in the signature, and only an Object may hold Base64."""
    if target is not signature.root and not any(
        ancestor is signature.element for ancestor in target.iterancestors()
    ):
        raise bad_signature("odniesienie wskazuje część dokumentu")
    if target.tag != _OBJECT and any(is_base64(transform) for transform in transforms_of(reference)):
        raise bad_signature("niedozwolone przekształcenie base64")


def _document_of(content: bytes, *, signature: _Signature) -> etree._Element:
    """Return the signed document: as it is, or the only element of its Object, or decoded from it."""
    root = read_document(content)
    if not signature.is_enveloping or root.tag != _OBJECT:
        return root
    elements = list(root.iterchildren(etree.Element))
    stray = (root.text or "") + "".join(element.tail or "" for element in elements)
    if len(elements) != 1 or stray.strip():
        raise bad_signature("Object musi zawierać jeden dokument")
    return alone(elements[0])
