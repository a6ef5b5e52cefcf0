"""An installation that would be unsafe does not pass `manage.py check --deploy`, or does not start at all."""

from __future__ import annotations

import base64
import os
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT
from tests.environment import address

pytestmark = pytest.mark.security

SAFE = {
    "SECRET_KEY": base64.b64encode(bytes(range(60))).decode(),
    "KWIT_KEYS": "one:" + base64.b64encode(b"k" * 32).decode(),
    "DATABASE_URL": "postgresql://kwit_app@127.0.0.1:1/kwit",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SITE_URL": "https://kwit.example",
    "ALLOWED_HOSTS": "kwit.example",
    "EMAIL_URL": "smtp+tls://kwit:secret@mail.example:587",
    "KSEF_ENVIRONMENTS": "production,demo",
}


def run(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **SAFE}
    for name, value in changes.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def check(**changes: str | None) -> subprocess.CompletedProcess[str]:
    return run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **changes)


def test_a_production_installation_is_clean() -> None:
    """V36: not one warning, Django's own nineteen checks included."""
    result = check()
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SECRET_KEY", None, "SECRET_KEY"),
        ("SECRET_KEY", "short", "security.W009"),
        ("KWIT_KEYS", None, "KWIT_KEYS"),
        ("KWIT_KEYS", "one:c2hvcnQ=", "KWIT_KEYS"),
        ("KSEF_ENVIRONMENTS", "production,simulator", "kwit.E002"),
        ("DEBUG", "1", "security.W018"),
        ("EMAIL_URL", "consolemail://", "mail.E001"),
    ],
)
def test_an_unsafe_one_is_refused(name: str, value: str | None, complaint: str) -> None:
    """V36: a missing or weak secret, practice beside production, mail to nowhere."""
    result = check(**{name: value})
    assert result.returncode != 0
    assert complaint in result.stderr


def test_cookies_belong_to_this_host_and_to_https() -> None:
    """V24: the __Host- names are accepted by browsers only with Secure, without a domain, for the whole site."""
    names = ("SESSION", "CSRF")
    parts = ("NAME", "SECURE", "HTTPONLY", "DOMAIN", "PATH")
    program = (
        "import django; from django.conf import settings; django.setup();"
        f"print(*[[getattr(settings, f'{{n}}_COOKIE_{{p}}') for p in {parts}] for n in {names}], sep='\\n')"
    )
    result = run("-c", "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings';" + program)
    assert result.stdout.splitlines() == [
        "['__Host-session', True, True, None, '/']",
        "['__Host-csrf', True, True, None, '/']",
    ], result.stderr


def test_the_web_server_serves_nobody_from_an_unsafe_installation(django_db_setup: None) -> None:
    """V7, V36: gunicorn ends before it answers anybody, here because the database role is a superuser."""
    result = run(
        *("-m", "gunicorn", "-c", "python:config.gunicorn", "config.wsgi"),
        DATABASE_URL=address(role="none"),
        PORT="0",
    )
    assert result.returncode != 0
    assert "kwit.E010" in result.stderr
