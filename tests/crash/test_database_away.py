"""PostgreSQL restarts, is full or says no: nothing is posted that is not written down, and nothing is lost."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import environ
import pytest
from django.core.management import call_command
from django.db import Error, InterfaceError, OperationalError, connection, connections
from django.db.models.functions import Now
from psycopg import sql

from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from config.embedded import await_database, prepare_database
from invoices import outbox
from invoices.domain.lifecycle import State
from invoices.models import OutboxEntry, SubmissionAttempt
from invoices.services import sending
from tests.builders import make_approved, reload, run_outbox_later
from tests.conftest import superuser_connection
from tests.crash.bells import ring
from tests.environment import DATABASE
from tests.people import make_people
from tests.servers import start_worker
from tests.truth import assert_at_rest, assert_truth
from tests.waiting import directory_for_programs, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from config.embedded import Database
    from tests.people import Person
from tests.servers import Simulator

pytestmark = pytest.mark.crash

_LIMIT_SECONDS = 120.0
_QUICK = {"OUTBOX_LEASE_SECONDS": "3", "DOUBT_SECONDS": "1"}
POST = {"method": "POST", "path_regex": r"/v2/sessions/online/[^/]+/invoices"}


class OwnServer:
    """A PostgreSQL server that a test may end at once, as a power cut does."""

    def __init__(self, database: Database) -> None:
        self.url = database.addresses.app_url
        self._database = database
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = self._database.program.start()
        await_database(self._database, self._process)

    def end_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(_LIMIT_SECONDS)

    def stop(self) -> None:
        assert self._process is not None
        self._database.program.stop(self._process)


@contextmanager
def speaking_with(url: str) -> Iterator[None]:
    """Django's connection leads to another server meanwhile."""
    wrapper = connections["default"]
    before = dict(wrapper.settings_dict)
    wrapper.close()
    wrapper.settings_dict.update({"OPTIONS": {}, **environ.Env.db_url_config(url)})
    try:
        yield
    finally:
        wrapper.close()
        wrapper.settings_dict.update(before)


@pytest.fixture
def own_server(transactional_db: None) -> Iterator[OwnServer]:
    """A migrated database on a server of this test's own, with which Django speaks."""
    with directory_for_programs() as directory:
        database = prepare_database(directory)
        server = OwnServer(database)
        server.start()
        try:
            with speaking_with(database.addresses.owner_url):
                call_command("migrate", verbosity=0)
            with speaking_with(database.addresses.app_url):
                yield server
        finally:
            server.stop()


def insist[T](act: Callable[[], T]) -> T | None:
    """What it returns; None while the server is away."""
    try:
        return act()
    except (OperationalError, InterfaceError):
        connection.close()
        return None


@pytest.mark.parametrize("action", ["delay", "delay_after"])
def test_a_restart_in_the_middle_of_a_post(
    action: str, own_server: OwnServer, simulator: Simulator, tmp_path: Path
) -> None:
    """F34: the server is gone while KSeF answers and comes back: worker and rows go on, each arrives once."""
    alicja = make_people().alicja
    connect_with_self_signed_certificate(actor=alicja.actor, company=alicja.company)
    log = tmp_path / "worker.log"
    simulator.fail({"match": POST, "after": 1, "action": action, "seconds": 3})
    invoices = [make_approved(alicja) for _ in range(3)]

    def is_posting() -> bool:
        ring()
        with alicja.entered():
            attempts = SubmissionAttempt.objects.values_list("result", flat=True)
        return len(attempts) == 2 and "" in attempts

    def is_done() -> bool:
        insist(ring)
        return insist(OutboxEntry.objects.exists) is False

    with start_worker(simulator, log=log, environment={**_QUICK, "DATABASE_URL": own_server.url}) as worker:
        until(is_posting, seconds=_LIMIT_SECONDS, why=log.read_text)
        own_server.end_at_once()
        assert insist(OutboxEntry.objects.exists) is None
        own_server.start()
        until(is_done, seconds=_LIMIT_SECONDS, why=lambda: log.read_text()[-4000:])
        assert worker.poll() is None
    assert {reload(alicja, invoice).state for invoice in invoices} == {State.ACCEPTED}
    assert len(simulator.control("GET", "ledger")["received"]) == 3
    assert_at_rest()
    assert_truth(simulator)


@contextmanager
def refusing_attempts(code: str) -> Iterator[None]:
    """PostgreSQL answers the writing of an attempt with this SQLSTATE."""
    with superuser_connection(DATABASE) as superuser:
        superuser.execute(
            "CREATE FUNCTION say_no() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = TG_ARGV[0]; END $$"
        )
        superuser.execute(
            sql.SQL(
                "CREATE TRIGGER say_no BEFORE INSERT ON invoices_submissionattempt"
                " FOR EACH ROW EXECUTE FUNCTION say_no({})"
            ).format(sql.Literal(code))
        )
        try:
            yield
        finally:
            superuser.execute("DROP FUNCTION say_no CASCADE")


@pytest.mark.parametrize(
    "code", ["53100", "25006", "40001", "40P01"], ids=["full", "read-only", "serialization", "deadlock"]
)
def test_what_cannot_be_written_down_is_not_posted(code: str, sender: Person, simulator: Simulator) -> None:
    """F35: the attempt does not commit, so KSeF sees no document; after five tries the entry is parked."""
    invoice = make_approved(sender)
    entry = OutboxEntry.objects.get()
    with refusing_attempts(code):
        for _crash in range(5):
            with pytest.raises(Error):
                sending.run_entry(entry.id)
            OutboxEntry.objects.update(lease_until=Now() - timedelta(seconds=1))
        sending.run_entry(entry.id)
    assert outbox.list_due() == []
    assert simulator.control("GET", "ledger")["received"] == []
    with sender.entered():
        assert not SubmissionAttempt.objects.exists()
    run_outbox_later()
    assert reload(sender, invoice).state == State.ACCEPTED
    assert_at_rest()
    assert_truth(simulator)
