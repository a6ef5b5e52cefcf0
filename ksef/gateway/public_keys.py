"""The ministry's public keys of one environment, read when needed and again when one was withdrawn (section 2.3)."""

from collections.abc import Callable
from datetime import datetime

from ksef.client import security
from ksef.client.transport import Transport
from ksef.crypto import KeyUsage, PublicKey, choose_public_key
from ksef.errors import ContractBroken, Refused
from ksef.status import UNKNOWN_PUBLIC_KEY


class PublicKeys:
    """Never shared between environments: their keys differ."""

    def __init__(self, transport: Transport, *, now: Callable[[], datetime]) -> None:
        self._transport = transport
        self._now = now
        self._listed: tuple[PublicKey, ...] = ()

    def use[T](self, usage: KeyUsage, act: Callable[[PublicKey], T]) -> T:
        """Act with the current key; when KSeF has withdrawn it (21470), once more with a fresh list (F21)."""
        try:
            return act(self._current(usage))
        except Refused as refusal:
            if refusal.code != UNKNOWN_PUBLIC_KEY:
                raise
        self._listed = ()
        return act(self._current(usage))

    def _current(self, usage: KeyUsage) -> PublicKey:
        """From the list read before; a list without a valid key is read again."""
        key = choose_public_key(self._listed, usage=usage, at=self._now())
        if key is None:
            self._listed = security.list_public_keys(self._transport)
            key = choose_public_key(self._listed, usage=usage, at=self._now())
        if key is None:
            raise ContractBroken(f"KSeF lists no valid public key for {usage}")
        return key
