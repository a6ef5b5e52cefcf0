"""Tables of outages and of the lighthouse that tells of them."""

from typing import Final

TABLES: Final = """
CREATE TABLE IF NOT EXISTS outages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, category TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
    starts_at INTEGER NOT NULL, ends_at INTEGER, announced_at INTEGER NOT NULL, end_announced_at INTEGER,
    version INTEGER NOT NULL, api TEXT NOT NULL, status INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS lighthouse (id INTEGER PRIMARY KEY CHECK (id = 1), mode TEXT NOT NULL) STRICT;
"""
"""An event keeps its number for good: a message that was read once never means another outage."""
