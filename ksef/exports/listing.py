"""Reads `_metadata.json` entry by entry: a list of 10 000 invoices is never one text in memory (section 7.3)."""

import codecs
import json
from collections.abc import Iterator

from ksef.client.metadata import read_metadata
from ksef.client.reading import Fields, Unreadable, read_decimal
from ksef.exchange.invoices import InvoiceMetadata
from ksef.exports.damage import PackageDamaged

_LONGEST_VALUE = 524_288  # A hundred third parties with long names are 100 000 characters.
_SPACE = " \t\n\r"
_JSON = json.JSONDecoder(parse_float=read_decimal)


def read_listing(pieces: Iterator[bytes]) -> Iterator[InvoiceMetadata]:
    """Every invoice of the list. Unknown members are passed over; a cut list is `PackageDamaged` (F30)."""
    for entry in _read_members(_Text(pieces)):
        try:
            invoice = read_metadata(Fields.wrap(entry, name="an invoice"))
        except Unreadable as failure:
            raise PackageDamaged(f"{failure} in the list of the package") from None
        yield invoice


def _read_members(text: "_Text") -> Iterator[object]:
    text.expect("{")
    has_list = False
    while not text.accept("}"):
        name = text.value()
        text.expect(":")
        if name == "invoices" and not has_list:
            has_list = True
            yield from _read_list(text)
        else:
            text.value()
        if not text.is_next("}"):
            text.expect(",")
    if not has_list:
        raise PackageDamaged("the list of the package lists nothing")


def _read_list(text: "_Text") -> Iterator[object]:
    text.expect("[")
    while not text.accept("]"):
        yield text.value()
        if not text.is_next("]"):
            text.expect(",")


class _Text:
    """JSON that arrives in pieces, of which only as much is kept as the value at hand needs."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._kept = ""
        self._at = 0

    def is_next(self, sign: str) -> bool:
        while True:
            while self._at < len(self._kept):
                if self._kept[self._at] not in _SPACE:
                    return self._kept[self._at] == sign
                self._at += 1
            if not self._read_on():
                raise PackageDamaged("the list of the package was cut")

    def accept(self, sign: str) -> bool:
        found = self.is_next(sign)
        self._at += found
        return found

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            raise PackageDamaged("the list of the package is no JSON as it should be")

    def value(self) -> object:
        self.is_next("")  # Passes over space, which the decoder does not.
        while True:
            end = -1
            try:
                value, end = _JSON.raw_decode(self._kept, self._at)
            except (ValueError, RecursionError):
                value = None
            # A value that ends with the text may be the beginning of a longer one.
            if -1 < end < len(self._kept):
                self._at = end
                return value
            if len(self._kept) - self._at > _LONGEST_VALUE or not self._read_on():
                raise PackageDamaged("the list of the package was cut or is no JSON")

    def _read_on(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        try:
            self._kept = self._kept[self._at :] + self._decode.decode(piece)
        except UnicodeDecodeError:
            raise PackageDamaged("the list of the package is not UTF-8") from None
        self._at = 0
        return True
