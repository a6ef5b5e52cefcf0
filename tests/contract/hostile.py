"""Documents made to hurt whoever reads them (F43); run as a program it tells what became of each, and of the memory."""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import TYPE_CHECKING

from ksef.simulator.limits.effective import SessionLimits
from ksef.simulator.sending.verification import Rejected, read_invoice
from tests.contract.documents import NAMESPACES, write_fa

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = SessionLimits(1_000_000, 3_000_000, 10_000)
_MEGABYTE = 1_000_000
_ROOT = f'<Faktura xmlns="{NAMESPACES["FA (3)"]}">'.encode()
_BOMB = b"".join(b'<!ENTITY %c "%s">' % (97 + n, b"&%c;" % (96 + n) * 10) for n in range(1, 12))


def _inside(content: bytes) -> bytes:
    return _ROOT + content + b"</Faktura>"


def _after(marker: bytes, addition: bytes) -> bytes:
    document = write_fa()
    if marker not in document:
        raise ValueError(marker)
    return document.replace(marker, marker + addition, 1)


def _in_front(addition: bytes) -> bytes:
    return write_fa().replace(b"<Faktura", addition + b"<Faktura", 1)


def _attributes(number: int) -> bytes:
    return b"<b " + b" ".join(b'a%d=""' % index for index in range(number)) + b"/>"


CORPUS: dict[str, Callable[[], bytes]] = {
    "external entity": lambda: _in_front(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'),
    "external DTD": lambda: _in_front(b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "entity bomb": lambda: _in_front(b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + _BOMB + b"]>"),
    "DOCTYPE behind a comment": lambda: _in_front(b"<!-- harmless --><!DOCTYPE x>"),
    "style sheet": lambda: _in_front(b'<?xml-stylesheet href="x.xsl"?>'),
    "instruction at the end": lambda: write_fa() + b"<?php 1 ?>",
    "second declaration": lambda: _in_front(b'<?xml version="1.0"?>'),
    "XML 1.1": lambda: write_fa().replace(b'version="1.0"', b'version="1.1"'),
    "100 000 deep": lambda: _inside(b"<a>" * 100_000 + b"</a>" * 100_000),
    "unclosed elements": lambda: _ROOT + b"<a>" * 300_000,
    "unclosed comments": lambda: _ROOT + b"<!--" * 240_000,
    "unclosed sections": lambda: _ROOT + b"<![CDATA[" * 100_000,
    "nothing but comments": lambda: _inside(b"<!---->" * 140_000),
    "500 MB": lambda: bytes(500 * _MEGABYTE),
    "60 MB of elements": lambda: _inside(b"<b/>" * (15 * _MEGABYTE)),
    "a million bytes of elements": lambda: _inside(b"<b/>" * 245_000),
    "three million bytes of elements": lambda: _inside(b"<Zalacznik/>" + b"<b/>" * 745_000),
    "elements behind the header": lambda: _after(b"</Naglowek>", b"<b/>" * 245_000),
    "nine thousand errors": lambda: _after(b"</FaWiersz>", b"<FaWiersz><P_12>24</P_12></FaWiersz>" * 9_000),
    "a value of a megabyte": lambda: _after(b"<P_15>", b"1" * 990_000),
    "three million bytes of text": lambda: _after(b"<P_7>", b"a" * 2_900_000 + b"<!-- Zalacznik -->"),
    "100 000 attributes": lambda: _inside(_attributes(100_000)),
    "100 000 references": lambda: _after(b"<P_7>", b"&#97;" * 100_000),
    "UTF-16": lambda: write_fa().decode().encode("utf-16"),
    "UTF-16 in disguise": lambda: write_fa().decode("ascii", "ignore").encode("utf-16-le"),
    "UCS-4": lambda: write_fa().decode("ascii", "ignore").encode("utf-32-be"),
    "EBCDIC": lambda: write_fa().decode("ascii", "ignore").encode("cp500"),
    "UTF-7": lambda: write_fa().replace(b"UTF-8", b"UTF-7"),
    "surrogate": lambda: _after(b"<P_7>", b"\xed\xa0\x80"),
    "overlong": lambda: _after(b"<P_7>", b"\xc0\xbc"),
    "zero byte": lambda: _after(b"<P_7>", b"\x00"),
    "reference to zero": lambda: _after(b"<P_7>", b"&#0;"),
    "unknown entity": lambda: _after(b"<P_7>", b"&lol;"),
    "inclusion": lambda: _after(
        b"<Fa>", b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
    ),
    "nothing": lambda: b"",
    "blanks": lambda: b" " * _MEGABYTE,
}


def main() -> None:
    """Judge the whole corpus; tell code, reason and seconds of each and by how many megabytes the process grew."""
    before = _peak()
    told: dict[str, tuple[int, str, float]] = {}
    for name, make in CORPUS.items():
        document = make()
        begun = time.perf_counter()
        code, reason = _judge(document)
        told[name] = (code, reason, time.perf_counter() - begun)
    json.dump({"verdicts": told, "grown": _peak() - before}, sys.stdout)


def _judge(document: bytes) -> tuple[int, str]:
    try:
        read_invoice(document, limits=LIMITS)
    except Rejected as rejection:
        return rejection.code, rejection.details[0]
    return 200, ""


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
