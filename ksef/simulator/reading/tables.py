"""Tables of what can be read of invoices: their metadata, whose they are, exports and collective identifiers."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS metadata (invoice INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS invoice_roles (
    subject TEXT NOT NULL, context_type TEXT NOT NULL, context TEXT NOT NULL,
    stored_at INTEGER NOT NULL, received_at INTEGER NOT NULL, issued_on TEXT NOT NULL, invoice INTEGER NOT NULL,
    ksef_number TEXT NOT NULL, number TEXT NOT NULL, net REAL NOT NULL, vat REAL NOT NULL, gross REAL NOT NULL,
    currency TEXT NOT NULL, mode TEXT NOT NULL, type TEXT NOT NULL, form TEXT NOT NULL,
    self_invoicing INTEGER NOT NULL, attachment INTEGER NOT NULL,
    seller TEXT NOT NULL, buyer_type TEXT NOT NULL, buyer TEXT,
    PRIMARY KEY (subject, context_type, context, stored_at, invoice)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS roles_by_receipt ON invoice_roles (
    subject, context_type, context, received_at, invoice, net, vat, gross, currency, mode, type, form,
    self_invoicing, attachment, seller, buyer_type, buyer
);
CREATE INDEX IF NOT EXISTS roles_by_issue ON invoice_roles (
    subject, context_type, context, issued_on, invoice, net, vat, gross, currency, mode, type, form,
    self_invoicing, attachment, seller, buyer_type, buyer
);
CREATE TABLE IF NOT EXISTS horizon (told INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS collective_identifiers (
    number TEXT PRIMARY KEY, context_type TEXT NOT NULL, context TEXT NOT NULL, seller TEXT NOT NULL,
    created_at INTEGER NOT NULL, invoice_count INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS collective_of_context
    ON collective_identifiers (context_type, context, created_at, number);
CREATE INDEX IF NOT EXISTS collective_of_seller ON collective_identifiers (seller, created_at, number);
CREATE TABLE IF NOT EXISTS collective_invoices (
    number TEXT NOT NULL, ksef_number TEXT NOT NULL, amount REAL, currency TEXT, description TEXT,
    PRIMARY KEY (ksef_number, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS invoices_of_collective ON collective_invoices (number, ksef_number);
CREATE TABLE IF NOT EXISTS exports (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, context_type TEXT NOT NULL, context TEXT NOT NULL,
    created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, key BLOB, iv BLOB NOT NULL, compression TEXT NOT NULL,
    only_metadata INTEGER NOT NULL, date_type TEXT NOT NULL, hwm INTEGER, invoices TEXT NOT NULL,
    has_more INTEGER NOT NULL, flaw TEXT, code INTEGER,
    invoice_count INTEGER NOT NULL DEFAULT 0, is_truncated INTEGER NOT NULL DEFAULT 0, last_date TEXT,
    expires_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS waiting_exports ON exports (due_at, id) WHERE code IS NULL;
CREATE INDEX IF NOT EXISTS exports_of_context ON exports (context_type, context, due_at);
CREATE TABLE IF NOT EXISTS export_parts (
    export TEXT NOT NULL, ordinal INTEGER NOT NULL, name TEXT NOT NULL, file TEXT NOT NULL,
    size INTEGER NOT NULL, digest BLOB NOT NULL, encrypted_size INTEGER NOT NULL, encrypted_digest BLOB NOT NULL,
    PRIMARY KEY (export, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS planned_flaws (id INTEGER PRIMARY KEY, flaw TEXT NOT NULL) STRICT;
"""
"""`metadata` holds the finished InvoiceMetadata in JSON.

`invoice_roles` has one row for everybody an invoice names, in the order of permanent storage, with all that can be
filtered by beside it: then a filter that fits nothing costs no more than reading the rows one after another. The two
other orders hold the same in their indexes, since looking up each row would take five times as long.

An export has chosen its `invoices`, in their order, when it was asked for; `code` counts from `due_at` on, and what is
to be packed has none before. The files of its parts lie in the spool.
"""
