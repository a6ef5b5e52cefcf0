"""Reads JSON answers field by field: unknown members are ignored, missing required ones are an error."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from ksef.crypto import from_base64

_DIGEST_BYTES = 32
_LARGEST_EXPONENT = 30  # No amount of money comes near it; printing a larger one could fill the memory.


class Unreadable(Exception):
    """The answer is not what the contract promises; the transport says what that means for the caller."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object; asking for a field checks its type. Errors name the field and never its value."""

    members: Mapping[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, body: bytes) -> "Fields":
        try:
            value = json.loads(body, parse_float=read_decimal)
        except (ValueError, RecursionError):
            value = None
        return cls.wrap(value, name="the answer")

    @classmethod
    def wrap(cls, value: object, *, name: str) -> "Fields":
        if not isinstance(value, dict):
            raise Unreadable(f"{name} is not a JSON object")
        return cls(value)

    def has(self, name: str) -> bool:
        return self.members.get(name) is not None

    def text(self, name: str) -> str:
        value = self.members.get(name)
        if not isinstance(value, str) or not value:
            raise Unreadable(f"{name} is not a text")
        return value

    def find_text(self, name: str) -> str | None:
        return self.text(name) if self.members.get(name) else None

    def integer(self, name: str) -> int:
        value = self.members.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unreadable(f"{name} is not a whole number")
        return value

    def find_integer(self, name: str) -> int | None:
        return self.integer(name) if self.has(name) else None

    def boolean(self, name: str) -> bool:
        value = self.members.get(name)
        if not isinstance(value, bool):
            raise Unreadable(f"{name} is neither true nor false")
        return value

    def find_boolean(self, name: str) -> bool | None:
        return self.boolean(name) if self.has(name) else None

    def decimal(self, name: str) -> Decimal:
        """The digits as they came: an amount never was a float."""
        value = self.members.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = Decimal(value)
        if (
            not isinstance(value, Decimal)
            or not value.is_finite()
            or abs(value.adjusted()) > _LARGEST_EXPONENT
        ):
            raise Unreadable(f"{name} is not an amount")
        return value

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.text(name))
        except ValueError:
            raise Unreadable(f"{name} is not a date") from None

    def find_day(self, name: str) -> date | None:
        return self.day(name) if self.has(name) else None

    def binary(self, name: str) -> bytes:
        try:
            return from_base64(self.text(name))
        except ValueError:
            raise Unreadable(f"{name} is not Base64") from None

    def find_binary(self, name: str) -> bytes | None:
        return self.binary(name) if self.members.get(name) else None

    def sha256(self, name: str) -> bytes:
        digest = self.binary(name)
        if len(digest) != _DIGEST_BYTES:
            raise Unreadable(f"{name} is not a SHA-256")
        return digest

    def moment(self, name: str) -> datetime:
        """In UTC, whatever offset it came with."""
        try:
            moment = datetime.fromisoformat(self.text(name))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            raise Unreadable(f"{name} is not a time") from None

    def find_moment(self, name: str) -> datetime | None:
        return self.moment(name) if self.has(name) else None

    def object(self, name: str) -> "Fields":
        return Fields.wrap(self.members.get(name), name=name)

    def find_object(self, name: str) -> "Fields":
        """An absent object reads as an empty one."""
        return self.object(name) if self.has(name) else Fields({})

    def objects(self, name: str) -> tuple["Fields", ...]:
        return tuple(Fields.wrap(value, name=name) for value in self._list(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """An optional list of texts; anything else in it is passed over."""
        if not self.has(name):
            return ()
        return tuple(value for value in self._list(name) if isinstance(value, str))

    def _list(self, name: str) -> list[Any]:
        value = self.members.get(name)
        if not isinstance(value, list):
            raise Unreadable(f"{name} is not a list")
        return value


def read_decimal(text: str) -> Decimal:
    """What the JSON parser calls for every number with a point or an exponent; it must not raise."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")
