"""Receiving: what KSeF keeps for a company, as metadata, as packages and one by one (section 7)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ksef.client import exports, invoices
from ksef.client.encryption import seal
from ksef.client.links import Links
from ksef.client.transport import Transport
from ksef.crypto import KeyUsage, PublicKey, new_symmetric_key
from ksef.errors import ContractBroken
from ksef.exchange.invoices import (
    Export,
    ExportPackage,
    ExportRequest,
    ExportStatus,
    MetadataPage,
)
from ksef.gateway.public_keys import PublicKeys
from ksef.walk import MetadataRequest, next_request, only_new

# KSeF makes packages of 1 GB and parts of 50 MB (section 7.3); a disk should not depend on that.
_LARGEST_PART = 100_000_000
_LARGEST_PACKAGE = 2_000_000_000


class Invoices:
    """`gateway.invoices`; ksef.sync says which windows to ask for and how far one has come."""

    def __init__(self, transport: Transport, *, links: Links, public_keys: PublicKeys) -> None:
        self._transport = transport
        self._links = links
        self._public_keys = public_keys

    def query_metadata(self, access_token: str, request: MetadataRequest) -> MetadataPage:
        """One page; ksef.walk.next_request leads on. `Refused` 21183: the range begins after the HWM (F29)."""
        return invoices.query_metadata(
            self._transport,
            access_token,
            filters=request.filters,
            order=request.order,
            page=request.page,
        )

    def walk_metadata(self, access_token: str, request: MetadataRequest) -> Iterator[MetadataPage]:
        """All pages from there on, each invoice once (F28). KSeF allows twenty such requests in an hour."""
        known: set[str] = set()
        following: MetadataRequest | None = request
        while following is not None:
            page = self.query_metadata(access_token, following)
            new = only_new(page.invoices, known=known)
            known.update(invoice.ksef_number for invoice in new)
            yield replace(page, invoices=new)
            following = next_request(following, page)

    def start_export(self, access_token: str, request: ExportRequest) -> Export:
        """KSeF makes a package; keep the secret encrypted, without it the package is lost.

        Safe to repeat: an export whose answer was lost ends unread. `Refused` 21182: ten are running.
        """
        secret = new_symmetric_key()

        def start_with(public_key: PublicKey) -> str:
            return invoices.start_export(
                self._transport,
                access_token,
                request=request,
                encryption=seal(secret, public_key=public_key),
            )

        return Export(reference=self._public_keys.use(KeyUsage.SYMMETRIC_KEY, start_with), secret=secret)

    def get_export(self, access_token: str, reference: str) -> ExportStatus:
        """Its addresses are new with every call. `Refused` 410 after seven days: export again (F31)."""
        return invoices.get_export(self._transport, access_token, reference)

    def download_export(self, package: ExportPackage, *, folder: Path) -> tuple[Path, ...]:
        """The encrypted parts in the folder, for ksef.exports.open_package; what is there already stays.

        Safe to repeat; after `LinkExpired` with the package of a fresh status.
        """
        sizes = [part.encrypted_size for part in package.parts]
        if any(size > _LARGEST_PART for size in sizes) or sum(sizes) > _LARGEST_PACKAGE:
            raise ContractBroken("a package is larger than KSeF makes them")
        folder.mkdir(parents=True, exist_ok=True)
        paths = tuple(folder / f"part-{part.ordinal:03}.aes" for part in package.parts)
        for path, part in zip(paths, package.parts, strict=True):
            exports.download_part(self._links, part, path=path)
        return paths
