"""All that the simulator remembers: one SQLite database, in memory or in --data, which survives kill -9 (WAL)."""

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS encryption_keys (
    key_id TEXT NOT NULL, certificate BLOB NOT NULL, private_key BLOB NOT NULL, usage TEXT NOT NULL,
    valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL, withdrawn_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS challenges (
    challenge TEXT PRIMARY KEY, issued_at INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS authentications (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, context_type TEXT NOT NULL, context TEXT NOT NULL,
    subject_type TEXT NOT NULL, subject TEXT NOT NULL, category TEXT NOT NULL, method TEXT NOT NULL,
    permissions TEXT NOT NULL, started_at INTEGER NOT NULL, ready_at INTEGER NOT NULL,
    code INTEGER NOT NULL, detail TEXT NOT NULL, token TEXT, document_hash TEXT,
    redeemed_at INTEGER, refreshed_at INTEGER, refresh_valid_until INTEGER, revoked_at INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, token_hash TEXT NOT NULL UNIQUE,
    context_type TEXT NOT NULL, context TEXT NOT NULL, author_type TEXT NOT NULL, author TEXT NOT NULL,
    permissions TEXT NOT NULL, description TEXT NOT NULL, created_at INTEGER NOT NULL,
    active_at INTEGER NOT NULL, used_at INTEGER, revoked_at INTEGER
) STRICT;
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
_EMPTIED: Final = ("challenges", "authentications", "tokens", "sessions", "invoices", "upos")

type Value = str | int | float | bytes | None


class Store:
    """One connection under one lock: a request is one transaction, so requests see each other whole or not at all."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if folder is None else str(folder / "simulator.sqlite3")
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # An open connection that is collected would be a warning; the finalizer also serves whoever forgets close().
        self._closed = weakref.finalize(self, self._connection.close)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._closed()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def clear(self) -> None:
        """Empty every table but the keys and the settings."""
        for table in _EMPTIED:
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the constant above.

    def run(self, statement: str, *values: Value) -> None:
        self._connection.execute(statement, values)

    def insert(self, table: str, **values: Value) -> None:
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names from our code.
        self._connection.execute(statement, tuple(values.values()))

    def rows(self, query: str, *values: Value) -> list[dict[str, Any]]:
        return [dict(row) for row in self._connection.execute(query, values)]

    def row(self, query: str, *values: Value) -> dict[str, Any] | None:
        found = self._connection.execute(query, values).fetchone()
        return None if found is None else dict(found)

    def setting(self, name: str) -> Any:
        found = self.row("SELECT value FROM settings WHERE name = ?", name)
        return None if found is None else json.loads(found["value"])

    def set_setting(self, name: str, value: object) -> None:
        self.run("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, json.dumps(value))
