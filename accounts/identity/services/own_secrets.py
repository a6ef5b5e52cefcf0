"""A person's own secrets as text, sealed by roles.vault; and whose they are while allauth seals and opens them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from roles.vault import OwnLabel, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Iterator

_label: ContextVar[OwnLabel] = ContextVar("own_label")


def seal_text(text: str, *, label: OwnLabel) -> str:
    return b64encode(seal(text.encode(), label=label)).decode()


def open_text(sealed: str, *, label: OwnLabel) -> str:
    """The text; raises CannotOpen for another person's, another purpose's, or a changed one."""
    return unseal(b64decode(sealed), label=label).decode()


@contextmanager
def belonging_to(label: OwnLabel) -> Iterator[None]:
    """Name the owner and purpose of what allauth encrypts and decrypts meanwhile: its hooks are told neither."""
    token = _label.set(label)
    try:
        yield
    finally:
        _label.reset(token)


def current_label() -> OwnLabel:
    """Raise LookupError outside `belonging_to`: nothing is ever sealed for nobody."""
    return _label.get()
