"""Tables of grants, of the operations that made them, of Peppol providers and of planned endings."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS grants (
    id INTEGER PRIMARY KEY, permission_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    subject_type TEXT NOT NULL, subject TEXT NOT NULL,
    granted_in_type TEXT NOT NULL, granted_in TEXT NOT NULL, context_type TEXT NOT NULL, context TEXT NOT NULL,
    scope TEXT NOT NULL, can_delegate INTEGER NOT NULL, description TEXT NOT NULL,
    details TEXT NOT NULL, unit TEXT NOT NULL, author_type TEXT NOT NULL, author TEXT NOT NULL,
    started_at INTEGER NOT NULL, revoked_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS grants_of_subject ON grants (subject, subject_type);
CREATE INDEX IF NOT EXISTS grants_in_context ON grants (context, context_type);
CREATE INDEX IF NOT EXISTS grants_by_granter ON grants (granted_in, granted_in_type);
CREATE TABLE IF NOT EXISTS permission_operations (
    reference TEXT PRIMARY KEY, context_type TEXT NOT NULL, context TEXT NOT NULL,
    started_at INTEGER NOT NULL, ready_at INTEGER NOT NULL, code INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS peppol_providers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS planned_endings (
    id INTEGER PRIMARY KEY, area TEXT NOT NULL, code INTEGER NOT NULL
) STRICT;
"""
