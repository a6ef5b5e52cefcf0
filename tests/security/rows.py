"""The rows of all tables as the superuser sees them, to show that something changed them or did not."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg.sql import SQL, Identifier, Literal

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from django.db.backends.utils import CursorWrapper
    from django.db.models import Model

# What a request may write without anybody's data being changed by it.
_HOUSEKEEPING = ("django_session", "kwit_cache", "django_migrations", "identity_browsersession")


@contextmanager
def all_seeing() -> Iterator[CursorWrapper]:
    """Look past row-level security; whatever is done here is undone."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        yield cursor
        transaction.set_rollback(True)


def table_of(model: type[Model]) -> Identifier:
    return Identifier(model._meta.db_table)


def query(text: LiteralString, *parameters: Any, **names: Identifier) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(SQL(text).format(**names), parameters)
        return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]


def refusal(text: LiteralString, *parameters: Any, **names: Identifier) -> type[BaseException | None]:
    """The error that PostgreSQL answers with; the test fails when there is none."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        query(text, *parameters, **names)
    return type(caught.value.__cause__)


def fingerprint() -> dict[str, str]:
    """A hash of the rows of each table, inside the test's own transaction."""
    with all_seeing() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        tables = [name for (name,) in cursor.fetchall() if name not in _HOUSEKEEPING]
        one = "SELECT {}, md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {} t"
        hashes = [SQL(one).format(Literal(table), Identifier(table)) for table in tables]
        cursor.execute(SQL(" UNION ALL ").join(hashes))
        return dict(cursor.fetchall())


def changed_since(before: dict[str, str]) -> set[str]:
    """The tables whose rows are not what they were."""
    after = fingerprint()
    return {table for table in after if after[table] != before[table]}


def row_as_json(table: str, *, company_id: uuid.UUID) -> str:
    """One row of this company, as PostgreSQL writes it in JSON."""
    with all_seeing() as cursor:
        query = SQL("SELECT to_jsonb(t)::text FROM {} t WHERE company_id = %s ORDER BY id LIMIT 1")
        cursor.execute(query.format(Identifier(table)), [company_id])
        text: str = cursor.fetchone()[0]
        return text
