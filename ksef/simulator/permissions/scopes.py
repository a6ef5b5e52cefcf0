"""The permissions of KSeF by name, and what an owner holds without a grant (section 11)."""

from collections.abc import Iterable
from typing import Final

OWNER: Final = "Owner"
ENFORCEMENT: Final = "EnforcementOperations"
MANAGE: Final = "CredentialsManage"
MANAGE_UNITS: Final = "SubunitManage"
MANAGE_VAT_UE: Final = "VatUeManage"

INVOICING: Final = ("InvoiceWrite", "InvoiceRead", "CollectiveIdentifierManage")
"""What one entity may let another do with its invoices, and what may be handed on."""
PERSONAL: Final = (
    MANAGE,
    "CredentialsRead",
    "InvoiceWrite",
    "InvoiceRead",
    "Introspection",
    MANAGE_UNITS,
    ENFORCEMENT,
    "CollectiveIdentifierManage",
)
AUTHORIZATIONS: Final = ("SelfInvoicing", "RRInvoicing", "TaxRepresentative", "PefInvoicing")
VAT_UE_ADMINISTRATOR: Final = (MANAGE_VAT_UE, "InvoiceWrite", "InvoiceRead", "Introspection")
VAT_UE_REPRESENTATIVE: Final = ("InvoiceWrite", "InvoiceRead")

# Enforcement takes the role of a bailiff or an authority; the EU entity is managed from its own context only.
OWNED: Final = tuple(scope for scope in PERSONAL if scope != ENFORCEMENT)


def held(permissions: Iterable[str]) -> frozenset[str]:
    """Return every permission that a token with these names amounts to."""
    named = frozenset(permissions)
    return named | frozenset(OWNED) if OWNER in named else named
