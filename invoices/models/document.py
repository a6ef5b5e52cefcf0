"""Bytes kept for ever: the XML as frozen at approval, the UPO as KSeF signed it."""

from __future__ import annotations

from typing import override

from django.db import models

from invoices.models.batch import UPOPage
from invoices.models.invoice import Invoice
from roles.tenancy import TenantModel


class InvoiceDocument(TenantModel):
    """The exact bytes that are sent, printed and hashed; never re-serialised, never changed (I4)."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, db_constraint=False, related_name="documents"
    )
    revision = models.PositiveIntegerField()
    xml = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    # Of a technical correction: the hash of the rejected document whose place it takes (hashOfCorrectedInvoice).
    corrects = models.BinaryField(max_length=32, null=True)
    created_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="invoicedocument_company_id"),
            models.UniqueConstraint(
                fields=["company", "invoice", "revision"], name="invoicedocument_revision"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"revision {self.revision}"


class UPO(TenantModel):
    """The official confirmation of receipt, byte for byte; after a batch, the invoice's own cut of a page."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, db_constraint=False, related_name="+")
    xml = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    fetched_at = models.DateTimeField()
    # The page with KSeF's signature, of which this is one document; none where KSeF signed for this one alone.
    page = models.ForeignKey(
        UPOPage, on_delete=models.PROTECT, db_constraint=False, related_name="+", null=True
    )

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="upo_company_id"),
            models.UniqueConstraint(fields=["company", "invoice"], name="upo_once"),
        ]

    @override
    def __str__(self) -> str:
        return f"UPO of {self.invoice_id}"


class ConflictingDocument(TenantModel):
    """What KSeF holds under the number of a rejected invoice (440): somebody else's bytes, kept to be compared."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, db_constraint=False, related_name="conflicts"
    )
    ksef_number = models.CharField(max_length=35)
    xml = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    fetched_at = models.DateTimeField()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "id"], name="conflictingdocument_company_id"),
            models.UniqueConstraint(
                fields=["company", "invoice", "ksef_number"], name="conflictingdocument_once"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.ksef_number
