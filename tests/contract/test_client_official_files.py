"""What we write and read, against the ministry's own files; skipped where they are not at hand."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from ksef.certificates import self_signed_seal
from ksef.exchange.identifiers import Identifier
from ksef.exchange.logins import AllowedAddresses, LoginScope
from ksef.number import is_valid_ksef_number
from ksef.upo import UPOMismatch, check_upo, read_upo
from ksef.xades import sign_auth_request, write_auth_request

OFFICIAL = Path(os.environ.get("KSEF_OFFICIAL") or Path(__file__).parents[3] / "shared" / "ksef")
AUTH_SCHEMA = OFFICIAL / "xsd" / "auth" / "schemat_auth_v2-1.xsd"
UPO_SAMPLES = sorted((OFFICIAL / "upo-samples" / "v4-3").rglob("*.xml"))
pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official files are not here (KSEF_OFFICIAL)"),
]

CHALLENGE = "20261122-CR-20F5EE4000-DA48AE4124-46"
NIP = "5265877635"
SCOPE = LoginScope(Identifier("Nip", NIP))


def test_login_request_is_valid_before_and_after_signing() -> None:
    """The schema does not declare the signature, so it is taken off again."""
    schema = etree.XMLSchema(etree.parse(AUTH_SCHEMA))
    schema.assertValid(write_auth_request(challenge=CHALLENGE, scope=SCOPE))
    unit = LoginScope(
        Identifier("InternalId", "5265877635-12345"),
        AllowedAddresses(("10.0.0.1",), ("10.0.1.1-10.0.1.9",), ("10.0.2.0/24",)),
    )
    schema.assertValid(write_auth_request(challenge=CHALLENGE, scope=unit))
    now = datetime(2026, 11, 22, tzinfo=UTC)
    seal = self_signed_seal(nip=NIP, name="Kwit", now=now)
    signed = etree.fromstring(
        sign_auth_request(challenge=CHALLENGE, scope=SCOPE, credential=seal, signing_time=now)
    )
    *_, signature = signed
    assert etree.QName(signature).localname == "Signature"
    signed.remove(signature)
    schema.assertValid(signed)


@pytest.mark.parametrize("path", UPO_SAMPLES, ids=lambda path: path.stem)
def test_official_upo_is_read_whole(path: Path) -> None:
    """F27: every sample of version 4-3; a session's UPO names several documents."""
    content = path.read_bytes()
    upo = read_upo(content)
    assert len(upo.documents) == content.count(b"<Dokument>")
    for document in upo.documents:
        assert len(document.sha256) == 32
        assert document.sent_at <= document.numbered_at
        if is_valid_ksef_number(document.ksef_number):
            proof = check_upo(content, ksef_number=document.ksef_number, sha256=document.sha256)
            assert proof == document
        with pytest.raises(UPOMismatch):
            check_upo(content, ksef_number=document.ksef_number, sha256=bytes(32))
