"""Who and where in KSeF: people, companies and the contexts in which they act."""

from dataclasses import dataclass
from enum import StrEnum


class IdentifierKind(StrEnum):
    """The kinds known today; KSeF may send others, so `Identifier.kind` is a plain text."""

    NIP = "Nip"
    PESEL = "Pesel"
    FINGERPRINT = "Fingerprint"  # SHA-256 of the DER certificate, 64 upper-case hex digits.
    INTERNAL_ID = "InternalId"
    NIP_VAT_UE = "NipVatUe"
    PEPPOL_ID = "PeppolId"
    ALL_PARTNERS = "AllPartners"  # Without a value.
    SYSTEM = "System"  # Without a value.


@dataclass(frozen=True, slots=True)
class Identifier:
    kind: str
    value: str = ""
