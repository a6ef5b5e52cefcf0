"""Log lines carry what happened and to whom, never a secret."""

from __future__ import annotations

import json
import logging
from io import StringIO
from typing import TYPE_CHECKING, override

import pytest
import structlog

from config.logs import logging_settings
from config.redaction import MASK, is_secret_name, redact, redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

CANARY = "kanarek"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJrd2l0In0.c2lnbmF0dXJl"
KSEF_TOKEN = "20261101-EC-2A3B4C5D6E-7F8091A2B3-C4|nip-5260250274|" + "ab12" * 16
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\nIBADAN\n-----END PRIVATE KEY-----"
BASE64 = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq80="


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """Send the root logger through the portal's own formatter into memory, and put everything back."""
    settings = logging_settings(as_json=True, level="INFO")
    handler = logging.StreamHandler(stream := StringIO())
    formatter = settings["formatters"]["lines"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"]
        )
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"authorization={CANARY}",
        f"password={CANARY}&next=/",
        f'{{"encryptedToken": "{CANARY}"}}',
        f"{{'refresh_token': '{CANARY}'}}",
        f"KSEF_TOKEN={CANARY}",
        f"Cookie: session={CANARY}",
        f"postgresql://kwit_app:{CANARY}@127.0.0.1/kwit",
        f"redis://:{CANARY}@127.0.0.1:6379/0",
        f"GET /konto/password/reset/key/3-{CANARY}/",
        f"/konto/confirm-email/{CANARY}/",
        f"/zaproszenie/{CANARY}/",
        f"<?xml version='1.0'?><Faktura><Nazwa>{CANARY}</Nazwa></Faktura>",
        f'<tns:Faktura xmlns:tns="x">\n<P_7>{CANARY}</P_7>',
        f"duplicate key value\nDETAIL:  Key (name)=({CANARY}\n{CANARY}) already exists.",
        f"mail to {CANARY}@firma.example failed",
        f"-----BEGIN CERTIFICATE-----\n{CANARY}",
    ],
)
def test_no_text_carries_the_canary(text: str) -> None:
    """V32: whatever form a secret, a document or a person takes in a message, it does not reach the line."""
    assert CANARY not in redact_text(text)


@pytest.mark.parametrize("secret", [JWT, KSEF_TOKEN.partition("|")[2], PEM, BASE64])
def test_secrets_are_known_by_their_shape(secret: str) -> None:
    """V32: no name beside it, still masked."""
    shown = redact_text(f"answered |{secret} after 3 s")
    assert secret not in shown
    assert MASK in shown
    assert shown.endswith("after 3 s")


@pytest.mark.parametrize(
    "text",
    [
        "5260250274-20261101-0100A0B1C2D3-4E accepted",
        "session 20261101-SO-2A3B4C5D6E-7F8091A2B3-C4 opened",
        "sha256 " + "0f" * 32,
        "0198a6b1-9f3e-7c55-8a1b-2f6d2f0c9a10",
        'File "/srv/kwit/invoices/services/reconciliation.py", line 12, in adopt_the_reference_found_there',
        "KSeF status 440: Duplikat faktury",
    ],
)
def test_what_helps_stays(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "name", ["token", "encryptedToken", "REFRESH_TOKEN", "api-key", "KWIT_KEYS", "x_csrf_token", "password1"]
)
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)
    assert redact({name: CANARY}) == {name: MASK}


def test_nested_values_are_masked() -> None:
    """Dictionaries in lists, bytes, and objects that say too much about themselves."""

    class Talkative:
        @override
        def __str__(self) -> str:
            return f"token={CANARY}"

    shown = redact({"sent": [{"secret": CANARY}, b"kanarek", Talkative()], "count": 3})
    assert shown == {"sent": [{"secret": MASK}, "[7 bytes]", f"token={MASK}"], "count": 3}


def test_a_typed_line_break_begins_no_line(lines: StringIO) -> None:
    """V47: what a person typed cannot forge a line of the log, nor colour it."""
    forged = "Nowak\r\n2026-11-22 [info] approved \x1b[31m\u2028end"
    structlog.stdlib.get_logger("kwit.test").info(forged, name=forged)
    logging.getLogger("elsewhere").warning("refused %s", forged)
    for line in lines.getvalue().splitlines():
        event = json.loads(line)
        assert "Nowak\\r\\n2026" in event["event"]
        assert "\\x1b[31m\\u2028end" in event["event"]
    assert len(lines.getvalue().splitlines()) == 2


def test_lines_of_structlog_and_of_the_standard_library(lines: StringIO) -> None:
    """V32: both kinds end in the same JSON, with the bound company, without the secret; exceptions included."""
    structlog.contextvars.bind_contextvars(company="kowalski")
    structlog.stdlib.get_logger("kwit.test").info("sent", access_token=JWT, attempt=2)
    logging.getLogger("elsewhere").warning("header %s", f"Bearer {JWT}")
    try:
        int(f"password={CANARY}")
    except ValueError:
        logging.getLogger("elsewhere").exception("failed")

    sent, header, failed = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (sent["event"], sent["access_token"], sent["attempt"], sent["company"]) == (
        "sent",
        MASK,
        2,
        "kowalski",
    )
    assert (header["event"], header["level"], header["company"]) == (
        f"header Bearer {MASK}",
        "warning",
        "kowalski",
    )
    assert failed["logger"] == "elsewhere"
    assert "ValueError" in failed["exception"]
    assert CANARY not in lines.getvalue()
    assert JWT not in lines.getvalue()
