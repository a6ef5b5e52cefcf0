"""The programs of the demo and the environment they share."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from typing import TYPE_CHECKING

from config.embedded import keep_secret
from config.preflight import BASE_DIR, Places
from config.processes import Program, plain_environment

if TYPE_CHECKING:
    from collections.abc import Mapping


def environment(places: Places, *, database_url: str, redis_url: str) -> dict[str, str]:
    """Everything the portal reads, made here: nothing of the shell's own settings reaches the demo."""
    kept = places.var_dir / "secrets"
    return plain_environment() | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEMO": "1",
        "SECRET_KEY": keep_secret(kept / "secret_key", secrets.token_urlsafe),
        "KWIT_KEYS": keep_secret(kept / "kwit_keys", _new_key),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "KSEF_ENVIRONMENTS": "demo,production",
        "KSEF_SIMULATOR_URL": places.simulator_url,
        "EMAIL_URL": f"filemail:///{places.var_dir / 'mail'}",
        "SITE_URL": places.url,
        "PORT": str(places.port),
        "VAR_DIR": str(places.var_dir),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "INFO"),
    }


def _new_key() -> str:
    return f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}"


def simulator(places: Places) -> Program:
    return Program(
        name="simulator",
        command=(
            *(sys.executable, "-m", "ksef.simulator", "--port", str(places.simulator_port)),
            *("--data", str(places.var_dir / "simulator")),
        ),
        log=places.log("simulator"),
        environment=plain_environment(),
    )


def worker(places: Places, *, environment: Mapping[str, str]) -> Program:
    schedule = places.var_dir / "beat-schedule"
    # A static schedule is not worth keeping, and a killed beat may leave half a file.
    for path in places.var_dir.glob(f"{schedule.name}*"):
        path.unlink()
    return Program(
        name="worker",
        command=(
            *(sys.executable, "-m", "celery", "-A", "config.celery", "worker", "--beat"),
            *("--schedule", str(schedule), "--concurrency", "2", "--without-gossip", "--without-mingle"),
        ),
        log=places.log("worker"),
        environment=environment,
        # A task cut short is taken up again at the next start: nobody need wait for it at the terminal.
        patience=8.0,
    )


def web(places: Places, *, environment: Mapping[str, str]) -> Program:
    return Program(
        name="web server",
        command=(sys.executable, "-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"),
        log=places.log("web"),
        environment=environment,
    )


def step(places: Places, *arguments: str, environment: Mapping[str, str]) -> Program:
    log = places.log(arguments[0])
    log.unlink(missing_ok=True)
    return Program(
        name=f"step {arguments[0]}",
        command=(sys.executable, str(BASE_DIR / "manage.py"), *arguments),
        log=log,
        environment=environment,
    )
