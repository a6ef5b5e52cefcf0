"""Certificates, requests and signed documents changed at random: refused with a code, never an accident (V42)."""

from __future__ import annotations

import base64
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.utils import CryptographyDeprecationWarning
from hypothesis import given
from hypothesis import strategies as st

from ksef.simulator.access import xades
from ksef.simulator.access.algorithms import read_certificate
from ksef.simulator.access.identity import identify
from ksef.simulator.certificates.requests import read_signing_request
from ksef.simulator.certificates.subjects import subject_of
from ksef.simulator.errors import Refusal
from tests.contract.ministry import make_credential, person_subject
from tests.contract.signed_documents import DOCUMENT, der_of, sign
from tests.contract.signing_requests import make_request

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

PERSON = make_credential(person_subject("TINPL-5265877635"))
CERTIFICATE = der_of(PERSON)
REQUEST = make_request({"commonName": "Próba", "countryName": "PL"}, ec.generate_private_key(ec.SECP256R1()))
SIGNED = sign(PERSON)

type Change = tuple[int, int, bytes]

changes = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=3
)


def changed(content: bytes, by: list[Change]) -> bytes:
    """Replace some bytes by others, more or fewer."""
    for place, removed, added in by:
        at = place % len(content)
        content = content[:at] + added + content[at + removed :]
    return content


def ends_well(work: Callable[[], object]) -> None:
    """Either it works or it is refused; what the library thinks of odd certificates is its own business."""
    with warnings.catch_warnings(), suppress(Refusal):
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        work()


@given(changes)
def test_requests(by: list[Change]) -> None:
    ends_well(lambda: read_signing_request(changed(REQUEST, by)))


@given(changes)
def test_certificates(by: list[Change]) -> None:
    def read() -> None:
        certificate = read_certificate(changed(CERTIFICATE, by))
        subject_of(certificate)
        identify(certificate, by_fingerprint=True)
        identify(certificate, by_fingerprint=False)

    ends_well(read)


@given(changes)
def test_documents(by: list[Change]) -> None:
    ends_well(lambda: xades.verify(changed(SIGNED, by)))


@given(st.binary(max_size=300))
def test_anything_at_all(content: bytes) -> None:
    for read in (xades.verify, read_certificate, read_signing_request):
        with pytest.raises(Refusal):
            read(content)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\x13\x02PL", b"\x03\x02PL"),  # A country that is a string of bits.
        (b"\x13\x02PL", b"\x0c\x02\xff\xff"),  # One that is not UTF-8.
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x21"),  # Version 34.
        (bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030177")),  # A curve nobody knows.
        (bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0277")),  # A kind of key nobody knows.
    ],
)
def test_certificates_wrong_where_the_library_looks_late(before: bytes, after: bytes) -> None:
    """21115, before anybody asks the certificate who it is."""
    assert before in CERTIFICATE
    with pytest.raises(Refusal) as refused:
        read_certificate(CERTIFICATE.replace(before, after))
    assert refused.value.code == 21115


def test_namespace_that_has_no_canonical_form() -> None:
    """9105: a relative one."""
    document = sign(PERSON, document=DOCUMENT).replace(
        b'xmlns:unused="urn:unused"', b'xmlns:unused="relative"'
    )
    with pytest.raises(Refusal) as refused:
        xades.verify(document)
    assert refused.value.code == 9105


def test_what_is_changed_was_right() -> None:
    """The originals pass, so what the others meet is not a refusal of everything."""
    assert read_certificate(CERTIFICATE) == PERSON.certificate
    assert base64.b64encode(CERTIFICATE) in SIGNED.replace(b"\n", b"")
    assert xades.verify(SIGNED).certificate == PERSON.certificate
    assert len(read_signing_request(REQUEST).subject) == 2
