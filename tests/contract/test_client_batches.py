"""Batch sending against the simulator, an independent witness, over real sockets (section 5)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import sleep

import pytest

from ksef.batch import PackingLimits, pack, read_batch, write_batch
from ksef.crypto import new_symmetric_key
from ksef.errors import ContractBroken, KSeFError, Refused, Unavailable
from ksef.exchange import InvoiceStatus
from ksef.exchange.archives import Compression, SymmetricKey
from ksef.exchange.batches import Batch, BatchPackage, UploadOutcome
from ksef.exchange.sessions import ListedAs, SessionQuery, SessionStatus, SessionType
from ksef.gateway import Gateway
from ksef.gateway.paging import every
from ksef.status import (
    BatchRemedy,
    InvoiceFate,
    SessionFate,
    batch_remedy,
    invoice_fate,
    needs_missing_part,
    session_fate,
)
from ksef.upo import check_upo, read_upo
from tests.contract.ministry import make_invoice
from tests.contract.served import KSeF, serving

pytestmark = pytest.mark.contract

OPEN = "^/v2/sessions/batch$"
CLOSE = "^/v2/sessions/batch/[^/]+/close$"
PART = "^/storage/"
MANY_PARTS = PackingLimits(part_bytes=300, parts=50)

type Documents = dict[str, bytes]


@pytest.fixture(scope="module")
def server() -> Iterator[KSeF]:
    with serving(processing=0.05, authentication=0.01) as ksef:
        yield ksef


@pytest.fixture
def ksef(server: KSeF) -> KSeF:
    server.control("POST", "reset")
    server.options(processing=0.05, authentication=0.01)
    return server


@pytest.fixture
def gateway(ksef: KSeF) -> Iterator[Gateway]:
    with ksef.gateway() as gateway:
        yield gateway


@pytest.fixture
def access(ksef: KSeF, gateway: Gateway) -> str:
    return ksef.log_in(gateway)


@pytest.fixture
def secret() -> SymmetricKey:
    return new_symmetric_key()


def documents(count: int = 12) -> Documents:
    today = datetime.now(UTC).date()  # noqa: TID251 - the simulator's program has a real clock.
    return {
        f"fv-{number}.xml": make_invoice(number=f"FV/{number}", issue_date=today, line=f"Rzecz {number}")
        for number in range(count)
    }


def _pack(documents: Documents, *, folder: Path, secret: SymmetricKey) -> BatchPackage:
    package = pack(documents.items(), folder=folder, secret=secret, limits=MANY_PARTS)
    assert len(package.parts) >= 3
    return package


def _send(gateway: Gateway, access: str, package: BatchPackage, secret: SymmetricKey) -> str:
    session = gateway.batches.open(access, package=package, secret=secret)
    outcome = gateway.batches.upload(Batch(package).opened(session), save=lambda _: None)
    assert outcome is UploadOutcome.COMPLETE
    gateway.batches.close(access, session.reference)
    return session.reference


def _settled(gateway: Gateway, access: str, reference: str) -> SessionStatus:
    for _ in range(200):
        status = gateway.batches.get_status(access, reference)
        if session_fate(status.code) not in {SessionFate.OPEN, SessionFate.CLOSING}:
            return status
        sleep(0.02)
    raise AssertionError("the session does not come to an end")


def _invoices(gateway: Gateway, access: str, reference: str) -> dict[str, InvoiceStatus]:
    found = every(
        lambda cursor: gateway.batches.list_invoices(access, session_reference=reference, cursor=cursor)
    )
    return {status.file_name or "": status for status in found}


@pytest.mark.parametrize("compression", Compression)
def test_package_becomes_accepted_invoices_with_their_upo(
    ksef: KSeF,
    gateway: Gateway,
    access: str,
    tmp_path: Path,
    secret: SymmetricKey,
    compression: Compression,
) -> None:
    """F25: every document is known again by its name and its hash."""
    sent = documents()
    package = pack(sent.items(), folder=tmp_path, secret=secret, compression=compression, limits=MANY_PARTS)
    reference = _send(gateway, access, package, secret)
    status = _settled(gateway, access, reference)
    assert session_fate(status.code) is SessionFate.DONE
    assert (status.invoice_count, status.successful_count, status.failed_count) == (12, 12, 0)
    found = _invoices(gateway, access, reference)
    assert {name: found[name].invoice_hash for name in found} == {
        name: sha256(xml).digest() for name, xml in sent.items()
    }
    assert all(invoice_fate(invoice.code) is InvoiceFate.ACCEPTED for invoice in found.values())
    (page,) = status.upo_pages
    upo = gateway.batches.get_upo_page(access, session_reference=reference, upo_reference=page.reference)
    assert gateway.batches.download_upo_page(page) == upo
    assert len(read_upo(upo).documents) == 12
    for name, invoice in found.items():
        check_upo(upo, ksef_number=invoice.ksef_number or "", sha256=sha256(sent[name]).digest())
    assert len(ksef.accepted()) == 12


def test_offline_package_is_marked_so(
    gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """Section 10."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    session = gateway.batches.open(access, package=package, secret=secret, offline=True)
    gateway.batches.upload(Batch(package).opened(session), save=lambda _: None)
    gateway.batches.close(access, session.reference)
    _settled(gateway, access, session.reference)
    modes = {status.invoicing_mode for status in _invoices(gateway, access, session.reference).values()}
    assert modes == {"Offline"}


