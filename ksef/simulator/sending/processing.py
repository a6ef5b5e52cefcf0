"""What happens after an answer: sessions end, invoices are judged, receipts are made; in small steps, by the clock.

All of it follows from the database, so a process that was killed goes on where it stopped.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from ksef.simulator.access.authentications import find_authentication
from ksef.simulator.limits.effective import session_limits
from ksef.simulator.reading.export_records import find_next_export
from ksef.simulator.reading.packing import pack
from ksef.simulator.sending.ending import fail_session
from ksef.simulator.sending.judging import Case, Finding, judge, read_document
from ksef.simulator.sending.packages import find_next_package, find_package
from ksef.simulator.sending.records import (
    ONLINE,
    SUCCESS,
    Invoice,
    Session,
    find_session,
    read_content,
)
from ksef.simulator.sending.unpacking import unpack
from ksef.simulator.sending.upo import keep_page, prepare_next_page, read_seal
from ksef.simulator.sending.waiting import find_due_context, list_due
from ksef.simulator.world import World, as_milliseconds

_CHUNK: Final = 100
_CHUNK_BYTES: Final = 8_000_000
_EMPTY: Final = 440
_NONE_GOOD: Final = 445
_NOTHING_SENT: Final = "Nie przesłano faktur"
_TOO_LATE: Final = "Przekroczono czas wysyłki"


class Processing:
    """The work on one world's sessions and exports, which one thread at a time does.

    Mounted in a test, all of it is done before the next request is answered, strictly in the order of arrival. With a
    thread of its own requests wait for little work and not for much, and no company waits for another's
    ten thousand invoices: the order of arrival holds within each company then.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._package: Iterator[None] = iter(())
        self._package_of = ""
        self._last_context = ""
        self._export: Iterator[None] = iter(())

    def settle(self, *, now: int) -> None:
        """Do everything whose time has come."""
        with self._lock:
            while self._step(now=now):
                pass

    def live_step(self) -> bool:
        """Do one bounded piece of each kind of work, for whom it is the turn; return whether there was any."""
        with self._lock:
            now = self._world.now()
            done = [
                _end_sessions(self._world, now=now),
                self._unpack_some(now=now),
                self._judge_in_turn(now=now),
                _finish_session(self._world, now=now),
                self._pack_some(now=now),
            ]
        return any(done)

    def _step(self, *, now: int) -> bool:
        """Do one bounded piece of work and return whether there was any."""
        return (
            _end_sessions(self._world, now=now)
            or self._unpack_some(now=now)
            or _judge_some(self._world, lambda: list_due(self._world.store, now=now, most=_CHUNK))
            or _finish_session(self._world, now=now)
            or self._pack_some(now=now)
        )

    def _unpack_some(self, *, now: int) -> bool:
        """Go on with the package at hand, or begin with the next."""
        for _ in self._package:
            return True
        with self._world.store.transaction():
            found = find_next_package(self._world.store, now=now)
        if found is None:
            self._package_of = ""
            return False
        session, package = found
        self._package, self._package_of = unpack(self._world, session, package), session.party
        return True

    def _judge_in_turn(self, *, now: int) -> bool:
        """Judge some invoices of one company, then of another; not of the one whose package is being unpacked."""

        def choose() -> list[Invoice]:
            store = self._world.store
            unpacking, last = self._package_of, self._last_context
            context = find_due_context(store, now=now, but=unpacking, nor=last)
            if context is None and last != unpacking:
                context = find_due_context(store, now=now, but=unpacking, nor=unpacking)
            self._last_context = context or ""
            return [] if context is None else list_due(store, now=now, most=_CHUNK, context=context)

        return _judge_some(self._world, choose, is_live=True)

    def _pack_some(self, *, now: int) -> bool:
        """Go on with the export at hand, or begin with the next."""
        for _ in self._export:
            return True
        with self._world.store.transaction():
            found = find_next_export(self._world.store, now=now)
        if found is None:
            return False
        self._export = pack(self._world, found)
        return True


