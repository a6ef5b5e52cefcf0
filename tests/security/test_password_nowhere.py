"""Passwords of certificates are used and gone: in no store, no log, no letter, no page (S25, S48, V32, V33)."""

from __future__ import annotations

import base64
import gzip
import logging
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest
import redis
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from psycopg import sql

from accounts.services.credential_store import Owner
from accounts.services.resuming import resume_sending
from tests.builders import make_approved, run_outbox
from tests.certificates import Pair, issue
from tests.conftest import superuser_connection
from tests.environment import DATABASE
from tests.servers import start_web
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.people import People, Person
    from tests.servers import Simulator

pytestmark = [pytest.mark.security, pytest.mark.django_db(transaction=True)]

RIGHT = "Kanarek-Wlasciwy-7719!"
WRONG = "Kanarek-Pomylony-4423?"
OFFLINE = "Kanarek-Awaryjny-9052#"


def forms_of(secret: str) -> dict[str, bytes]:
    """How a secret could lie somewhere: as it is, or in one of the usual wrappings."""
    raw = secret.encode()
    return {
        "plain": raw,
        "hex": raw.hex().encode(),
        "base64": base64.b64encode(raw).rstrip(b"="),
        "url": quote(secret).encode(),
        "utf-16": secret.encode("utf-16-le"),
        "gzip": gzip.compress(raw, mtime=0)[10:-8],
    }


def found_in(haystack: bytes, *secrets: str) -> list[str]:
    return [
        f"{secret} ({name})"
        for secret in secrets
        for name, needle in forms_of(secret).items()
        if needle in haystack
    ]


def database() -> bytes:
    """Every row of every table as text; binary columns come in hexadecimal."""
    with superuser_connection(DATABASE) as superuser:
        tables = superuser.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        rows: list[str] = []
        for schema, table in tables:
            name = sql.Identifier(str(schema), str(table))
            found = superuser.execute(sql.SQL("SELECT t::text FROM {} t").format(name)).fetchall()
            rows += [str(row[0]) for row in found]
    return "\n".join(rows).encode()


