"""The document of an official confirmation of receipt, UPO v4-3, signed with the simulator's seal (section 6)."""

from dataclasses import dataclass
from typing import Final, cast

from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.xades.xades import XAdESDataObjectFormat, XAdESSigner

from ksef.simulator.access.authentications import Authentication
from ksef.simulator.sending.records import Invoice, Session
from ksef.simulator.world import WARSAW, to_datetime

NAMESPACE: Final = "http://upo.schematy.mf.gov.pl/KSeF/v4-3"
_CONTEXTS: Final = {
    "Nip": "Nip",
    "InternalId": "IdWewnetrzny",
    "NipVatUe": "IdZlozonyVatUE",
    "PeppolId": "IdDostawcyUslugPeppol",
}


@dataclass(frozen=True, slots=True)
class Seal:
    """Key and certificate in PEM, as the signing library reads them."""

    key: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Part:
    """Which page of a session's confirmation this is, and which of its documents are on it, counted from one."""

    page: int
    pages: int
    first: int
    last: int
    documents: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """`part` is None for the confirmation of a single invoice."""

    receiver: str
    session: Session
    authentication: Authentication
    invoices: list[Invoice]
    part: Part | None = None

    def sealed(self, seal: Seal) -> bytes:
        """Return the signed document; two makings differ, since a signature does."""
        return _sign(self._build(), seal)

    def _build(self) -> etree._Element:
        root = etree.Element(f"{{{NAMESPACE}}}Potwierdzenie", nsmap=cast("dict[str, str]", {None: NAMESPACE}))
        _add(root, "NazwaPodmiotuPrzyjmujacego", self.receiver)
        _add(root, "NumerReferencyjnySesji", self.session.reference)
        _add_authentication(_add(root, "Uwierzytelnienie"), self.authentication)
        if self.part is not None:
            _add_part(_add(root, "OpisPotwierdzenia"), self.part)
        system_code, version, _ = self.session.form
        # The file's name has no space: Schemat_FA(3)_v1-0E.xsd.
        _add(root, "NazwaStrukturyLogicznej", f"Schemat_{system_code.replace(' ', '')}_v{version}.xsd")
        _add(root, "KodFormularza", system_code)
        for invoice in self.invoices:
            _add_document(_add(root, "Dokument"), invoice)
        return root


def _add_authentication(parent: etree._Element, authentication: Authentication) -> None:
    _add(_add(parent, "IdKontekstu"), _CONTEXTS[authentication.context_type], authentication.context)
    if authentication.token is not None:
        _add(parent, "NumerReferencyjnyTokenaKSeF", authentication.token)
    else:
        _add(parent, "SkrotDokumentuUwierzytelniajacego", authentication.document_hash or "")


def _add_part(parent: etree._Element, part: Part) -> None:
    # The sample of the ministry names 1 and 2 for two documents: both ends are meant.
    for name, value in (
        ("Strona", part.page),
        ("LiczbaStron", part.pages),
        ("ZakresDokumentowOd", part.first),
        ("ZakresDokumentowDo", part.last),
        ("CalkowitaLiczbaDokumentow", part.documents),
    ):
        _add(parent, name, str(value))


def _add_document(parent: etree._Element, invoice: Invoice) -> None:
    acquired = invoice.received_at if invoice.acquired_at is None else invoice.acquired_at
    _add(parent, "NipSprzedawcy", invoice.seller or "")
    _add(parent, "NumerKSeFDokumentu", invoice.ksef_number or "")
    _add(parent, "NumerFaktury", invoice.number or "")
    _add(parent, "DataWystawieniaFaktury", invoice.issue_date or "")
    _add(parent, "DataPrzeslaniaDokumentu", _polish_time(invoice.received_at))
    _add(parent, "DataNadaniaNumeruKSeF", _polish_time(acquired))
    _add(parent, "SkrotDokumentu", invoice.hash)
    _add(parent, "TrybWysylki", invoice.mode or "")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    child.text = text
    return child


def _polish_time(milliseconds: int) -> str:
    return to_datetime(milliseconds).astimezone(WARSAW).isoformat(timespec="milliseconds")


def _sign(root: etree._Element, seal: Seal) -> bytes:
    signer = XAdESSigner(
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        # Its reference to SignedProperties names no transform, so only inclusive canonicalization fits it.
        c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1,
        data_object_format=XAdESDataObjectFormat(Description="UPO", MimeType="text/xml"),
    )
    signed = signer.sign(root, key=seal.key, cert=seal.certificate)
    return etree.tostring(signed, xml_declaration=True, encoding="utf-8")
