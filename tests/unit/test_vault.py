"""Secrets at rest: what opens, what does not, and what stays readable when keys change."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roles.vault import CannotOpen, Label, OwnLabel, seal, unseal

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.unit

LABEL = Label(
    company_id=uuid.UUID(int=1), user_id=uuid.UUID(int=2), object_id=uuid.UUID(int=3), purpose="secret"
)
SECRET = b"20251122-EC-0000000000-0000000000-00|nip-5260250274|" + b"0" * 64


@given(st.binary(max_size=5000))
def test_what_was_sealed_opens(plaintext: bytes) -> None:
    """S60, V34: byte for byte, under the label it was sealed for."""
    assert unseal(seal(plaintext, label=LABEL), label=LABEL) == plaintext


@pytest.mark.parametrize(
    "other",
    [
        replace(LABEL, company_id=uuid.UUID(int=9)),
        replace(LABEL, user_id=uuid.UUID(int=9)),
        replace(LABEL, user_id=None),
        replace(LABEL, object_id=uuid.UUID(int=9)),
        replace(LABEL, purpose="access_token"),
        replace(LABEL, purpose=""),
    ],
)
def test_a_blob_moved_elsewhere_does_not_open(other: Label) -> None:
    """V34, S53: another company, user, row or purpose is another label."""
    with pytest.raises(CannotOpen):
        unseal(seal(SECRET, label=LABEL), label=other)
    with pytest.raises(CannotOpen):
        unseal(seal(SECRET, label=other), label=LABEL)


OWN = OwnLabel(user_id=uuid.UUID(int=2), purpose="totp", object_id=uuid.UUID(int=3))


@pytest.mark.parametrize(
    "other",
    [
        replace(OWN, user_id=uuid.UUID(int=9)),
        replace(OWN, purpose="recovery codes"),
        replace(OWN, object_id=None),
        replace(LABEL, purpose="totp"),
        replace(LABEL, company_id=uuid.UUID(int=2), user_id=None, purpose="totp"),
    ],
)
def test_what_is_ones_own_opens_for_nobody_else(other: Label | OwnLabel) -> None:
    """V19, V34: a second factor belongs to a person and a purpose; no secret of a company passes for one."""
    blob = seal(SECRET, label=OWN)
    assert unseal(blob, label=OWN) == SECRET
    with pytest.raises(CannotOpen):
        unseal(blob, label=other)
    with pytest.raises(CannotOpen):
        unseal(seal(SECRET, label=other), label=OWN)


def test_one_flipped_bit_anywhere_is_noticed() -> None:
    """V34: version, key id, wrapped key, nonces and ciphertext are all authenticated."""
    blob = seal(SECRET, label=LABEL)
    for place in range(len(blob)):
        for bit in range(8):
            changed = bytearray(blob)
            changed[place] ^= 1 << bit
            with pytest.raises(CannotOpen):
                unseal(bytes(changed), label=LABEL)


@pytest.mark.parametrize("length", [0, 1, 2, 6, 30, 66, 78, 90])
def test_a_cut_or_lengthened_blob_does_not_open(length: int) -> None:
    """V34: a truncated column is an error of its own, not a crash."""
    blob = seal(b"", label=LABEL)
    with pytest.raises(CannotOpen):
        unseal(blob[:length], label=LABEL)
    with pytest.raises(CannotOpen):
        unseal(blob + b"\0", label=LABEL)


def test_halves_of_two_blobs_do_not_fit() -> None:
    """V34: a data key opens its own ciphertext only, even under the same label."""
    first, second = seal(SECRET, label=LABEL), seal(SECRET, label=LABEL)
    head = 2 + len("test") + 12 + 48
    with pytest.raises(CannotOpen):
        unseal(first[:head] + second[head:], label=LABEL)


def test_no_two_blobs_share_anything_but_the_key_id() -> None:
    """V35: data keys and nonces are fresh each time; the plaintext is nowhere in the blob."""
    blobs = {seal(SECRET, label=LABEL) for _time in range(200)}
    head = 2 + len("test")
    assert len({blob[head : head + 12] for blob in blobs}) == 200
    assert len({blob[head + 60 : head + 72] for blob in blobs}) == 200
    assert not any(SECRET[:12] in blob or SECRET.hex().encode() in blob for blob in blobs)


def test_keys_are_rotated_without_losing_a_secret(settings: Settings) -> None:
    """V35: the new key seals, the old one still opens, until it is taken away."""
    old = seal(SECRET, label=LABEL)
    settings.KWIT_KEYS = {"new": b"n" * 32, **settings.KWIT_KEYS}
    new = seal(SECRET, label=LABEL)
    assert unseal(old, label=LABEL) == unseal(new, label=LABEL) == SECRET
    assert new[2:5] == b"new"
    settings.KWIT_KEYS = {"new": b"n" * 32}
    assert unseal(seal(unseal(new, label=LABEL), label=LABEL), label=LABEL) == SECRET
    with pytest.raises(CannotOpen):
        unseal(old, label=LABEL)


def test_a_key_of_the_same_name_with_other_bytes_does_not_open(settings: Settings) -> None:
    """V34: the name only finds the key."""
    blob = seal(SECRET, label=LABEL)
    settings.KWIT_KEYS = {"test": b"x" * 32}
    with pytest.raises(CannotOpen) as caught:
        unseal(blob, label=LABEL)
    # The error is safe to log: it names the purpose and no byte of the secret.
    assert str(caught.value) == "secret"
