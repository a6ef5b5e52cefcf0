"""A run in which everything fails at random: workers die, Redis is emptied, PostgreSQL hangs up, KSeF stumbles."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Self

import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from accounts.domain.identifiers import is_valid_nip
from accounts.models import Company, User
from accounts.services.companies import create_company
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from invoices import outbox
from invoices.domain.numbering import NumberPattern
from invoices.models import OutboxEntry
from invoices.services.approval import approve_invoice
from invoices.services.drafting import default_series
from tests.builders import make_draft, today
from tests.conftest import superuser_connection
from tests.environment import DATABASE
from tests.people import Person, details
from tests.servers import start_worker

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from invoices.models import Invoice
    from tests.servers import Simulator

# Together they meet one call in twenty.
_FAULTS: tuple[dict[str, object], ...] = (
    {"action": "drop_before"},
    {"action": "drop_after"},
    {"action": "status", "status": 503},
    {"action": "status_after", "status": 500},
    {"action": "html_after"},
    {"action": "truncate"},
    {"action": "garbled"},
    {"action": "limited", "retry_after": 1},
    {"action": "delay_after", "seconds": 0.5, "up_to": 4},
)
_ONE_IN_TWENTY = 0.05
# KSeF's own trouble, after which the same bytes go again.
_VERDICTS = (405, 500, 550)
_QUICK = {"OUTBOX_LEASE_SECONDS": "4", "DOUBT_SECONDS": "1", "KSEF_TIMEOUT": "3"}
_LOOK_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Plan:
    """How much there is to do; the seed chooses conflicts, verdicts, faults and blows."""

    seed: int
    invoices: int
    companies: int
    workers: int = 2
    seconds_between_blows: float = 3.0
    limit_seconds: float = 3600.0


@dataclass(slots=True)
class Storm:
    """Real workers on this test's database and Redis, and what is done to them."""

    plan: Plan
    simulator: Simulator
    logs: Path
    chance: random.Random
    blows: Counter[str] = field(default_factory=Counter)
    _workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _next_blow: float = 0.0
    _next_look: float = 0.0

    def __enter__(self) -> Self:
        self._next_blow = time.monotonic() + self.plan.seconds_between_blows
        while len(self._workers) < self.plan.workers:
            self._start_worker()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stack.close()

    def insist[T](self, act: Callable[[], T]) -> T:
        """Do it as a person does: again, when a page says that it did not work."""
        while True:
            try:
                return act()
            except (OperationalError, InterfaceError):
                connection.close()
                self.blows["clicks in vain"] += 1

    def pass_time(self) -> None:
        """The beat rings, pauses come to their end, and now and then something is struck."""
        if time.monotonic() > self._next_look:
            self.insist(_let_pauses_end)
            self.insist(outbox.wake_due)
            self._next_look = time.monotonic() + _LOOK_SECONDS
        if time.monotonic() > self._next_blow:
            blow = self.chance.choice((self._kill_worker, self._hang_up, self._empty_redis))
            blow()
            self._next_blow = time.monotonic() + self.plan.seconds_between_blows * self.chance.uniform(
                0.5, 1.5
            )

    def calm(self) -> None:
        """No more blows and no more faults."""
        self._next_blow = float("inf")
        self.simulator.control("DELETE", "faults")

    def await_queue(self, most: int) -> None:
        """Until no more than so many entries wait."""
        deadline = time.monotonic() + self.plan.limit_seconds
        while (left := self.insist(OutboxEntry.objects.count)) > most:
            assert time.monotonic() < deadline, f"{left} entries still wait; {self.blows}"
            self.pass_time()
            time.sleep(_LOOK_SECONDS / 3)

    def _start_worker(self) -> None:
        log = self.logs / f"worker-{self.blows['workers']}.log"
        self.blows["workers"] += 1
        self._workers.append(
            self._stack.enter_context(start_worker(self.simulator, log=log, environment=_QUICK))
        )

    def _kill_worker(self) -> None:
        victim = self._workers.pop(self.chance.randrange(len(self._workers)))
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        self.blows["workers killed"] += 1
        self._start_worker()

    def _hang_up(self) -> None:
        """PostgreSQL ends a connection, whoever has it: a worker, or the person who clicks."""
        with superuser_connection() as superuser:
            pids = superuser.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s ORDER BY pid", [DATABASE]
            ).fetchall()
            if pids:
                superuser.execute("SELECT pg_terminate_backend(%s)", self.chance.choice(pids))
        self.blows["connections ended"] += 1

    def _empty_redis(self) -> None:
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
        self.blows["Redis emptied"] += 1


def run_chaos(plan: Plan, simulator: Simulator, *, logs: Path) -> tuple[Counter[str], set[str]]:
    """Send everything through the storm; the blows, and the hashes of what others have sent under our numbers."""
    chance = random.Random(plan.seed)  # noqa: S311 -- a seed that can be given again.
    people = [_make_person(chance) for _ in range(plan.companies)]
    turns = [person for person in people for _ in range(plan.invoices // plan.companies)]
    chance.shuffle(turns)
    for person in people:
        _let_another_take(person, chance.randint(1, plan.invoices // plan.companies), simulator)
    strangers = {entry["hashHex"] for entry in simulator.ledger()}
    verdicts = chance.choices(_VERDICTS, k=plan.invoices // 15)
    simulator.control("POST", "verdicts", {"codes": verdicts})
    simulator.control("POST", "faults", {"faults": _faults(plan.seed)})
    with Storm(plan, simulator, logs, chance) as storm:
        for person in turns:
            # Where the answer to saving was lost, a second draft is begun, as a person would; nobody approves both.
            invoice = storm.insist(partial(make_draft, person))
            storm.insist(partial(_approve, person, invoice))
            storm.pass_time()
        storm.await_queue(most=plan.invoices // 10)
        storm.calm()
        storm.await_queue(most=0)
    return storm.blows, strangers


def _let_pauses_end() -> None:
    """A pause of minutes passes in a moment; what somebody holds is left to its lease."""
    OutboxEntry.objects.filter(lease_until=None).update(not_before=Now())


def _faults(seed: int) -> list[dict[str, object]]:
    match = {"path_regex": "^/v2/"}
    share = _ONE_IN_TWENTY / len(_FAULTS)
    return [
        {"match": match, "times": 0, "probability": share, "seed": seed + place, **fault}
        for place, fault in enumerate(_FAULTS)
    ]


def _approve(person: Person, invoice: Invoice) -> None:
    with person.entered() as actor:
        approve_invoice(actor=actor, invoice_id=invoice.id)


def _let_another_take(person: Person, place: int, simulator: Simulator) -> None:
    """Another program has used the number that the company's invoice at this place will get."""
    with person.entered() as actor:
        pattern = NumberPattern.parse(default_series(actor.company_id).pattern)
    number = pattern.format(place, today())
    simulator.control("POST", "invoices", {"seller": person.company.nip, "number": number})


def _make_person(chance: random.Random) -> Person:
    nip = ""
    while not is_valid_nip(nip):
        nip = str(chance.randint(1_111_111_111, 9_999_999_999))
    user = User.objects.create_user(email=f"{nip}@example.test", full_name=f"Osoba {nip}")
    company = create_company(user_id=user.id, details=details(name=f"Firma {nip}", nip=nip))
    person = Person(user, Company.objects.get(id=company.id))
    connect_with_self_signed_certificate(actor=person.actor, company=person.company)
    return person
