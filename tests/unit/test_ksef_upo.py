"""UPOs: what they say, and whether they prove our invoice (ksef-protocol section 6, F27)."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from cryptography import x509
from lxml import etree
from signxml.algorithms import SignatureMethod
from signxml.xades.xades import XAdESSigner

from ksef.certificates import self_signed_seal
from ksef.number import crc8
from ksef.upo import MAX_BYTES, NAMESPACE, UPOMismatch, check_upo, read_upo

pytestmark = pytest.mark.unit

NUMBER = "5265877635-20250916-0200A0D6723E-C2"
DIGEST = sha256(b"<Faktura/>").digest()
SESSION = "20261122-SO-47FA636000-5960B49115-9D"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _document(*, number: str = NUMBER, digest: bytes = DIGEST, nip: str = "5265877635") -> str:
    return (
        f"<Dokument><NipSprzedawcy>{nip}</NipSprzedawcy><NumerKSeFDokumentu>{number}</NumerKSeFDokumentu>"
        "<NumerFaktury>FV/1/2026</NumerFaktury><DataWystawieniaFaktury>2026-11-22</DataWystawieniaFaktury>"
        "<DataPrzeslaniaDokumentu>2026-11-22T11:05:40.841+01:00</DataPrzeslaniaDokumentu>"
        "<DataNadaniaNumeruKSeF>2026-11-22T11:05:41.045+01:00</DataNadaniaNumeruKSeF>"
        f"<SkrotDokumentu>{b64encode(digest).decode()}</SkrotDokumentu><TrybWysylki>Online</TrybWysylki></Dokument>"
    )


def _upo(*documents: str, namespace: str = NAMESPACE) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Potwierdzenie xmlns="{namespace}"><NazwaPodmiotuPrzyjmujacego>MF</NazwaPodmiotuPrzyjmujacego>'
        f"<NumerReferencyjnySesji>{SESSION}</NumerReferencyjnySesji>"
        f"{''.join(documents or (_document(),))}</Potwierdzenie>"
    ).encode()


def _signed(upo: bytes) -> bytes:
    seal = self_signed_seal(nip="5265877635", name="Ministerstwo", now=LONG_AGO)
    signer = XAdESSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256)
    root = signer.sign(
        etree.fromstring(upo),
        key=seal.key_pem,
        cert=[x509.load_pem_x509_certificate(seal.certificate_pem)],
        always_add_key_value=False,
    )
    return etree.tostring(root)


def test_upo_tells_its_documents() -> None:
    upo = read_upo(_upo())
    document = upo.documents[0]
    assert upo.session_reference == SESSION
    assert (document.ksef_number, document.invoice_number) == (NUMBER, "FV/1/2026")
    assert (document.seller_nip, document.sha256, document.mode) == ("5265877635", DIGEST, "Online")
    assert document.issue_date == date(2026, 11, 22)
    assert document.sent_at == datetime(2026, 11, 22, 10, 5, 40, 841000, tzinfo=UTC)
    assert document.numbered_at.utcoffset() == timedelta(hours=1)
    assert document.numbered_at == datetime(
        2026, 11, 22, 11, 5, 41, 45000, tzinfo=timezone(timedelta(hours=1))
    )


@pytest.mark.parametrize("wrap", [_upo, lambda: _signed(_upo())], ids=["unsigned", "signed"])
def test_upo_with_our_number_and_hash_is_proof(wrap: Callable[[], bytes]) -> None:
    """I3. An ended certificate does no harm: a UPO is kept for ten years."""
    assert check_upo(wrap(), ksef_number=NUMBER, sha256=DIGEST).ksef_number == NUMBER


def test_our_document_is_found_among_others_of_the_session() -> None:
    body = "1111111111-20260612-6310EC800000"
    other = f"{body}-{crc8(body.encode()):02X}"
    upo = _upo(_document(number=other, digest=b"0" * 32, nip="1111111111"), _document())
    assert check_upo(upo, ksef_number=NUMBER, sha256=DIGEST).sha256 == DIGEST


@pytest.mark.parametrize(
    "upo",
    [
        pytest.param(_upo(_document(digest=b"0" * 32)), id="other bytes"),
        pytest.param(_upo(_document(number=NUMBER[:-1] + "3")), id="other number"),
        pytest.param(_upo(_document(nip="1111111111")), id="other seller"),
        pytest.param(_upo(_document(digest=b"short")), id="no SHA-256"),
        pytest.param(_upo().replace(b"<TrybWysylki>Online</TrybWysylki>", b""), id="field missing"),
        pytest.param(_upo().replace(b"<NumerFaktury>FV/1/2026<", b"<NumerFaktury> <"), id="field empty"),
        pytest.param(_upo().replace(b"+01:00", b""), id="time without offset"),
        pytest.param(_upo().replace(b"2026-11-22<", b"22.11.2026<"), id="no date"),
        pytest.param(_upo(namespace=NAMESPACE.replace("v4-3", "v4-9")), id="other version"),
        pytest.param(_upo()[:-20], id="cut"),
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>Service unavailable</html>", id="a page of a proxy"),
        pytest.param(_signed(_upo()).replace(b"FV/1/2026", b"FV/2/2026"), id="changed after signing"),
    ],
)
def test_anything_else_is_no_proof(upo: bytes) -> None:
    """F27."""
    with pytest.raises(UPOMismatch):
        check_upo(upo, ksef_number=NUMBER, sha256=DIGEST)


def test_damaged_number_is_no_proof_even_when_it_is_the_one_we_ask_for() -> None:
    """F52."""
    damaged = NUMBER[:-1] + "3"
    with pytest.raises(UPOMismatch):
        check_upo(_upo(_document(number=damaged)), ksef_number=damaged, sha256=DIGEST)


def test_signature_over_another_upo_does_not_cover_this_one() -> None:
    """Signature wrapping: a true signed UPO inside a forged one."""
    true_upo = etree.fromstring(_signed(_upo(_document(digest=b"1" * 32))))
    forged = etree.fromstring(_upo())
    signature = true_upo.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
    assert signature is not None
    forged.append(signature)
    forged.append(true_upo)
    with pytest.raises(UPOMismatch):
        check_upo(etree.tostring(forged), ksef_number=NUMBER, sha256=DIGEST)


def test_signature_without_its_certificate_is_refused() -> None:
    signed = etree.fromstring(_signed(_upo()))
    for data in signed.findall(".//{http://www.w3.org/2000/09/xmldsig#}X509Data"):
        data.clear()
    with pytest.raises(UPOMismatch):
        check_upo(etree.tostring(signed), ksef_number=NUMBER, sha256=DIGEST)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_type_is_refused_before_it_can_do_anything(encoding: str) -> None:
    """F43."""
    bomb = (
        '<!DOCTYPE Potwierdzenie [<!ENTITY a "FV/1/2026">]>'
        + _upo().decode().partition("?>")[2].replace("FV/1/2026", "&a;")
    ).encode(encoding)
    with pytest.raises(UPOMismatch, match="document type"):
        read_upo(bomb)


def test_size_is_bounded() -> None:
    """F43."""
    with pytest.raises(UPOMismatch, match="too large"):
        read_upo(b"<" * (MAX_BYTES + 1))
