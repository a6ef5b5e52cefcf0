"""Tables of sessions, invoices and receipts."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sessions (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, authentication TEXT NOT NULL,
    context_type TEXT NOT NULL, context TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
    valid_until INTEGER NOT NULL, closed_at INTEGER, key BLOB, iv BLOB NOT NULL, checks_nip INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS invoices (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, session TEXT NOT NULL, ordinal INTEGER NOT NULL,
    hash TEXT NOT NULL, content BLOB, offline INTEGER NOT NULL, corrected_hash TEXT,
    received_at INTEGER NOT NULL, due_at INTEGER NOT NULL, code INTEGER, details TEXT NOT NULL DEFAULT '[]',
    original_session TEXT, original_number TEXT, seller TEXT, seller_name TEXT, buyer TEXT, kind TEXT, number TEXT,
    issue_date TEXT, gross TEXT, currency TEXT, mode TEXT,
    ksef_number TEXT UNIQUE, acquired_at INTEGER, stored_at INTEGER, UNIQUE (session, ordinal)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_accepted ON invoices (seller, kind, number) WHERE code = 200;
CREATE INDEX IF NOT EXISTS waiting ON invoices (due_at, id) WHERE code IS NULL;
CREATE INDEX IF NOT EXISTS by_hash ON invoices (hash);
CREATE TABLE IF NOT EXISTS upos (
    reference TEXT PRIMARY KEY, session TEXT NOT NULL, invoice TEXT UNIQUE, content BLOB NOT NULL
) STRICT;
"""