def test_bad_document_is_told_by_its_name_and_harms_no_other(
    gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """F25."""
    sent = documents()
    sent["fv-5.xml"] = sent["fv-5.xml"].replace(b"<P_15>", b"<P_99/><P_15>")
    reference = _send(gateway, access, _pack(sent, folder=tmp_path, secret=secret), secret)
    status = _settled(gateway, access, reference)
    assert (status.code, status.successful_count, status.failed_count) == (200, 11, 1)
    (failed,) = gateway.batches.list_failed_invoices(access, session_reference=reference).items
    assert (failed.file_name, failed.invoice_hash) == ("fv-5.xml", sha256(sent["fv-5.xml"]).digest())
    assert invoice_fate(failed.code) is InvoiceFate.REJECTED
    assert failed.details


def test_package_without_a_good_document_asks_to_read_the_reasons(
    gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """F25: 445."""
    sent = {name: xml.replace(b"<P_15>", b"<P_99/><P_15>") for name, xml in documents().items()}
    reference = _send(gateway, access, _pack(sent, folder=tmp_path, secret=secret), secret)
    status = _settled(gateway, access, reference)
    assert batch_remedy(status.code) is BatchRemedy.READ_INVOICES
    assert len(_invoices(gateway, access, reference)) == 12


def _with_other_key(package: BatchPackage, secret: SymmetricKey) -> tuple[BatchPackage, SymmetricKey]:
    return package, new_symmetric_key()


def _with_other_hash(package: BatchPackage, secret: SymmetricKey) -> tuple[BatchPackage, SymmetricKey]:
    return replace(package, archive_sha256=bytes(32)), secret


def _as_zip(package: BatchPackage, secret: SymmetricKey) -> tuple[BatchPackage, SymmetricKey]:
    return replace(package, compression=Compression.ZIP), secret


@pytest.mark.parametrize("spoil", [_with_other_key, _with_other_hash, _as_zip])
def test_refused_package_may_be_sent_again(
    ksef: KSeF,
    gateway: Gateway,
    access: str,
    tmp_path: Path,
    secret: SymmetricKey,
    spoil: Callable[[BatchPackage, SymmetricKey], tuple[BatchPackage, SymmetricKey]],
) -> None:
    """F25: 405, 430, 435; nothing of it was taken, so all of it may come again."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    status = _settled(gateway, access, _send(gateway, access, *spoil(package, secret)))
    assert batch_remedy(status.code) is BatchRemedy.SEND_AGAIN
    assert ksef.accepted() == []
    again = _settled(gateway, access, _send(gateway, access, package, secret))
    assert (again.code, again.successful_count) == (200, 12)


def test_killed_sender_is_followed_by_another(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """F22: what the other knows is the stored text."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    session = gateway.batches.open(access, package=package, secret=secret)
    stored: list[str] = []

    def die_after_two(batch: Batch) -> None:
        stored.append(write_batch(batch))
        if len(stored) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gateway.batches.upload(Batch(package).opened(session), save=die_after_two, workers=1)
    with ksef.gateway() as other:
        assert other.batches.upload(read_batch(stored[-1]), save=lambda _: None) is UploadOutcome.COMPLETE
        other.batches.close(access, session.reference)
    assert _settled(gateway, access, session.reference).successful_count == 12


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "status"])
def test_part_that_got_lost_is_brought_again(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey, fault: str
) -> None:
    """F22: bringing a part twice leaves one part."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    batch = Batch(package).opened(gateway.batches.open(access, package=package, secret=secret))
    ksef.plan(fault, PART, after=1, **({"status": 503} if fault == "status" else {}))
    steps = [batch]
    with pytest.raises(Unavailable):
        gateway.batches.upload(batch, save=steps.append, workers=1)
    assert 0 < len(steps[-1].missing) < len(package.parts)
    assert gateway.batches.upload(steps[-1], save=steps.append) is UploadOutcome.COMPLETE
    assert batch.session is not None
    gateway.batches.close(access, batch.session.reference)
    assert _settled(gateway, access, batch.session.reference).successful_count == 12


def test_expired_links_lead_to_a_new_session_with_the_same_files(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """F22: the old session ends with 440 and is recognised; nothing is sent twice."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    batch = Batch(package).opened(gateway.batches.open(access, package=package, secret=secret))
    old = batch.session
    assert old is not None
    ksef.options(part_upload=1)
    batch = batch.with_uploaded(1)
    ksef.advance(len(package.parts) * 20 * 60 + 1)
    assert gateway.batches.upload(batch, save=lambda _: None) is UploadOutcome.LINK_EXPIRED
    access = ksef.log_in(gateway)
    ended = gateway.batches.get_status(access, old.reference)
    assert (ended.code, batch_remedy(ended.code)) == (440, BatchRemedy.SEND_AGAIN)
    with pytest.raises(Refused) as caught:
        gateway.batches.close(access, old.reference)
    assert caught.value.code == 21208
    ksef.options(part_upload=1200)
    again = _settled(gateway, access, _send(gateway, access, package, secret))
    assert again.successful_count == 12
    assert len(ksef.accepted()) == 12


