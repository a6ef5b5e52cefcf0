"""`make demo`: the whole portal in the foreground of one terminal, on a machine that has Python only."""

from __future__ import annotations

import hashlib
import http.client
import os
import signal
import sys
import time
from contextlib import contextmanager
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
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_WEB_LIMIT: Final = 60.0


def main() -> int:
    # Whoever ends us, by Ctrl-C, `kill` or by closing the terminal, is answered in the same way.
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _interrupt)
    try:
        run(read_places(os.environ))
    except (CannotStart, EmbeddedFailed) as reason:
        print(f"Kwit cannot start: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Kwit has ended.", flush=True)
    return 0


def run(places: Places) -> None:
    """Start everything, say so, and look after it until a signal comes. Raises CannotStart before that."""
    places.var_dir.mkdir(parents=True, exist_ok=True)
    with only_one(places.var_dir) as followed_a_kill:
        for port, name in ((places.port, "PORT"), (places.simulator_port, "SIM_PORT")):
            require_port(port, name=name, patience=5.0 if followed_a_kill else 0.0)
        if missing := find_missing_libraries():
            _say(f"Without {', '.join(missing)} Kwit makes no PDF; `make setup` says what to install.")
        supervisor = Supervisor(say=_say)
        try:
            logins = _start_all(places, supervisor)
            _say(f"KSeF simulator: {places.simulator_url}/v2")
            _say(logins)
            _say(f"Kwit ready: {places.url}")
            _look_after(supervisor, mail=places.var_dir / "mail")
        finally:
            for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(signum, signal.SIG_IGN)
            supervisor.stop()


def _interrupt(*_signal: object) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    print(text, flush=True)


def _start_all(places: Places, supervisor: Supervisor) -> str:
    """Start the parts in the order in which they need each other; return what the seed says about log-ins."""
    database, broker = prepare_database(places.var_dir), prepare_broker(places.var_dir)
    database_process, broker_process = supervisor.start(database.program), supervisor.start(broker.program)
    environment = programs.environment(places, database_url=database.addresses.app_url, redis_url=broker.url)
    supervisor.start(programs.simulator(places))
    await_database(database, database_process)
    await_broker(broker, broker_process)

    owner = {**environment, "DATABASE_URL": database.addresses.owner_url}
    migrate = programs.step(places, "migrate", "--no-input", environment=owner)
    with _collecting(places, environment=environment):
        _finish(migrate)
    seed = programs.step(places, "seed_demo", environment=environment)
    _finish(seed)
    supervisor.start(programs.worker(places, environment=environment))
    supervisor.start(programs.web(places, environment=environment))
    _await_web(places)
    return tail(seed.log, lines=20)


def _finish(step: Program) -> None:
    process = step.start()
    try:
        code = process.wait()
    finally:
        step.stop(process)
    if code != 0:
        raise CannotStart(f"the {step.name} failed; {step.log} ends:\n{tail(step.log)}")


@contextmanager
def _collecting(places: Places, *, environment: Mapping[str, str]) -> Iterator[None]:
    """Collect the static files beside another step, and only if they changed since the last start."""
    done = places.var_dir / "static.collected"
    fingerprint = _fingerprint(BASE_DIR / "static")
    if done.exists() and done.read_text() == fingerprint:
        yield
        return
    step = programs.step(places, "collectstatic", "--no-input", "--clear", environment=environment)
    process = step.start()
    try:
        yield
        code = process.wait()
    finally:
        step.stop(process)
    if code != 0:
        raise CannotStart(f"the {step.name} failed; {step.log} ends:\n{tail(step.log)}")
    done.write_text(fingerprint)


def _fingerprint(directory: Path) -> str:
    """Tell apart two states of the static files, ours and those of the installed packages."""
    files = [*sorted(directory.rglob("*")), BASE_DIR / "requirements" / "dev.txt"]
    facts = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _await_web(places: Places) -> None:
    deadline = time.monotonic() + _WEB_LIMIT
    while not _answers(places.port):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"the web server does not answer; {places.log('web')} ends:\n{tail(places.log('web'))}"
            )
        time.sleep(0.1)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _look_after(supervisor: Supervisor, *, mail: Path) -> None:
    shown = set(mail.glob("*"))
    while True:
        supervisor.look_after()
        for letter in sorted(set(mail.glob("*")) - shown):
            _say(_as_text(letter))
            shown.add(letter)
        time.sleep(0.3)


def _as_text(letter: Path) -> str:
    """Show a mail in the terminal: the demo has no mailbox."""
    message = message_from_bytes(letter.read_bytes(), policy=policy.default)
    body = message.get_body(preferencelist=("plain",))
    return f"\nMail to {message['To']}: {message['Subject']}\n{body.get_content() if body else ''}"


if __name__ == "__main__":
    sys.exit(main())
