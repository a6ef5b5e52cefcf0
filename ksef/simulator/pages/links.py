"""The parts of a scanned link: Base64URL without padding, as strictly as it is printed (section 9)."""

import base64
import binascii
import re
from typing import Final

_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]+")


def read_base64_url(text: str) -> bytes | None:
    """Return the bytes, or None for anything but letters, digits, - and _."""
    if _ALPHABET.fullmatch(text) is None:
        return None
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None


def in_standard_base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
