"""Tables of challenges, logins and KSeF tokens."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS challenges (
    challenge TEXT PRIMARY KEY, issued_at INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS authentications (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, context_type TEXT NOT NULL, context TEXT NOT NULL,
    subject_type TEXT NOT NULL, subject TEXT NOT NULL, category TEXT NOT NULL, method TEXT NOT NULL,
    permissions TEXT NOT NULL, started_at INTEGER NOT NULL, ready_at INTEGER NOT NULL,
    code INTEGER NOT NULL, detail TEXT NOT NULL, token TEXT, document_hash TEXT,
    policy TEXT NOT NULL, certificate BLOB,
    redeemed_at INTEGER, refreshed_at INTEGER, refresh_valid_until INTEGER, revoked_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, token_hash TEXT NOT NULL UNIQUE,
    context_type TEXT NOT NULL, context TEXT NOT NULL, author_type TEXT NOT NULL, author TEXT NOT NULL,
    permissions TEXT NOT NULL, description TEXT NOT NULL, created_at INTEGER NOT NULL,
    active_at INTEGER NOT NULL, fails INTEGER NOT NULL, used_at INTEGER, revoked_at INTEGER, ended_at INTEGER
) STRICT;
"""
