"""What an uploaded file is: its content decides, never its name (S32)."""

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field

from ksef.certificates.der import CONTEXT_0, INTEGER, OCTET_STRING, SEQUENCE, Element, NotDER, decode
from ksef.certificates.flaws import Flaw, UnusableFile

# A chain in PKCS#12 takes some ten thousand bytes, a certificate or a key one to six.
MAX_FILE_BYTES = 64_000
_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"
_CERTIFICATE_LABELS = frozenset({b"CERTIFICATE", b"X509 CERTIFICATE"})
_ENCRYPTED_LABEL = b"ENCRYPTED PRIVATE KEY"
_KEY_LABEL = b"PRIVATE KEY"
_LEGACY_ENCRYPTION = b"Proc-Type: 4,ENCRYPTED"
_PFX_VERSION = 3
_FIRST = {
    (CONTEXT_0,),
    (INTEGER,),
}  # Of a certificate: its version, or the serial number when it is of version 1.


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key as it was uploaded; `der` is None for the older PEM that encrypts in a way of its own."""

    is_encrypted: bool
    der: bytes | None = field(repr=False)
    pem: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Contents:
    certificates: tuple[bytes, ...] = field(default=(), repr=False)  # DER
    keys: tuple[KeyFile, ...] = field(default=(), repr=False)
    store: Element | None = field(default=None, repr=False)  # PKCS#12


def read_contents(content: bytes) -> Contents:
    """Empty when nothing known is in it; raises TOO_LARGE."""
    if len(content) > MAX_FILE_BYTES:
        raise UnusableFile(Flaw.TOO_LARGE)
    if _BEGIN in content:
        return _read_pem(content)
    try:
        return _recognise(decode(content), content)
    except NotDER:
        return Contents()


def _read_pem(content: bytes) -> Contents:
    certificates: list[bytes] = []
    keys: list[KeyFile] = []
    for label, body, whole in _blocks(content):
        if label in _CERTIFICATE_LABELS:
            certificates.append(_decode_base64(body))
        elif label.endswith(_KEY_LABEL):
            keys.append(_read_key_block(label, body, whole))
    return Contents(certificates=tuple(certificates), keys=tuple(keys))


def _blocks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Label, body and whole text of each block, in one pass; a block without an end ends the reading."""
    position = content.find(_BEGIN)
    while position >= 0:
        label_end = content.find(_DASHES, position + len(_BEGIN))
        label = content[position + len(_BEGIN) : label_end]
        closing = _END + label + _DASHES
        end = content.find(closing, label_end)
        if label_end < 0 or end < 0:
            return
        finish = end + len(closing)
        yield label, content[label_end + len(_DASHES) : end], content[position:finish]
        position = content.find(_BEGIN, finish)


def _read_key_block(label: bytes, body: bytes, whole: bytes) -> KeyFile:
    if _LEGACY_ENCRYPTION in body:
        return KeyFile(is_encrypted=True, der=None, pem=whole)
    return KeyFile(is_encrypted=label == _ENCRYPTED_LABEL, der=_decode_base64(body))


def _decode_base64(body: bytes) -> bytes:
    """Empty when it is none: whoever opens it then finds it unreadable."""
    try:
        return b64decode(b"".join(body.split()), validate=True)
    except ValueError:
        return b""


def _recognise(element: Element, content: bytes) -> Contents:
    """By the first members, which differ between all the structures that may come."""
    parts = element.sequence()
    tags = tuple(part.tag for part in parts)
    if tags[:2] == (INTEGER, SEQUENCE) and parts[0].integer() == _PFX_VERSION:
        return Contents(store=element)
    if tags == (SEQUENCE, OCTET_STRING):
        return Contents(keys=(KeyFile(is_encrypted=True, der=content),))
    if tags[:1] == (INTEGER,):  # PKCS#8, PKCS#1 and SEC 1 all begin with a version.
        return Contents(keys=(KeyFile(is_encrypted=False, der=content),))
    if tags[:2] == (SEQUENCE, SEQUENCE) and tuple(part.tag for part in parts[0].children()[:1]) in _FIRST:
        return Contents(certificates=(content,))
    return Contents()
