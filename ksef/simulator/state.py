"""All that the simulator remembers: one SQLite database, in memory or in --data, which survives kill -9 (WAL)."""

import json
import re
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ksef.simulator.tables import EMPTIED, KEPT

_TABLE: Final = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)")

type Value = str | int | float | bytes | None


class Store:
    """One connection under one lock: a request is one transaction, so requests see each other whole or not at all."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if folder is None else str(folder / "simulator.sqlite3")
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # An open connection that is collected would be a warning; the finalizer also serves whoever forgets close().
        self._closed = weakref.finalize(self, self._connection.close)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(KEPT + EMPTIED)

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
        for table in _TABLE.findall(EMPTIED):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from our own statements.

    def run(self, statement: str, *values: Value) -> None:
        self._connection.execute(statement, values)

    def insert(self, table: str, **values: Value) -> int:
        """Return the id of the new row."""
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names from our code.
        return self._connection.execute(statement, tuple(values.values())).lastrowid or 0

    def update(self, table: str, identifier: int, **values: Value) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        statement = f"UPDATE {table} SET {names} WHERE id = ?"  # noqa: S608 - names from our code.
        self._connection.execute(statement, (*values.values(), identifier))

    def rows(self, query: str, *values: Value) -> list[dict[str, Any]]:
        # sqlite3.Row looks every column up by its name, which is slow with many of them.
        found = self._connection.execute(query, values)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def row(self, query: str, *values: Value) -> dict[str, Any] | None:
        found = self._connection.execute(query, values)
        row = found.fetchone()
        if row is None:
            return None
        return {column[0]: value for column, value in zip(found.description, row, strict=True)}

    def setting(self, name: str) -> Any:
        found = self.row("SELECT value FROM settings WHERE name = ?", name)
        return None if found is None else json.loads(found["value"])

    def set_setting(self, name: str, value: object) -> None:
        self.run("INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", name, json.dumps(value))
