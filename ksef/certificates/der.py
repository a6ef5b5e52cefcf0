"""Just enough DER to see what a file is, and what opening it would cost, before any library opens it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.asn1 import encode_der

INTEGER = 0x02
OCTET_STRING = 0x04
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
CONTEXT_0 = 0xA0

_MULTI_BYTE_TAG = 0x1F
_LONG_LENGTH = 0x80
_MOST_LENGTH_BYTES = 4


class NotDER(ValueError):
    """The bytes are not the structure that was looked for."""


@dataclass(frozen=True, slots=True)
class Element:
    tag: int
    content: bytes = field(repr=False)

    @property
    def encoded(self) -> bytes:
        return encode(self.tag, self.content)

    def children(self) -> tuple["Element", ...]:
        return tuple(_read_all(self.content))

    def sequence(self) -> tuple["Element", ...]:
        if self.tag != SEQUENCE:
            raise NotDER("no sequence")
        return self.children()

    def integer(self) -> int:
        if self.tag != INTEGER or not self.content:
            raise NotDER("no integer")
        return int.from_bytes(self.content, signed=True)

    def octets(self) -> bytes:
        if self.tag != OCTET_STRING:
            raise NotDER("no octet string")
        return self.content

    def inside(self) -> "Element":
        """The one element within an explicit tag [0]."""
        if self.tag != CONTEXT_0:
            raise NotDER("no explicit tag")
        return decode(self.content)


def decode(data: bytes) -> Element:
    """Exactly one element, without anything behind it."""
    elements = tuple(_read_all(data))
    if len(elements) != 1:
        raise NotDER("not one element")
    return elements[0]


def encode(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < _LONG_LENGTH:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, _LONG_LENGTH | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    return encode(SEQUENCE, b"".join(parts))


def oid(dotted: str) -> Element:
    return decode(encode_der(x509.ObjectIdentifier(dotted)))


def _read_all(data: bytes) -> Iterator[Element]:
    position = 0
    while position < len(data):
        tag = data[position]
        if tag & _MULTI_BYTE_TAG == _MULTI_BYTE_TAG:
            raise NotDER("a tag of several bytes")
        length, start = _read_length(data, position + 1)
        position = start + length
        if position > len(data):
            raise NotDER("an element longer than its place")
        yield Element(tag, data[start:position])


def _read_length(data: bytes, position: int) -> tuple[int, int]:
    """The length and where the content begins; the indefinite form of BER is not read."""
    if position >= len(data):
        raise NotDER("no length")
    first = data[position]
    if first < _LONG_LENGTH:
        return first, position + 1
    count = first & ~_LONG_LENGTH
    end = position + 1 + count
    if not 1 <= count <= _MOST_LENGTH_BYTES or end > len(data):
        raise NotDER("a length that cannot be read")
    return int.from_bytes(data[position + 1 : end]), end