def broker() -> bytes:
    """Everything Redis holds: the messages of Celery among it."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    dumped = [client.dump(key) or b"" for key in client.scan_iter()]
    messages = [
        b"".join(_bytes(part) for part in client.lrange(key, 0, -1)) for key in client.scan_iter(_type="list")
    ]
    client.close()
    return b"\n".join([*dumped, *messages])


def _bytes(part: bytes | str) -> bytes:
    return part if isinstance(part, bytes) else part.encode()


def temporary_files(since: float) -> bytes:
    """What was written lately where uploads and half-made files would lie."""
    contents = [b""]
    for root in {tempfile.gettempdir(), os.environ["VAR_DIR"]}:
        for path in Path(root).rglob("*"):
            with suppress(OSError):
                if path.is_file() and path.stat().st_mtime >= since and path.stat().st_size < 5_000_000:
                    contents.append(path.read_bytes())
    return b"\n".join(contents)


def address(person: Person, name: str, **more: object) -> str:
    return reverse(name, kwargs={"company": person.company.slug, **more})


def upload(pair: Pair, password: str) -> dict[str, object]:
    return {
        "certificate": SimpleUploadedFile("a.cert", pair.certificate),
        "key": SimpleUploadedFile("a.key", pair.key),
        "password": password,
    }


def live_through(alicja: Person, simulator: Simulator) -> Iterator[bytes]:
    """Set-up, its failures, renewal, a request for a certificate and a print-out; each page that comes back."""
    pair = issue(simulator, nip=alicja.company.nip, password=RIGHT)
    for password in (WRONG, RIGHT):
        answer = alicja.client.post(
            address(alicja, "accounts:ksef_certificate"), upload(pair, password), follow=True
        )
        yield answer.content
    for password in (WRONG, RIGHT):
        form = {"password": password}
        yield alicja.client.post(address(alicja, "accounts:ksef_renew"), form, follow=True).content
    wish = {"name": "Certyfikat awaryjny", "password": OFFLINE, "repeated": OFFLINE}
    yield alicja.client.post(
        address(alicja, "accounts:ksef_enroll", kind="offline"), wish, follow=True
    ).content
    simulator.fail(
        {"match": {"path_regex": "/auth/challenge"}, "action": "status", "status": 503, "times": 1}
    )
    yield alicja.client.post(address(alicja, "accounts:ksef_renew"), {"password": RIGHT}, follow=True).content
    invoice = make_approved(alicja)
    for password in (WRONG, OFFLINE):
        url = address(alicja, "invoices:print_offline", invoice_id=invoice.id)
        yield alicja.client.post(url, {"password": password}).content
    run_outbox()


def test_no_store_keeps_a_password(
    committed_people: People,
    simulator: Simulator,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """S25, S48, V32: database, sessions, cache, broker, logs at DEBUG, letters, temporary files and pages."""
    caplog.set_level(logging.DEBUG)
    marker = tmp_path / "begin"
    marker.touch()
    alicja = committed_people.alicja
    pages = b"\n".join(live_through(alicja, simulator))
    assert b"%PDF" in pages, "the flow went all the way to the print-out"
    resume_sending(Owner(alicja.company.id, alicja.user.id, "simulator"))
    letters = "\n".join(str(letter.message()) for letter in mail.outbox).encode()
    places = {
        "database": database(),
        "broker": broker(),
        "logs": caplog.text.encode(),
        "letters": letters,
        "temporary files": temporary_files(marker.stat().st_mtime),
        "pages": pages,
        "environment": Path("/proc/self/environ").read_bytes(),
        "command line": Path("/proc/self/cmdline").read_bytes(),
    }
    found = {place: hits for place, text in places.items() if (hits := found_in(text, RIGHT, WRONG, OFFLINE))}
    assert found == {}


def test_the_search_would_find_one() -> None:
    """The rule above is worth as much as its eyes."""
    for needle in forms_of(RIGHT).values():
        assert found_in(b"before " + needle + b" after", RIGHT)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of another process")
def test_no_process_remembers_a_password(
    committed_people: People, simulator: Simulator, tmp_path: Path
) -> None:
    """V33: the process that saw it ends after its answer; within a minute it is in no live process."""
    alicja = committed_people.alicja
    pair = issue(simulator, nip=alicja.company.nip, password=RIGHT)
    with start_web(simulator, log=tmp_path / "web.log") as url:
        cookies = {settings.SESSION_COOKIE_NAME: alicja.client.cookies[settings.SESSION_COOKIE_NAME].value}
        with httpx.Client(base_url=url, cookies=cookies, timeout=30) as client:
            form = client.get(address(alicja, "accounts:ksef_certificate"))
            found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
            assert found is not None
            answer = client.post(
                address(alicja, "accounts:ksef_certificate"),
                data={"csrfmiddlewaretoken": found[1], "password": RIGHT},
                files={"certificate": ("a.cert", pair.certificate), "key": ("a.key", pair.key)},
                headers={"Referer": url},
            )
        assert answer.status_code == 302, answer.text
        assert _servers()
        until(
            lambda: not any(_remembers(process, RIGHT.encode()) for process in _servers()),
            seconds=60,
            why=(tmp_path / "web.log").read_text,
        )
        assert httpx.get(f"{url}/healthz", timeout=10).is_success


def _servers() -> list[Path]:
    """The arbiter and its workers, as folders of /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"gunicorn" in (process / "cmdline").read_bytes():
                found.append(process)
    return found


def _remembers(process: Path, secret: bytes) -> bool:
    """Whether the bytes lie in the process's memory now."""
    with suppress(OSError, ValueError), (process / "mem").open("rb") as memory:
        for line in (process / "maps").read_text().splitlines():
            span, rights, *_rest = line.split()
            if not rights.startswith("rw") or "[v" in line:
                continue
            begin, end = (int(part, 16) for part in span.split("-"))
            with suppress(OSError):
                memory.seek(begin)
                if secret in memory.read(end - begin):
                    return True
    return False