def test_open_whose_answer_was_lost_is_recognised(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """F23: an orphan without invoices; the package goes to the session that we know."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    begin = datetime.now(UTC) - timedelta(minutes=1)  # noqa: TID251 - the simulator's program has a real clock.
    ksef.plan("drop_after", OPEN)
    with pytest.raises(Unavailable):
        gateway.batches.open(access, package=package, secret=secret)
    known = _send(gateway, access, package, secret)
    _settled(gateway, access, known)
    query = SessionQuery(SessionType.BATCH, created_from=begin, listed_as=(ListedAs.IN_PROGRESS,))
    listed = list(every(lambda cursor: gateway.batches.list_sessions(access, query, cursor=cursor)))
    orphans = [session for session in listed if session.reference != known]
    assert [(orphan.code, orphan.invoice_count) for orphan in orphans] == [(100, 0)]
    assert len(ksef.accepted()) == 12


@pytest.mark.parametrize("fault", ["drop_after", "truncate"])
def test_lost_answer_to_the_close_is_decided_by_the_status(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey, fault: str
) -> None:
    """F24."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    ksef.plan(fault, CLOSE)
    reference = _send(gateway, access, package, secret)
    gateway.batches.close(access, reference)
    assert _settled(gateway, access, reference).successful_count == 12
    gateway.batches.close(access, reference)


def test_close_that_never_arrived_is_repeated(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """F24."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    session = gateway.batches.open(access, package=package, secret=secret)
    gateway.batches.upload(Batch(package).opened(session), save=lambda _: None)
    ksef.plan("drop_before", CLOSE)
    with pytest.raises(Unavailable):
        gateway.batches.close(access, session.reference)
    gateway.batches.close(access, session.reference)
    assert _settled(gateway, access, session.reference).successful_count == 12


def test_close_asks_for_the_part_that_is_missing(
    gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    package = _pack(documents(), folder=tmp_path, secret=secret)
    session = gateway.batches.open(access, package=package, secret=secret)
    batch = Batch(package).opened(session)
    gateway.batches.upload(batch.with_uploaded(2), save=lambda _: None)
    with pytest.raises(Refused) as caught:
        gateway.batches.close(access, session.reference)
    assert needs_missing_part(caught.value.code)
    gateway.batches.upload(batch, save=lambda _: None)
    gateway.batches.close(access, session.reference)
    assert _settled(gateway, access, session.reference).successful_count == 12


def test_withdrawn_public_key_is_replaced(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """F21."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    gateway.batches.open(access, package=package, secret=secret)
    ksef.control("POST", "keys", {"mode": "emergency"})
    status = _settled(gateway, access, _send(gateway, access, package, secret))
    assert status.successful_count == 12


def test_documents_sent_twice_are_duplicates_of_ours(
    ksef: KSeF, gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey
) -> None:
    """F18, I1: the originals have the same hashes."""
    package = _pack(documents(), folder=tmp_path, secret=secret)
    first = _send(gateway, access, package, secret)
    _settled(gateway, access, first)
    second = _send(gateway, access, package, secret)
    _settled(gateway, access, second)
    originals = {status.ksef_number for status in _invoices(gateway, access, first).values()}
    repeated = _invoices(gateway, access, second).values()
    assert {invoice_fate(status.code) for status in repeated} == {InvoiceFate.DUPLICATE}
    assert {status.original_ksef_number for status in repeated} == originals
    assert {status.original_session_reference for status in repeated} == {first}
    assert len(ksef.accepted()) == 12


def test_unknown_session_is_refused(gateway: Gateway, access: str) -> None:
    nobody = "20261122-SB-0000000000-0000000000-00"
    calls: list[Callable[[], object]] = [
        lambda: gateway.batches.close(access, nobody),
        lambda: gateway.batches.get_status(access, nobody),
        lambda: gateway.batches.list_invoices(access, session_reference=nobody),
        lambda: gateway.batches.get_upo_page(access, session_reference=nobody, upo_reference=nobody),
    ]
    for call in calls:
        with pytest.raises(KSeFError) as caught:
            call()
        assert isinstance(caught.value, Refused)
        assert caught.value.code == 21173


INVOICES = "/invoices$"


def _list_with(ksef: KSeF, access: str, reference: str, fault: str, **more: object) -> list[InvoiceStatus]:
    ksef.control("DELETE", "faults")
    ksef.plan(fault, INVOICES, **more)
    with ksef.gateway(is_watched=False) as gateway:
        return list(
            every(
                lambda cursor: gateway.batches.list_invoices(
                    access, session_reference=reference, cursor=cursor
                )
            )
        )


@pytest.fixture
def sent(gateway: Gateway, access: str, tmp_path: Path, secret: SymmetricKey) -> str:
    """A session whose documents were all accepted."""
    reference = _send(gateway, access, _pack(documents(), folder=tmp_path, secret=secret), secret)
    _settled(gateway, access, reference)
    return reference


def test_unknown_fields_and_codes_break_nothing(ksef: KSeF, access: str, sent: str) -> None:
    """F26, F52."""
    listed = _list_with(ksef, access, sent, "extra_fields")
    assert len(listed) == 12
    changes = [{"at": "invoices.*.status.code", "value": 299}]
    listed = _list_with(ksef, access, sent, "rewrite", changes=changes)
    assert {invoice_fate(status.code) for status in listed} == {InvoiceFate.PENDING}


def test_damaged_ksef_number_breaks_the_contract(ksef: KSeF, access: str, sent: str) -> None:
    """F52."""
    with pytest.raises(ContractBroken):
        _list_with(ksef, access, sent, "wrong_crc")