def _end_sessions(world: World, *, now: int) -> bool:
    """Close the online sessions whose time is over (4.4), and cancel the packages that were not finished (5)."""
    with world.store.transaction():
        rows = world.store.rows(
            "SELECT * FROM sessions WHERE code IS NULL AND closed_at IS NULL AND ends_at <= ?"
            " ORDER BY ends_at, id LIMIT ?",
            now,
            _CHUNK,
        )
        sessions = [Session(**row) for row in rows]
        packages = [find_package(world.store, session.reference) for session in sessions]
        for session in sessions:
            _end_session(world, session)
    for package in filter(None, packages):
        world.spool.remove([part.file for part in package.parts if part.file])
    return bool(rows)


def _end_session(world: World, session: Session) -> None:
    at = session.ends_at
    if session.kind == ONLINE:
        due_at = at + as_milliseconds(world.options.processing)
        world.store.update("sessions", session.id, closed_at=at, updated_at=at, due_at=due_at)
    else:
        fail_session(world, session, code=_EMPTY, details=(_TOO_LATE,), at=at)


def _judge_some(world: World, choose: Callable[[], list[Invoice]], *, is_live: bool = False) -> bool:
    """Judge the chosen invoices: reading them takes nobody's turn, only the verdicts are one transaction."""
    with world.store.transaction():
        cases = _as_cases(world, choose())
    if not cases:
        return False
    findings = [read_document(case, schemas=world.schemas) for case in cases]
    with world.store.transaction():
        _write_verdicts(world, findings, not_before=world.now() if is_live else 0)
    return True


def _as_cases(world: World, invoices: list[Invoice]) -> list[Case]:
    """Fetch the documents, of no more invoices than memory should hold."""
    known: dict[str, Case] = {}
    cases: list[Case] = []
    size = 0
    for invoice in invoices:
        size += invoice.size or 0
        if cases and size > _CHUNK_BYTES:
            break
        if invoice.session not in known:
            known[invoice.session] = _case_of(world, invoice)
        content = read_content(world.store, invoice.id)
        cases.append(replace(known[invoice.session], invoice=replace(invoice, content=content)))
    return cases


def _case_of(world: World, invoice: Invoice) -> Case:
    session = find_session(world.store, invoice.session)
    if session is None:
        raise LookupError(invoice.session)
    return Case(
        invoice=invoice,
        session=session,
        login=find_authentication(world.store, session.authentication),
        limits=session_limits(world, context=session.owner, batch=session.is_batch),
    )


def _write_verdicts(world: World, findings: list[Finding], *, not_before: int) -> None:
    counts: dict[int, Counter[bool]] = {}
    for finding in findings:
        invoice, session = finding.case.invoice, finding.case.session
        # A reset may have come in between, and another invoice have taken the number of the row.
        if not _still_waits(world, invoice):
            continue
        code = judge(world, finding, not_before=not_before)
        counts.setdefault(session.id, Counter())[code == SUCCESS] += 1
    for identifier, count in counts.items():
        world.store.run(
            "UPDATE sessions SET accepted = accepted + ?, rejected = rejected + ? WHERE id = ?",
            count[True],
            count[False],
            identifier,
        )


def _still_waits(world: World, invoice: Invoice) -> bool:
    found = world.store.row("SELECT id FROM invoices WHERE reference = ? AND code IS NULL", invoice.reference)
    return found is not None


def _finish_session(world: World, *, now: int) -> bool:
    """Give one processed session its outcome; a good one gets the pages of its receipt first, one a step."""
    with world.store.transaction():
        row = world.store.row(
            "SELECT * FROM sessions WHERE code IS NULL AND closed_at IS NOT NULL AND (due_at <= ? OR total = 0)"
            " AND unpacked AND total = accepted + rejected ORDER BY due_at, id LIMIT 1",
            now,
        )
        if row is None:
            return False
        session = Session(**row)
        confirmation = prepare_next_page(world, session)
        if confirmation is None:
            _write_outcome(world, session)
            return True
        seal = read_seal(world.store)
    content = confirmation.sealed(seal)
    with world.store.transaction():
        if find_session(world.store, session.reference) is not None:
            keep_page(world, confirmation, content, now=now)
    return True


def _write_outcome(world: World, session: Session) -> None:
    code = SUCCESS if session.accepted else _NONE_GOOD if session.total else _EMPTY
    details = [] if session.total else [_NOTHING_SENT]
    # An empty session has nothing to wait for.
    at = session.closed_at if not session.total else session.due_at
    world.store.update(
        "sessions",
        session.id,
        code=code,
        details=json.dumps(details, ensure_ascii=False),
        updated_at=max(session.updated_at, at or 0),
    )
