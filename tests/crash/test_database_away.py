"""PostgreSQL is full or says no: nothing is posted that is not written down, and nothing is lost."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import Error
from django.db.models.functions import Now
from psycopg import sql

from invoices import outbox
from invoices.domain.lifecycle import State
from invoices.models import OutboxEntry, SubmissionAttempt
from invoices.services import sending
from tests.builders import make_approved, reload, run_outbox_later
from tests.conftest import superuser_connection
from tests.environment import DATABASE
from tests.truth import assert_at_rest, assert_truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.people import Person
    from tests.servers import Simulator

pytestmark = pytest.mark.crash


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
