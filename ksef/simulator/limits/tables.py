"""Tables of limits that were changed for one context or subject."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS limit_overrides (
    kind TEXT NOT NULL, owner_type TEXT NOT NULL, owner TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (kind, owner_type, owner)
) STRICT, WITHOUT ROWID;
"""
