"""Shared fixtures: a migrated database per worker, the people, the simulator as a real process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql

from tests.environment import DATABASE, address
from tests.people import People, make_people
from tests.servers import Simulator, start_simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.fixtures import Settings
    from pytest_django.plugin import DjangoDbBlocker


def superuser_connection(database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(address(role="none", database=database), autocommit=True)


def _make_roles(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    for role in ("kwit_owner", "kwit_app"):
        # Two workers may try at once: the loser of the race finds the role there.
        connection.execute(
            sql.SQL(
                "DO $$ BEGIN CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS;"
                " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ).format(sql.Identifier(role))
        )


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make and migrate this worker's database as the owner; every test then runs as the runtime role."""
    name = sql.Identifier(DATABASE)
    with superuser_connection() as superuser:
        _make_roles(superuser)
        superuser.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        superuser.execute(sql.SQL("CREATE DATABASE {} OWNER kwit_owner").format(name))
    with django_db_blocker.unblock():
        runtime = connections["default"].settings_dict["OPTIONS"]
        connections["default"].settings_dict["OPTIONS"] = {"options": "-c role=kwit_owner"}
        connections["default"].close()
        call_command("migrate", verbosity=0)
        connections["default"].close()
        connections["default"].settings_dict["OPTIONS"] = runtime
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    with superuser_connection() as superuser:
        superuser.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def empty_tables() -> None:
    """Empty all tables as the superuser: the runtime role may not, and triggers guard the logs."""
    connections.close_all()
    with superuser_connection(DATABASE) as superuser:
        superuser.execute("SET session_replication_role = replica")
        # Where a server of the test still works, the deadlock is broken on its side.
        superuser.execute("SET deadlock_timeout = '1min'")
        tables = superuser.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations'"
        ).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(str(table)) for (table,) in tables)
        superuser.execute(sql.SQL("TRUNCATE {}").format(names))


@pytest.fixture(autouse=True, scope="session")
def _truncating_teardown() -> Iterator[None]:
    """Transactional tests end by our truncation instead of Django's flush."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: empty_tables())
        yield


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@pytest.fixture
def committed_people(transactional_db: None) -> People:
    """The same people for tests in which other threads or processes must see them."""
    return make_people()


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with start_simulator(log=tmp_path_factory.mktemp("simulator") / "log") as simulator:
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator, settings: Settings) -> Simulator:
    """The KSeF simulator, emptied, with the portal pointed at it."""
    simulator_process.reset()
    settings.KSEF_SIMULATOR_URL = simulator_process.url
    settings.KSEF_ADDRESSES = {
        name: (f"{simulator_process.url}{path}/v2", f"{simulator_process.url}{path}")
        for name, path in (("simulator", ""), ("demo", "/demo"), ("production", "/production"))
    }
    settings.KSEF_LIGHTHOUSES = {"simulator": f"{simulator_process.url}/latarnia"}
    settings.KSEF_APPLICATIONS = {
        **settings.KSEF_APPLICATIONS,
        "simulator": f"{simulator_process.url}/web/",
    }
    return simulator_process
