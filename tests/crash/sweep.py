"""The crash-point sweep: a flow is run again and again, and each time it ends one boundary later.

A boundary is a commit, or a call to KSeF: before and after each. "Killed" is an exception that nothing of ours
catches; from then on this process can neither commit nor call, so no `finally` does what a killed one could not.
"Broken" lets the process live on: the commit or the call fails as a lost connection does.

A further flow is one more `Flow`: what is prepared, and what is swept. After its end the same act is done once
more, as a person does who got no answer, and workers go on for as long as there is work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import KSeFCredential
from invoices import outbox
from invoices.models import KSeFSession, OutboxEntry, RateLane
from invoices.services import sending
from tests.truth import assert_at_rest, assert_truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.people import Person
    from tests.servers import Simulator

# More would be a flow without end.
_MOST_BOUNDARIES = 400
_MOST_ROUNDS = 8


class Died(BaseException):
    """SIGKILL, as far as a thread can have it."""


class End(StrEnum):
    """What happens at the boundary."""

    KILLED = "killed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Flow[T]:
    """`prepare` makes what the flow is about, `act` begins it, workers bring it to its end."""

    prepare: Callable[[Person], T]
    act: Callable[[Person, T], object]


@dataclass(slots=True)
class Boundaries:
    """The boundaries that a run passes, and the one at which it ends."""

    end: End
    last: int = 0
    passed: list[str] = field(default_factory=list)
    are_watched: bool = False
    is_dead: bool = False

    def begin(self, *, last: int) -> None:
        self.last, self.passed, self.are_watched, self.is_dead = last, [], True, False

    def reach(self, name: str, failure: Exception) -> None:
        if not self.are_watched:
            return
        if self.is_dead:
            raise Died
        self.passed.append(name)
        if len(self.passed) == self.last:
            if self.end is End.BROKEN:
                raise failure
            self.is_dead = True
            raise Died

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Let every commit and every call of this process come by here."""
        database: Any = BaseDatabaseWrapper  # Its stubs leave out what is private.
        commit, call = database._commit, httpx.HTTPTransport.handle_request
        set_autocommit = BaseDatabaseWrapper.set_autocommit

        def watched_commit(wrapper: BaseDatabaseWrapper) -> Any:
            self.reach("before commit", OperationalError("the connection was lost"))
            done = commit(wrapper)
            self.reach("after commit", OperationalError("the connection was lost"))
            return done

        def watched_call(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            self.reach(f"before {_name(request)}", httpx.ConnectError("no connection"))
            response = call(transport, request)
            try:
                self.reach(f"after {_name(request)}", httpx.ReadError("the answer was lost"))
            except BaseException:
                response.close()
                raise
            return response

        def watched_autocommit(wrapper: BaseDatabaseWrapper, *values: Any, **options: Any) -> None:
            if self.is_dead and self.are_watched:
                raise Died  # Django tidies up after a failed commit; who is dead does not.
            set_autocommit(wrapper, *values, **options)

        patch.setattr(BaseDatabaseWrapper, "_commit", watched_commit)
        patch.setattr(BaseDatabaseWrapper, "set_autocommit", watched_autocommit)
        patch.setattr(httpx.HTTPTransport, "handle_request", watched_call)


def sweep[T](flow: Flow[T], end: End, *, person: Person, simulator: Simulator) -> list[str]:
    """End the flow at each of its boundaries in turn, bring it to rest, and hold the portal against KSeF.

    Returns what the run passed that met no end, so that a test can say what must have been among it.
    """
    simulator.control("POST", "options", {"processing": 0})
    boundaries = Boundaries(end)
    with pytest.MonkeyPatch.context() as patch:
        boundaries.watch(patch)
        for last in count(1):
            assert last < _MOST_BOUNDARIES
            subject = flow.prepare(person)
            _begin_anew(person)
            boundaries.begin(last=last)
            _run(flow, person, subject)
            boundaries.are_watched = False
            try:
                flow.act(person, subject)
                _bring_to_rest(person)
                assert_at_rest()
                assert_truth(simulator)
            except Exception as error:
                error.add_note(f"{end} at boundary {last}: {boundaries.passed[-1]}")
                raise
            if len(boundaries.passed) < last:
                return boundaries.passed
    raise AssertionError


def _run[T](flow: Flow[T], person: Person, subject: T) -> None:
    try:
        try:
            flow.act(person, subject)
        except OperationalError:
            connection.close()  # The person reads that it did not work; workers go on.
        _work()
    except Died:
        connection.close()


def _work() -> None:
    """What a worker does with all that is due; a task that fails leaves its entry leased."""
    while due := outbox.list_due():
        for entry in due:
            try:
                sending.run_entry(entry.id)
            except OperationalError:
                connection.close()


def _bring_to_rest(person: Person) -> None:
    for _round in range(_MOST_ROUNDS):
        _let_time_pass(person)
        _work()
        if not OutboxEntry.objects.exists():
            return


def _let_time_pass(person: Person) -> None:
    """Every lease ran out and every pause is over."""
    past = Now() - timedelta(seconds=1)
    OutboxEntry.objects.update(not_before=past)
    OutboxEntry.objects.exclude(lease_until=None).update(lease_until=past)
    RateLane.objects.all().delete()
    with person.entered():
        KSeFCredential.objects.update(renewing_until=None)


def _begin_anew(person: Person) -> None:
    """The access token has to be renewed and a session opened, so that both are swept as well."""
    with person.entered():
        KSeFCredential.objects.update(access_valid_until=None)
        KSeFSession.objects.filter(closed_at=None).update(closed_at=timezone.now())


def _name(request: httpx.Request) -> str:
    """Method and kind of address; references are left out."""
    parts = [part for part in request.url.path.split("/") if part.islower() and "-" not in part[8:]]
    return f"{request.method} {'/'.join(parts[1:])}"
