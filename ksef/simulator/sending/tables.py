"""Tables of sessions, packages, invoices and receipts."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sessions (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, authentication TEXT NOT NULL,
    context_type TEXT NOT NULL, context TEXT NOT NULL, subject_type TEXT NOT NULL, subject TEXT NOT NULL,
    system_code TEXT NOT NULL, schema_version TEXT NOT NULL, form_value TEXT NOT NULL, offline INTEGER NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, valid_until INTEGER NOT NULL, ends_at INTEGER NOT NULL,
    closed_at INTEGER, due_at INTEGER, unpacked INTEGER NOT NULL, key BLOB, iv BLOB NOT NULL,
    checks_nip INTEGER NOT NULL, total INTEGER NOT NULL DEFAULT 0, accepted INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0, code INTEGER, details TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_of_context ON sessions (context_type, context, kind, created_at, id);
CREATE INDEX IF NOT EXISTS sessions_of_subject
    ON sessions (context_type, context, kind, subject_type, subject, created_at, id);
CREATE INDEX IF NOT EXISTS open_sessions ON sessions (ends_at, id) WHERE code IS NULL AND closed_at IS NULL;
CREATE INDEX IF NOT EXISTS closed_sessions ON sessions (due_at, id) WHERE code IS NULL AND closed_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS packages (
    session TEXT PRIMARY KEY, size INTEGER NOT NULL, digest BLOB NOT NULL, compression TEXT NOT NULL,
    unpack_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS package_parts (
    session TEXT NOT NULL, ordinal INTEGER NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL,
    file TEXT, sent_size INTEGER, sent_digest BLOB, PRIMARY KEY (session, ordinal)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS invoices (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, session TEXT NOT NULL, context TEXT NOT NULL,
    ordinal INTEGER NOT NULL, hash TEXT NOT NULL, size INTEGER, file_name TEXT, offline INTEGER NOT NULL,
    corrected_hash TEXT, received_at INTEGER NOT NULL, due_at INTEGER NOT NULL, code INTEGER,
    details TEXT NOT NULL DEFAULT '[]', original_session TEXT, original_number TEXT,
    seller TEXT, seller_name TEXT, buyer TEXT, kind TEXT, number TEXT,
    issue_date TEXT, gross TEXT, currency TEXT, mode TEXT,
    ksef_number TEXT UNIQUE, acquired_at INTEGER, stored_at INTEGER, UNIQUE (session, ordinal)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_accepted ON invoices (seller, kind, number) WHERE code = 200;
CREATE INDEX IF NOT EXISTS waiting ON invoices (due_at, id, context) WHERE code IS NULL;
CREATE INDEX IF NOT EXISTS failed ON invoices (session, ordinal) WHERE code <> 200;
CREATE INDEX IF NOT EXISTS by_hash ON invoices (hash);
CREATE INDEX IF NOT EXISTS corrections ON invoices (corrected_hash) WHERE corrected_hash IS NOT NULL;
CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS upos (
    reference TEXT PRIMARY KEY, session TEXT NOT NULL, page INTEGER, invoice TEXT UNIQUE, content BLOB NOT NULL,
    UNIQUE (session, page)
) STRICT;
"""
"""`documents` holds the XML of the invoice with the same id: a row of SQLite with megabytes in it is slow to list.

`ends_at` is when an open session ends by itself, `due_at` when a closed one has been processed.
"""
