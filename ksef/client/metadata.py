"""Reads the metadata of one invoice, from an answer or from the `_metadata.json` of a package (section 7.1)."""

import logging
import re

from ksef.client.reading import Fields, Unreadable
from ksef.exchange.invoices import FormCode, InvoiceMetadata, Party
from ksef.number import KSeFNumber, NotKSeFNumber

logger = logging.getLogger(__name__)

# KSeF 1.0 wrote a hyphen into the technical part, and not all of its numbers have a right checksum (section 8).
_LEGACY_NUMBER = re.compile(r"\d{10}-\d{8}-[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{2}", re.ASCII)


def read_metadata(fields: Fields) -> InvoiceMetadata:
    return InvoiceMetadata(
        ksef_number=read_ksef_number(fields.text("ksefNumber")),
        invoice_number=fields.find_text("invoiceNumber") or "",
        issue_date=fields.day("issueDate"),
        invoicing_date=fields.moment("invoicingDate"),
        acquisition_date=fields.moment("acquisitionDate"),
        permanent_storage_date=fields.moment("permanentStorageDate"),
        seller=_read_company(fields.object("seller")),
        buyer=_read_party(fields.object("buyer")),
        net_amount=fields.decimal("netAmount"),
        gross_amount=fields.decimal("grossAmount"),
        vat_amount=fields.decimal("vatAmount"),
        currency=fields.text("currency"),
        invoicing_mode=fields.find_text("invoicingMode") or "",
        invoice_type=fields.find_text("invoiceType") or "",
        form_code=_read_form_code(fields.find_object("formCode")),
        is_self_invoicing=fields.has("isSelfInvoicing") and fields.boolean("isSelfInvoicing"),
        has_attachment=fields.has("hasAttachment") and fields.boolean("hasAttachment"),
        invoice_hash=fields.sha256("invoiceHash"),
        hash_of_corrected_invoice=fields.find_binary("hashOfCorrectedInvoice"),
        third_parties=_read_parties(fields),
        authorized_party=_find_authorized(fields),
    )


def read_ksef_number(text: str) -> str:
    """A damaged number of KSeF 2.0 is an error: invoices are told apart by it (F52)."""
    try:
        return KSeFNumber.parse(text)
    except NotKSeFNumber as error:
        if _LEGACY_NUMBER.fullmatch(text) is None:
            raise Unreadable(str(error)) from None
        logger.warning("An invoice of KSeF 1.0 has a number with a wrong checksum")
        return text


def _read_company(fields: Fields) -> Party:
    return Party(
        identifier_type="Nip",
        identifier=fields.text("nip"),
        name=fields.find_text("name"),
        role=fields.find_integer("role"),
    )


def _read_party(fields: Fields) -> Party:
    identifier = fields.object("identifier")
    return Party(
        identifier_type=identifier.text("type"),
        identifier=identifier.find_text("value"),
        name=fields.find_text("name"),
        role=fields.find_integer("role"),
    )


def _read_parties(fields: Fields) -> tuple[Party, ...]:
    return tuple(map(_read_party, fields.objects("thirdSubjects"))) if fields.has("thirdSubjects") else ()


def _find_authorized(fields: Fields) -> Party | None:
    return _read_company(fields.object("authorizedSubject")) if fields.has("authorizedSubject") else None


def _read_form_code(fields: Fields) -> FormCode:
    return FormCode(
        system_code=fields.find_text("systemCode") or "",
        schema_version=fields.find_text("schemaVersion") or "",
        value=fields.find_text("value") or "",
    )
