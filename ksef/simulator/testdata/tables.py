"""Tables of invented subjects, persons, consents and blocks."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS subjects (
    id INTEGER PRIMARY KEY, nip TEXT NOT NULL, role TEXT NOT NULL, parent TEXT, description TEXT NOT NULL,
    created_at INTEGER NOT NULL, removed_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS persons (
    id INTEGER PRIMARY KEY, nip TEXT NOT NULL, pesel TEXT NOT NULL, is_bailiff INTEGER NOT NULL,
    is_deceased INTEGER NOT NULL, description TEXT NOT NULL, created_at INTEGER NOT NULL, removed_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS attachment_consents (
    nip TEXT PRIMARY KEY, given_at INTEGER NOT NULL, ends_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS blocked_contexts (
    context_type TEXT NOT NULL, context TEXT NOT NULL, PRIMARY KEY (context_type, context)
) STRICT;
"""
