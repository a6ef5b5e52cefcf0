"""What is kept of an accepted invoice for those who will look for it: its metadata and everybody's role in it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ksef.simulator.messages import without_empty
from ksef.simulator.sending.facts import Facts, Party
from ksef.simulator.state import Store, Value
from ksef.simulator.world import iso

SELLER: Final = "Subject1"
BUYER: Final = "Subject2"
THIRD: Final = "Subject3"
AUTHORIZED: Final = "SubjectAuthorized"
SUBJECTS: Final = (SELLER, BUYER, THIRD, AUTHORIZED)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What KSeF itself adds to an invoice when it accepts it."""

    invoice: int
    ksef_number: str
    hash: str
    corrected_hash: str | None
    mode: str
    received_at: int
    acquired_at: int
    stored_at: int


def remember(store: Store, accepted: Accepted, facts: Facts) -> None:
    """Keep the metadata and the roles; part of the transaction of the verdict."""
    document = json.dumps(as_metadata(accepted, facts), ensure_ascii=False)
    store.insert("metadata", invoice=accepted.invoice, document=document)
    shared = _columns(accepted, facts)
    for subject, context_type, context in dict.fromkeys(_roles(facts)):
        store.insert("invoice_roles", subject=subject, context_type=context_type, context=context, **shared)


def as_metadata(accepted: Accepted, facts: Facts) -> dict[str, object]:
    """Return the InvoiceMetadata of section 7.1."""
    system_code, schema_version, form_value = facts.form
    return without_empty(
        {
            "ksefNumber": accepted.ksef_number,
            "invoiceNumber": facts.number,
            "issueDate": facts.issue_date.isoformat(),
            "invoicingDate": iso(accepted.received_at),
            "acquisitionDate": iso(accepted.acquired_at),
            "permanentStorageDate": iso(accepted.stored_at),
            "seller": {"nip": facts.seller, "name": facts.seller_name},
            "buyer": _party(facts.buyer),
            "netAmount": float(facts.net),
            "grossAmount": float(facts.gross),
            "vatAmount": float(facts.vat),
            "currency": facts.currency,
            "invoicingMode": accepted.mode,
            "invoiceType": facts.invoice_type,
            "formCode": {"systemCode": system_code, "schemaVersion": schema_version, "value": form_value},
            "isSelfInvoicing": facts.is_self_invoicing,
            "hasAttachment": facts.has_attachment,
            "invoiceHash": accepted.hash,
            "hashOfCorrectedInvoice": accepted.corrected_hash,
            "thirdSubjects": [_party(party) for party in facts.third_parties] or None,
            "authorizedSubject": _authorized(facts.authorized),
        }
    )


def _party(party: Party) -> dict[str, object]:
    identifier = without_empty({"type": party.type, "value": party.value})
    return without_empty({"identifier": identifier, "name": party.name, "role": party.role})


def _authorized(party: Party | None) -> dict[str, object] | None:
    if party is None:
        return None
    return without_empty({"nip": party.value, "name": party.name, "role": party.role})


def _roles(facts: Facts) -> Iterator[tuple[str, str, str]]:
    """Yield subject, context type and context of everybody who may find the invoice."""
    yield SELLER, "Nip", facts.seller
    if facts.buyer.nip:
        yield BUYER, "Nip", facts.buyer.nip
    if facts.buyer.type == "VatUe":
        # A company of the EU logs in to a context of its own with each Polish seller (section 2.2).
        yield BUYER, "NipVatUe", f"{facts.seller}-{facts.buyer.value}"
    for party in facts.third_parties:
        if party.value and party.type in {"Nip", "InternalId"}:
            yield THIRD, party.type, party.value
    if facts.authorized is not None and facts.authorized.nip:
        yield AUTHORIZED, "Nip", facts.authorized.nip


def _columns(accepted: Accepted, facts: Facts) -> dict[str, Value]:
    """All that the filters of section 7.1 ask for."""
    return {
        "stored_at": accepted.stored_at,
        "received_at": accepted.received_at,
        "issued_on": facts.issue_date.isoformat(),
        "invoice": accepted.invoice,
        "ksef_number": accepted.ksef_number,
        "number": facts.number,
        "net": float(facts.net),
        "vat": float(facts.vat),
        "gross": float(facts.gross),
        "currency": facts.currency,
        "mode": accepted.mode,
        "type": facts.invoice_type,
        "form": facts.form[2],
        "self_invoicing": int(facts.is_self_invoicing),
        "attachment": int(facts.has_attachment),
        "seller": facts.seller,
        "buyer_type": facts.buyer.type,
        "buyer": facts.buyer.value,
    }
