"""Batch sending: many documents as one package, and what became of them (sections 5 and 6)."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

from ksef.client import batches, documents, session_status, sessions
from ksef.client.batches import PartLost
from ksef.client.encryption import seal
from ksef.client.links import Links
from ksef.client.transport import Transport
from ksef.crypto import KeyUsage, PublicKey
from ksef.errors import ContractBroken, KSeFError, LinkExpired, Refused, Unavailable
from ksef.exchange import InvoiceStatus
from ksef.exchange.archives import SymmetricKey
from ksef.exchange.batches import Batch, BatchPackage, BatchPart, BatchSession, PartUpload, UploadOutcome
from ksef.exchange.paging import Page
from ksef.exchange.sessions import ListedSession, SessionQuery, SessionStatus, UPOPage
from ksef.gateway.public_keys import PublicKeys
from ksef.status import SESSION_STATE_FORBIDS, SessionFate, session_fate

__all__ = ["Batches", "PartLost"]

_WORKERS = 4


class Batches:
    """`gateway.batches`: open, upload, close, then follow; ksef.batch packs and stores what lies between."""

    def __init__(self, transport: Transport, *, links: Links, public_keys: PublicKeys) -> None:
        self._transport = transport
        self._links = links
        self._public_keys = public_keys

    def open(
        self, access_token: str, *, package: BatchPackage, secret: SymmetricKey, offline: bool = False
    ) -> BatchSession:
        """A session that waits for the parts of the package, all of FA(3). Store it before uploading.

        Safe to repeat: a session whose answer was lost stays empty and ends with 440; `list_sessions` shows it
        (F23). A public key that was withdrawn is replaced once (F21).
        """

        def open_with(public_key: PublicKey) -> BatchSession:
            return batches.open_batch_session(
                self._transport,
                access_token,
                package=package,
                encryption=seal(secret, public_key=public_key),
                offline=offline,
            )

        session = self._public_keys.use(KeyUsage.SYMMETRIC_KEY, open_with)
        for upload in session.uploads:
            self._links.check(upload.url)
        return session

    def upload(
        self, batch: Batch, *, save: Callable[[Batch], object], workers: int = _WORKERS
    ) -> UploadOutcome:
        """Bring the parts that are missing, several at once; `save` stores each success, in this thread (F22).

        `LINK_EXPIRED` asks for a new session with the same files. Safe to repeat after anything else: raises
        the first `Unavailable`, `Limited`, `Refused` or `ContractBroken` once all that could go has gone, and
        `PartLost` when the package must be packed again.
        """
        stop = Event()
        running: dict[Future[bool], BatchPart] = {}
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ksef-part") as pool:
            for part in batch.missing:
                upload = batch.find_upload(part)
                if upload is None:
                    return UploadOutcome.LINK_EXPIRED
                path = batch.package.path_of(part)
                running[pool.submit(self._bring, upload, part=part, path=path, stop=stop)] = part
            try:
                return _gather(running, batch=batch, save=save)
            finally:
                stop.set()

    def close(self, access_token: str, session_reference: str) -> None:
        """Every part is there: KSeF may begin. Safe to repeat.

        When the answer is lost, or KSeF says that the session is no longer open, its status decides (F24).
        Raises `Refused` 21205 or 21157 for a wanting part (ksef.status.needs_missing_part), 21208 when the
        time for uploading was over.
        """
        try:
            batches.close_batch_session(self._transport, access_token, session_reference)
        except (Unavailable, ContractBroken, Refused) as failure:
            if isinstance(failure, Refused) and failure.code != SESSION_STATE_FORBIDS:
                raise
            if not self._is_closed(access_token, session_reference):
                raise

    def get_status(self, access_token: str, session_reference: str) -> SessionStatus:
        """Of a session of either kind: ksef.status.session_fate and batch_remedy judge the code."""
        return session_status.get_session_status(self._transport, access_token, session_reference)

    def list_invoices(
        self, access_token: str, *, session_reference: str, cursor: str | None = None
    ) -> Page[InvoiceStatus]:
        """A thousand at a time; each belongs to the document with its hash and file name (F25, F26)."""
        return sessions.list_invoices(
            self._transport,
            access_token,
            session_reference=session_reference,
            only_failed=False,
            cursor=cursor,
        )

    def list_failed_invoices(
        self, access_token: str, *, session_reference: str, cursor: str | None = None
    ) -> Page[InvoiceStatus]:
        return sessions.list_invoices(
            self._transport,
            access_token,
            session_reference=session_reference,
            only_failed=True,
            cursor=cursor,
        )

    def list_sessions(
        self, access_token: str, query: SessionQuery, *, cursor: str | None = None
    ) -> Page[ListedSession]:
        """Newest first. One that we do not know, without invoices, is an open whose answer was lost (F23)."""
        return session_status.list_sessions(self._transport, access_token, query=query, cursor=cursor)

    def get_upo_page(self, access_token: str, *, session_reference: str, upo_reference: str) -> bytes:
        """The exact bytes, equal to their x-ms-meta-hash; ksef.upo reads and checks them."""
        return documents.get_upo_page(
            self._transport, access_token, session_reference=session_reference, upo_reference=upo_reference
        )

    def download_upo_page(self, page: UPOPage) -> bytes:
        """The same from its address, which no limit counts; `LinkExpired` when it is too old."""
        return documents.download_upo(self._links, page.url)

    def _bring(self, upload: PartUpload, *, part: BatchPart, path: Path, stop: Event) -> bool:
        """Tell whether the part is there; after the first failure nothing new begins."""
        if stop.is_set():
            return False
        try:
            batches.upload_part(self._links, upload, part=part, path=path)
        except BaseException:
            stop.set()
            raise
        return True

    def _is_closed(self, access_token: str, session_reference: str) -> bool:
        """Unknown means no: the caller hears of the failure and closes again."""
        try:
            status = self.get_status(access_token, session_reference)
        except KSeFError:
            return False
        return session_fate(status.code) is not SessionFate.OPEN


def _gather(
    running: dict[Future[bool], BatchPart], *, batch: Batch, save: Callable[[Batch], object]
) -> UploadOutcome:
    """What is on its way when one fails is awaited and saved; then the failure is told."""
    failures: list[BaseException] = []
    for done in as_completed(running):
        failure = done.exception()
        if failure is not None:
            failures.append(failure)
        elif done.result():
            batch = batch.with_uploaded(running[done].ordinal)
            save(batch)
    if any(isinstance(failure, LinkExpired) for failure in failures):
        return UploadOutcome.LINK_EXPIRED
    if failures:
        raise failures[0]
    return UploadOutcome.COMPLETE
