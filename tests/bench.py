"""`make bench`: what a person or a worker waits for, beside what we aim at (2 cores, warm, medians).

The machines are noisy: the same run repeats within about 1.5 times, so compare figures of one run.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import django

from invoices.fa3_mapping import to_fa3
from ksef.certificates import self_signed_seal
from ksef.exchange.identifiers import Identifier
from ksef.exchange.logins import LoginScope
from ksef.fa3.check import check
from ksef.fa3.validate import validate
from ksef.fa3.writer import write
from ksef.qr import kod_i_url, qr_svg
from ksef.xades import sign_auth_request
from tests.contract.exporting import begin_export, finished_package
from tests.contract.ministry import SELLER, Visitor, visiting
from tests.contract.reading import EVER, filters_for, preload
from tests.snapshots import invoice_of, line_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoices.domain.snapshot import InvoiceSnapshot

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NIP = "5265877635"
SCOPE = LoginScope(Identifier("Nip", NIP))


def _freeze(invoice: InvoiceSnapshot) -> bytes:
    """Do what approval does with a finished invoice, the database aside."""
    xml = write(to_fa3(invoice))
    if validate(xml) or check(xml):
        raise AssertionError("the measured invoice is not valid")
    hashlib.sha256(xml).digest()
    return xml


def _invoice(lines: int) -> InvoiceSnapshot:
    return invoice_of([line_of(f"Bukiet {number}", price="12.34") for number in range(lines)])


def _print(xml: bytes) -> Callable[[], object]:
    from invoices.selectors.pdf import PrintOut, print_pdf
    from invoices.selectors.rendering import read_paper

    return lambda: print_pdf(PrintOut(paper=read_paper(xml), file_stem="FV-1", xml=xml))


def _ask_metadata(visitor: Visitor, query: str, **changes: object) -> Callable[[], object]:
    """Ask past the contract's judge, who takes longer than the simulator."""
    headers = {"Authorization": f"Bearer {visitor.token}"}
    url = f"/v2/invoices/query/metadata?pageSize=250{query}"
    return lambda: visitor.http.post(url, json=filters_for(**changes), headers=headers).raise_for_status()


def _export(visitor: Visitor, compression: str) -> None:
    export = begin_export(visitor, compressionType=compression)
    finished_package(visitor, export)


def _measure_reading() -> None:
    with visiting() as visitor:
        preload(visitor, seller=SELLER, number="FV", count=100_000)
        visitor.log_in()
        for compression in ("Zip", "TarGz"):
            _row(f"export of 10 000 invoices as {compression}", partial(_export, visitor, compression), "")
        for date_type in ("PermanentStorage", "Invoicing", "Issue"):
            dates = {**EVER, "dateType": date_type}
            for name, query, changes in (
                ("first page", "", {}),
                ("last page of 10 000", "&pageOffset=39", {}),
                ("nothing fits", "", {"currencyCodes": ["EUR"]}),
            ):
                ask = _ask_metadata(visitor, query, dateRange=dates, **changes)
                _row(f"metadata of 100 000, {date_type}: {name}", ask, "50 ms")


def _median(work: Callable[[], object], *, seconds: float = 1.5, most: int = 300) -> float:
    work()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < end and len(times) < most):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def _row(name: str, work: Callable[[], object], aim: str) -> None:
    sys.stdout.write(f"{name:<60}{_median(work):>10.2f} ms   {aim}\n")


def main() -> None:
    django.setup()
    for lines, aim in ((1, ""), (10, "1 ms"), (200, ""), (1000, "")):
        invoice = _invoice(lines)
        _row(
            f"freeze an invoice of {lines} lines: XML, XSD, SHA-256",
            partial(_freeze, invoice),
            aim,
        )
    credential = self_signed_seal(nip=NIP, name="Kwiaciarnia", now=NOW)
    _row(
        "sign a log-in (XAdES, EC key)",
        lambda: sign_auth_request(challenge="c" * 36, scope=SCOPE, credential=credential, signing_time=NOW),
        "1 ms, key loaded",
    )
    url = kod_i_url(
        qr_url="https://qr.example",
        seller_nip=NIP,
        issue_date=NOW.date(),
        sha256=hashlib.sha256(b"").digest(),
    )
    _row("draw KOD I", lambda: qr_svg(url), "")
    for lines, aim in ((1, "134 ms"), (20, "250 ms")):
        _row(f"print an invoice of {lines} lines as PDF", _print(_freeze(_invoice(lines))), aim)
    _measure_reading()


if __name__ == "__main__":
    main()
