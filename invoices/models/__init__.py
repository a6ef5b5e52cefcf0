"""The tables of invoicing."""

from invoices.models.batch import Batch, BatchJournal, UPOPage
from invoices.models.contractor import Contractor
from invoices.models.document import UPO, ConflictingDocument, InvoiceDocument
from invoices.models.event import InvoiceEvent
from invoices.models.inbox import (
    ReceivedDocument,
    ReceivedEvent,
    ReceivedFile,
    Receiving,
    ReceivingCursor,
)
from invoices.models.invoice import Invoice, InvoiceLine
from invoices.models.outage import LighthouseWatch, OutageMessage
from invoices.models.outbox import OutboxEntry, OutboxTurn
from invoices.models.pacing import RateAllowance, RateLane
from invoices.models.register import PurchaseInvoice, PurchaseLine, VatEntry, VatEntryRate
from invoices.models.series import NumberCounter, Series
from invoices.models.submission import KSeFSession, Submission, SubmissionAttempt

__all__ = [
    "UPO",
    "Batch",
    "BatchJournal",
    "ConflictingDocument",
    "Contractor",
    "Invoice",
    "InvoiceDocument",
    "InvoiceEvent",
    "InvoiceLine",
    "KSeFSession",
    "LighthouseWatch",
    "NumberCounter",
    "OutageMessage",
    "OutboxEntry",
    "OutboxTurn",
    "PurchaseInvoice",
    "PurchaseLine",
    "RateAllowance",
    "RateLane",
    "ReceivedDocument",
    "ReceivedEvent",
    "ReceivedFile",
    "Receiving",
    "ReceivingCursor",
    "Series",
    "Submission",
    "SubmissionAttempt",
    "UPOPage",
    "VatEntry",
    "VatEntryRate",
]
