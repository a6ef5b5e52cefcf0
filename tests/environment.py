"""Loaded by pytest before Django (`-p tests.environment`): which database and broker this run uses.

DATABASE_URL and REDIS_URL, where given, name servers; DATABASE_URL must be that of a superuser, because each
worker makes a database of its own. Otherwise the embedded pair is started once, in the controlling process.
"""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
DATABASE = f"kwit_test_{os.environ.get('KWIT_TEST_RUN', os.getpid())}_{WORKER}"


def address(*, role: str, database: str = DATABASE) -> str:
    """The address of a database as one of the portal's roles: the superuser logs in and becomes it."""
    parts = urlsplit(os.environ["KWIT_TEST_SUPERUSER_URL"])
    return urlunsplit(parts._replace(path=f"/{database}", query=f"options={quote(f'-c role={role}')}"))


def _choose_servers() -> None:
    if "KWIT_TEST_SUPERUSER_URL" in os.environ:
        return  # A worker: the controller has chosen.
    os.environ["KWIT_TEST_RUN"] = str(os.getpid())
    var_dir = Path(__file__).resolve().parent.parent / "var" / "test"
    superuser_url = os.environ.get("DATABASE_URL")
    if superuser_url is None:
        from config.embedded import start_database

        superuser_url = start_database(var_dir).superuser_url
    os.environ["KWIT_TEST_SUPERUSER_URL"] = superuser_url
    redis_url = os.environ.get("REDIS_URL")
    if redis_url is None:
        from config.embedded import start_broker

        redis_url = start_broker(var_dir)
    os.environ["KWIT_TEST_REDIS_URL"] = redis_url


def _own_broker() -> str:
    """The same Redis server for all workers, a database of its own for each: one flushes, others go on."""
    number = 8 + int(WORKER.removeprefix("gw")) % 8 if WORKER.startswith("gw") else 7
    return urlunsplit(urlsplit(os.environ["KWIT_TEST_REDIS_URL"])._replace(path=f"/{number}"))


def _set_environment() -> None:
    var_dir = tempfile.mkdtemp(prefix="kwit-test-")
    Path(var_dir, "static").mkdir()  # WhiteNoise wants the folder, though the files come from where they lie.
    os.environ.update(
        REDIS_URL=_own_broker(),
        DATABASE_URL=address(role="kwit_app"),
        SECRET_KEY="only-for-tests-" + "0123456789" * 5,
        KWIT_KEYS="test:" + base64.b64encode(b"k" * 32).decode(),
        KSEF_ENVIRONMENTS="simulator",
        KSEF_SIMULATOR_URL="http://127.0.0.1:1",
        DEMO="true",
        STATIC_MANIFEST="false",
        EMAIL_URL="memorymail://",
        VAR_DIR=var_dir,
        DOUBT_SECONDS="0",
        LOG_LEVEL="WARNING",
    )
    for name in ("DEBUG", "FAILPOINT", "SITE_URL", "ALLOWED_HOSTS"):
        os.environ.pop(name, None)


_choose_servers()
_set_environment()
