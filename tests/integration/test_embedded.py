"""The embedded pair is the real thing: roles as in production, data that stays, nothing left running."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from config.embedded import (
    await_broker,
    await_database,
    keep_secret,
    make_roles,
    prepare_broker,
    prepare_database,
)
from config.processes import plain_environment
from tests.waiting import directory_for_programs, living_processes, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.embedded import DatabaseAddresses

pytestmark = pytest.mark.integration

# A process that starts the pair, says so, and never ends by itself.
HOLDER = """
import sys, time
from pathlib import Path
from config import embedded
print(embedded.start_database(Path(sys.argv[1])).owner_url, flush=True)
time.sleep(600)
"""


def _postmaster(var_dir: Path) -> int:
    return int((var_dir / "postgres" / "postmaster.pid").read_text().split()[0])


@pytest.fixture
def var_dir() -> Iterator[Path]:
    with directory_for_programs() as directory:
        yield directory


@pytest.fixture
def addresses(var_dir: Path) -> Iterator[DatabaseAddresses]:
    database = prepare_database(var_dir)
    process = database.program.start()
    try:
        await_database(database, process)
        yield database.addresses
    finally:
        database.program.stop(process)


def test_the_runtime_role_owns_nothing_and_bypasses_nothing(addresses: DatabaseAddresses) -> None:
    """V7: the portal's role is neither superuser nor owner, so forced row-level security binds it."""
    with psycopg.connect(addresses.app_url) as connection:
        facts = connection.execute(
            "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, version()"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert facts is not None
        assert facts[:5] == ("kwit_app", False, False, False, False)
        assert facts[5].startswith("PostgreSQL 18")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")


def test_a_stranger_needs_a_password(addresses: DatabaseAddresses) -> None:
    """Loopback is shared by everybody on the machine: no trust authentication."""
    wrong = addresses.superuser_url.replace(addresses.superuser_url.split(":")[2].split("@")[0], "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong).close()


def test_making_the_roles_again_changes_nothing(addresses: DatabaseAddresses) -> None:
    make_roles(addresses)
    with psycopg.connect(addresses.owner_url) as connection:
        assert connection.execute("SELECT lower('ŻÓŁĆ'), current_user").fetchone() == ("żółć", "kwit_owner")


def test_a_killed_holder_leaves_no_server_and_no_damage(var_dir: Path) -> None:
    """SIGKILL gives no time to tidy up: the server ends with its parent, the next start finds the data."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(var_dir)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=plain_environment(),
    )
    assert holder.stdout is not None
    with psycopg.connect(holder.stdout.readline().strip()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    server = _postmaster(var_dir)

    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    until(lambda: server not in living_processes())

    database = prepare_database(var_dir)
    process = database.program.start()
    try:
        await_database(database, process)
        with psycopg.connect(
            database.addresses.superuser_url.removesuffix("postgres") + "kwit"
        ) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    finally:
        database.program.stop(process)


def test_a_pid_file_of_nobody_is_forgotten(var_dir: Path) -> None:
    """After a power cut the number in postmaster.pid may belong to any other program, here to this one."""
    first = prepare_database(var_dir)
    process = first.program.start()
    await_database(first, process)
    first.program.stop(process)
    pid_file = var_dir / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{var_dir / 'postgres'}\n1\n5432\n\n127.0.0.1\n")

    again = prepare_database(var_dir)
    assert not pid_file.exists()
    process = again.program.start()
    await_database(again, process)
    again.program.stop(process)
    assert not pid_file.exists()


@pytest.mark.parametrize("redis_server", [None, ""], ids=["machine", "stand-in"])
def test_the_broker_serves_celery(tmp_path: Path, redis_server: str | None) -> None:
    """F33: with redis-server or without, a prefork worker takes a task and acknowledges it."""
    broker = prepare_broker(tmp_path, redis_server=redis_server)
    assert ("config.embedded" in broker.program.command) == (redis_server == "")
    process = broker.program.start()
    worker: subprocess.Popen[bytes] | None = None
    (tmp_path / "tiny.py").write_text(
        "from celery import Celery\nfrom pathlib import Path\n"
        f"app = Celery('tiny', broker={broker.url!r})\n"
        "app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True)\n"
        "@app.task(name='touch')\ndef touch(path):\n    Path(path).touch()\n"
    )
    command = [sys.executable, "-m", "celery", "-A", "tiny", "worker", "-c", "2", "--without-gossip"]
    try:
        await_broker(broker, process)
        with redis.Redis.from_url(broker.url) as client:
            client.hset("h", mapping={"a": "1", "b": "2"})
            assert client.eval("return redis.call('hget', KEYS[1], 'b')", 1, "h") == b"2"
        environment = plain_environment()
        with (tmp_path / "worker.log").open("wb") as log:
            worker = subprocess.Popen(
                command, cwd=tmp_path, env=environment, stdout=log, stderr=log, process_group=0
            )
        send = f"import tiny; tiny.touch.delay({str(tmp_path / 'done')!r})"
        subprocess.run([sys.executable, "-c", send], cwd=tmp_path, env=environment, check=True)
        until((tmp_path / "done").exists, seconds=30)
        with redis.Redis.from_url(broker.url) as client:
            until(lambda: client.llen("celery") == 0 and client.hlen("unacked") == 0)
    finally:
        if worker is not None:
            worker.terminate()
            worker.wait(20)
        broker.program.stop(process)


def test_a_secret_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    """V32: neither the group nor others may read what opens the credentials."""
    path = tmp_path / "secrets" / "key"
    assert keep_secret(path, lambda: "first") == "first"
    assert keep_secret(path, lambda: "second") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
