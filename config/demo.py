"""`make demo`: the whole portal in the foreground of one terminal, on a machine that has Python only."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Final

from config import programs
from config.cluster import EmbeddedFailed
from config.embedded import await_broker, await_database, prepare_broker, prepare_database
from config.preflight import (
    BASE_DIR,
    CannotStart,
    Places,
    find_missing_libraries,
    only_one,
    read_places,
    require_port,
)
from config.processes import Program, tail
from config.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    type Pause = Callable[[float], None]

_WEB_LIMIT: Final = 60.0


class Interrupted(Exception):
    """Somebody asked us to end."""


@dataclass(slots=True)
class Interruption:
    """A signal is noted when it comes and acted upon between two steps.

    An exception out of the handler could strike anywhere, even while Popen holds its lock, and leave the
    supervisor waiting for that lock for ever.
    """

    has_come: bool = False

    def note(self, *_signal: object) -> None:
        self.has_come = True

    def pause(self, seconds: float) -> None:
        """Sleep; raise Interrupted if a signal has come meanwhile."""
        time.sleep(seconds)
        if self.has_come:
            raise Interrupted


def main() -> int:
    interruption = Interruption()
    # Whoever ends us, by Ctrl-C, `kill` or by closing the terminal, is answered in the same way.
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, interruption.note)
    try:
        run(read_places(os.environ), pause=interruption.pause)
    except (CannotStart, EmbeddedFailed) as reason:
        print(f"Kwit cannot start: {reason}", file=sys.stderr)
        return 1
    except Interrupted:
        _say("Kwit has ended.")
    return 0


def run(places: Places, *, pause: Pause) -> None:
    """Start everything, say so, and look after it until a signal comes. Raises CannotStart before that."""
    places.var_dir.mkdir(parents=True, exist_ok=True)
    with only_one(places.var_dir) as followed_a_kill:
        for port, name in ((places.port, "PORT"), (places.simulator_port, "SIM_PORT")):
            require_port(port, name=name, patience=5.0 if followed_a_kill else 0.0)
        if missing := find_missing_libraries():
            _say(f"Without {', '.join(missing)} Kwit makes no PDF; `make setup` says what to install.")
        supervisor = Supervisor(say=_say)
        try:
            logins = _start_all(places, supervisor, pause=pause)
            _say(f"KSeF simulator: {places.simulator_url}/v2")
            _say(logins)
            _say(f"Kwit ready: {places.url}")
            _look_after(supervisor, mail=places.var_dir / "mail", pause=pause)
        finally:
            supervisor.stop()


def _say(text: str) -> None:
    print(text, flush=True)


def _start_all(places: Places, supervisor: Supervisor, *, pause: Pause) -> str:
    """Start the parts in the order in which they need each other; return what the seed says about log-ins."""
    database, broker = prepare_database(places.var_dir), prepare_broker(places.var_dir)
    database_process, broker_process = supervisor.start(database.program), supervisor.start(broker.program)
    environment = programs.environment(places, database_url=database.addresses.app_url, redis_url=broker.url)
    supervisor.start(programs.simulator(places))
    await_database(database, database_process, pause=pause)
    await_broker(broker, broker_process, pause=pause)

    if not (places.var_dir / "static.collected").exists():
        _say("Making the database and a year of invoices; the first time takes a minute or two ...")
    owner = {**environment, "DATABASE_URL": database.addresses.owner_url}
    steps = [programs.step(places, "migrate", "--no-input", environment=owner)]
    fingerprint, collected = _fingerprint(BASE_DIR / "static"), places.var_dir / "static.collected"
    if not collected.exists() or collected.read_text() != fingerprint:
        steps.append(programs.step(places, "collectstatic", "--no-input", "--clear", environment=environment))
    _run_steps(steps, pause=pause)
    collected.write_text(fingerprint)
    seed = programs.step(places, "seed_demo", environment=environment)
    _run_steps([seed], pause=pause)
    supervisor.start(programs.worker(places, environment=environment))
    supervisor.start(programs.web(places, environment=environment))
    _await_web(places, pause=pause)
    return tail(seed.log, lines=20)


def _run_steps(steps: list[Program], *, pause: Pause) -> None:
    """Run programs that end by themselves, side by side; raise CannotStart when one of them fails."""
    with ExitStack() as running:
        started = []
        for step in steps:
            started.append(process := step.start())
            running.callback(step.stop, process)
        while any(process.poll() is None for process in started):
            pause(0.05)
    for step, process in zip(steps, started, strict=True):
        if process.returncode != 0:
            raise CannotStart(f"the {step.name} failed; {step.log} ends:\n{tail(step.log)}")


def _fingerprint(directory: Path) -> str:
    """Tell apart two states of the static files, ours and those of the installed packages."""
    files = [*sorted(directory.rglob("*")), BASE_DIR / "requirements" / "dev.txt"]
    facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _await_web(places: Places, *, pause: Pause) -> None:
    deadline = time.monotonic() + _WEB_LIMIT
    while not _answers(places.port):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"the web server does not answer; {places.log('web')} ends:\n{tail(places.log('web'))}"
            )
        pause(0.1)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _look_after(supervisor: Supervisor, *, mail: Path, pause: Pause) -> None:
    shown = set(mail.glob("*"))
    while True:
        supervisor.look_after()
        for letter in sorted(set(mail.glob("*")) - shown):
            _say(_as_text(letter))
            shown.add(letter)
        pause(0.2)


def _as_text(letter: Path) -> str:
    """Show a mail in the terminal: the demo has no mailbox."""
    message = message_from_bytes(letter.read_bytes(), policy=policy.default)
    body = message.get_body(preferencelist=("plain",))
    return f"\nMail to {message['To']}: {message['Subject']}\n{body.get_content() if body else ''}"


if __name__ == "__main__":
    sys.exit(main())
