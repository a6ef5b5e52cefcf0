"""Reads and checks a UPO, the official confirmation that KSeF accepted a document (section 6)."""

import logging
from dataclasses import dataclass
from datetime import date, datetime

from cryptography import x509
from lxml import etree
from signxml.exceptions import SignXMLException
from signxml.util import namespaces
from signxml.verifier import SignatureConfiguration, XMLVerifier

from ksef.crypto import from_base64
from ksef.errors import ContractBroken
from ksef.number import KSeFNumber, NotKSeFNumber

# At DEBUG signxml logs every document it touches, and documents have no place in a log.
logging.getLogger("signxml").setLevel(logging.INFO)

NAMESPACE = "http://upo.schematy.mf.gov.pl/KSeF/v4-3"
MAX_BYTES = 12_000_000  # A session's page of 10 000 documents is about 7 MB.
_DIGEST_BYTES = 32


class UPOMismatch(ContractBroken):
    """The UPO does not prove what it should; it must not be kept as valid (F27)."""


@dataclass(frozen=True, slots=True)
class UPODocument:
    ksef_number: str
    invoice_number: str
    seller_nip: str
    sha256: bytes
    issue_date: date
    sent_at: datetime
    numbered_at: datetime
    mode: str  # Online, Offline; open like every enumeration of KSeF.


@dataclass(frozen=True, slots=True)
class UPO:
    session_reference: str
    documents: tuple[UPODocument, ...]


def read_upo(upo_bytes: bytes) -> UPO:
    """What the UPO says, its signature unchecked; raises `UPOMismatch` when it is no UPO of version 4-3."""
    return _read(_parse(upo_bytes))


def check_upo(upo_bytes: bytes, *, ksef_number: str, sha256: bytes) -> UPODocument:
    """The one document with our number and our hash, or `UPOMismatch`.

    A signature, when there is one, must be whole, be made by the certificate inside it and cover the entire
    UPO. Who stands behind that certificate is not decided here: the ministry publishes no trust anchor, so
    the proof rests on TLS, on the hash header and on the digest of the invoice.
    """
    root = _parse(upo_bytes)
    if root.find("ds:Signature", namespaces) is not None:
        root = _verify(root)
    for document in _read(root).documents:
        if document.ksef_number == ksef_number:
            _check_document(document, sha256=sha256)
            return document
    raise UPOMismatch("the UPO does not name this KSeF number")


def split_upo(upo_bytes: bytes, *, session_reference: str) -> dict[str, bytes]:
    """The page of a session's UPO cut into one UPO for each KSeF number in it, without the page's signature.

    The signature is judged once, over the whole page, as `check_upo` does; each cut must then pass `check_upo`
    by itself. Raises `UPOMismatch` for a page that is damaged or of another session.
    """
    root = _parse(upo_bytes)
    if root.find("ds:Signature", namespaces) is not None:
        root = _verify(root)
    if _read(root).session_reference != session_reference:
        raise UPOMismatch("the UPO is of another session")
    documents = root.findall(_tag("Dokument"))
    for child in [*root.findall("ds:Signature", namespaces), *documents]:
        root.remove(child)
    cuts: dict[str, bytes] = {}
    for document in documents:
        root.append(document)
        cuts[_text(document, "NumerKSeFDokumentu")] = etree.tostring(
            root, xml_declaration=True, encoding="UTF-8"
        )
        root.remove(document)
    return cuts


def _check_document(document: UPODocument, *, sha256: bytes) -> None:
    try:
        number = KSeFNumber.parse(document.ksef_number)
    except NotKSeFNumber as error:
        raise UPOMismatch(f"the KSeF number in the UPO is damaged: {error}") from error
    if number.seller_nip != document.seller_nip:
        raise UPOMismatch("the KSeF number in the UPO belongs to another seller")
    if document.sha256 != sha256:
        raise UPOMismatch("the UPO confirms other bytes than ours")


def _parse(upo_bytes: bytes) -> etree._Element:
    # Size and DOCTYPE are judged before and after the parser, which itself resolves nothing (F43).
    if len(upo_bytes) > MAX_BYTES:
        raise UPOMismatch("the UPO is too large")
    if b"<!DOCTYPE" in upo_bytes or b"<!ENTITY" in upo_bytes:
        raise UPOMismatch("the UPO carries a document type")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(upo_bytes, parser)
    except etree.XMLSyntaxError as error:
        raise UPOMismatch("the UPO is not well-formed XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UPOMismatch("the UPO carries a document type")
    return root


def _verify(root: etree._Element) -> etree._Element:
    """Give back the very element that was signed, so that nothing else is read (signature wrapping)."""
    try:
        certificate = _embedded_certificate(root)
        # The certificate may have ended since; a UPO is kept for ten years.
        config = SignatureConfiguration(
            location="./", expect_references=True, verification_time=certificate.not_valid_before_utc
        )
        results = XMLVerifier().verify(root, x509_cert=certificate, expect_config=config)
    except (SignXMLException, etree.LxmlError, ValueError) as error:
        raise UPOMismatch("the signature of the UPO is not valid") from error
    for result in results if isinstance(results, list) else [results]:
        if result.signed_xml is not None and result.signed_xml.tag == _tag("Potwierdzenie"):
            return result.signed_xml
    raise UPOMismatch("the signature does not cover the whole UPO")


def _embedded_certificate(root: etree._Element) -> x509.Certificate:
    element = root.find("ds:Signature/ds:KeyInfo/ds:X509Data/ds:X509Certificate", namespaces)
    if element is None or not element.text:
        raise UPOMismatch("the signature of the UPO carries no certificate")
    return x509.load_der_x509_certificate(from_base64("".join(element.text.split())))


def _read(root: etree._Element) -> UPO:
    if root.tag != _tag("Potwierdzenie"):
        raise UPOMismatch("not a UPO of version 4-3")
    documents = tuple(_read_document(element) for element in root.findall(_tag("Dokument")))
    if not documents:
        raise UPOMismatch("the UPO names no document")
    return UPO(session_reference=_text(root, "NumerReferencyjnySesji"), documents=documents)


def _read_document(element: etree._Element) -> UPODocument:
    try:
        return UPODocument(
            ksef_number=_text(element, "NumerKSeFDokumentu"),
            invoice_number=_text(element, "NumerFaktury"),
            seller_nip=_text(element, "NipSprzedawcy"),
            sha256=_digest(_text(element, "SkrotDokumentu")),
            issue_date=date.fromisoformat(_text(element, "DataWystawieniaFaktury")),
            sent_at=_moment(_text(element, "DataPrzeslaniaDokumentu")),
            numbered_at=_moment(_text(element, "DataNadaniaNumeruKSeF")),
            mode=_text(element, "TrybWysylki"),
        )
    except ValueError as error:
        raise UPOMismatch(f"a field of the UPO cannot be read: {error}") from error


def _text(parent: etree._Element, name: str) -> str:
    found = parent.findall(_tag(name))
    if len(found) != 1 or not (found[0].text or "").strip():
        raise UPOMismatch(f"the UPO needs exactly one {name}")
    return (found[0].text or "").strip()


def _digest(text: str) -> bytes:
    digest = from_base64(text)
    if len(digest) != _DIGEST_BYTES:
        raise ValueError("SkrotDokumentu is not a SHA-256")
    return digest


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without its offset")
    return moment


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
