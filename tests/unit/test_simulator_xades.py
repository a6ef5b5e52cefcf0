"""The simulator's verifier against signatures that xmlsec computes, right and wrong in one place each (section 2.2)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from ksef.simulator.access import xades
from ksef.simulator.errors import Refusal
from tests.contract.ministry import Credential, PrivateKey, make_credential, person_subject
from tests.contract.signed_documents import (
    BASE64,
    DS,
    ECDSA_SHA256,
    ENC,
    ENVELOPED,
    EXCLUSIVE,
    INCLUSIVE,
    INCLUSIVE_11,
    INNER,
    MORE,
    MORE_2007,
    MORE_2021,
    RSA_SHA256,
    SHA1,
    SHA256,
    Recipe,
    der_of,
    enveloping,
    in_base64,
    reference,
    sign,
    subtracting,
    transform,
    xpath,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.unit

OUTSIDE = "not(ancestor-or-self::ds:Signature)"
PKCS1 = [f"{DS}rsa-sha1", *(f"{MORE}rsa-sha{bits}" for bits in (256, 384, 512))]
PSS = [
    f"{MORE_2007}{name}-rsa-MGF1"
    for name in ("sha1", "sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512")
]
ECDSA = [
    *(f"{MORE}ecdsa-sha{bits}" for bits in (1, 256, 384, 512)),
    *(f"{MORE_2021}ecdsa-sha3-{bits}" for bits in (256, 384, 512)),
]
DIGESTS = [
    SHA1,
    SHA256,
    f"{MORE}sha384",
    f"{ENC}sha512",
    *(f"{MORE_2007}sha3-{bits}" for bits in (256, 384, 512)),
]
CANONICAL = [
    form + comments
    for form in (EXCLUSIVE, f"{INCLUSIVE}#", f"{INCLUSIVE_11}#")
    for comments in ("", "WithComments")
]


@pytest.fixture(scope="module")
def credential() -> Credential:
    return make_credential()


@pytest.fixture(scope="module")
def rsa_credential() -> Credential:
    return make_credential(key=rsa.generate_private_key(65537, 2048))


def code_of(document: bytes) -> int:
    with pytest.raises(Refusal) as refused:
        xades.verify(document)
    return refused.value.code


def has_the_content(document: bytes) -> bool:
    """Whether the verified document is the one that was signed, without its signature."""
    root = xades.verify(document).root
    return root.findtext("{urn:a}B") == "ą" and root.find(f"{{{DS}}}Signature") is None


@pytest.mark.parametrize("method", [*PKCS1, *PSS])
def test_rsa_methods(rsa_credential: Credential, method: str) -> None:
    """2.2: PKCS#1 v1.5 and PSS with every hash of the list."""
    assert has_the_content(sign(rsa_credential, Recipe(method=method)))


@pytest.mark.parametrize("method", ECDSA)
@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_ecdsa_methods(method: str, curve: ec.EllipticCurve) -> None:
    """2.2: R and S side by side, each as long as the curve's order."""
    credential = make_credential(person_subject("TINPL-5265877635"), key=ec.generate_private_key(curve))
    signed = xades.verify(sign(credential, Recipe(method=method)))
    assert signed.certificate == credential.certificate


@pytest.mark.parametrize("method", DIGESTS)
def test_digest_methods(credential: Credential, method: str) -> None:
    """2.2: SHA-1, SHA-2 and SHA-3."""
    assert has_the_content(sign(credential, Recipe(digest=method)))


@pytest.mark.parametrize(
    "outside",
    [
        ENVELOPED,
        xpath(OUTSIDE),
        xpath("\n  not( ancestor-or-self::ds:Signature )  "),
        subtracting("/descendant::ds:Signature"),
        subtracting("//ds:Signature"),
        subtracting("here()/ancestor::ds:Signature[1]"),
    ],
)
@pytest.mark.parametrize(
    "canonical", [name.removesuffix("#") if "exc" not in name else name for name in CANONICAL]
)
def test_enveloped_transforms(credential: Credential, outside: str, canonical: str) -> None:
    """2.2: three ways of leaving the signature out, six canonical forms."""
    recipe = Recipe(transforms=outside + transform(canonical), canonical=canonical)
    assert has_the_content(sign(credential, recipe))


def test_other_prefix_in_an_expression(credential: Credential) -> None:
    """2.2: what counts is the namespace."""
    inside = f'<dsig:XPath xmlns:dsig="{DS}">not(ancestor-or-self::dsig:Signature)</dsig:XPath>'
    recipe = Recipe(transforms=transform("http://www.w3.org/TR/1999/REC-xpath-19991116", inside))
    assert has_the_content(sign(credential, recipe))


@pytest.mark.parametrize(
    "recipe",
    [
        enveloping(INNER),
        enveloping(INNER, ""),
        enveloping(f"\n  {INNER}\n", transform(INCLUSIVE)),
        enveloping(f"<!-- aside -->{INNER}"),
        in_base64(INNER.encode()),
        in_base64(b'<?xml version="1.0" encoding="utf-8"?>\n' + INNER.encode()),
        enveloping(base64.b64encode(INNER.encode()).decode(), BASE64 + transform(EXCLUSIVE)),
    ],
)
def test_enveloping(credential: Credential, recipe: Recipe) -> None:
    """2.2: the signature around the document, as it is or in Base64."""
    assert has_the_content(sign(credential, recipe))


@pytest.mark.parametrize(
    "recipe",
    [
        enveloping(INNER + INNER),
        enveloping(f"text {INNER}"),
        enveloping(f"{INNER} text"),
        enveloping("only text"),
        enveloping(""),
        enveloping(INNER, ENVELOPED + transform(EXCLUSIVE)),
        enveloping(INNER, xpath(OUTSIDE)),
    ],
)
def test_enveloping_of_something_else(credential: Credential, recipe: Recipe) -> None:
    """9105: an Object with more or less than one document, and transforms for a signature that is not in it."""
    assert code_of(sign(credential, recipe)) == 9105


def test_base64_of_something_else(credential: Credential) -> None:
    """What is decoded has to pass the same gates: 21001, 9101 and 21217."""
    assert code_of(sign(credential, in_base64(b"no document"))) == 21001
    assert code_of(sign(credential, in_base64(b"<!DOCTYPE a><a/>"))) == 9101
    assert code_of(sign(credential, in_base64("<a>ą</a>".encode("iso-8859-2")))) == 21217


@pytest.mark.parametrize("binding", ["SigningCertificate", "SigningCertificateV2"])
def test_both_ways_of_naming_the_certificate(credential: Credential, binding: str) -> None:
    """Issue 643."""
    assert has_the_content(sign(credential, Recipe(binding=binding)))


def _issuer_serial(number: int) -> str:
    return (
        "<xades:IssuerSerial><ds:X509IssuerName>CN=x</ds:X509IssuerName>"
        f"<ds:X509SerialNumber>{number}</ds:X509SerialNumber></xades:IssuerSerial>"
    )


def _issuer_serial_v2(number: int) -> str:
    content = number.to_bytes(number.bit_length() // 8 + 1)
    der = b"\x30" + bytes([len(content) + 4]) + b"\x30\x00\x02" + bytes([len(content)]) + content
    return f"<xades:IssuerSerialV2>{base64.b64encode(der).decode()}</xades:IssuerSerialV2>"


@pytest.mark.parametrize("text", [_issuer_serial, _issuer_serial_v2])
def test_serial_number_beside_the_digest(credential: Credential, text: Callable[[int], str]) -> None:
    """2.2: the decimal number of the recipe, or the DER of the second version; another one is 9105."""
    number = credential.certificate.serial_number
    assert has_the_content(sign(credential, Recipe(beside_digest=text(number))))
    assert code_of(sign(credential, Recipe(beside_digest=text(number + 1)))) == 9105


def test_chain_and_signed_key_info(credential: Credential) -> None:
    """2.2: certificates of a chain may stand beside the signer's, and KeyInfo may be signed, too."""
    other = base64.b64encode(der_of(make_credential())).decode()
    recipe = Recipe(
        in_key_info=f"<ds:X509Certificate>{other}</ds:X509Certificate>",
        references=reference("#Key", transform(EXCLUSIVE)),
    )
    document = sign(credential, recipe)
    assert xades.verify(document).certificate == credential.certificate


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(target="#Other"),
        Recipe(target=""),
        Recipe(time="yesterday"),
        Recipe(time=""),
        Recipe(properties_type=""),
        Recipe(properties_type="http://uri.etsi.org/01903/v1.1.1#SignedProperties"),
        Recipe(properties_uri="#Key"),
        Recipe(properties_uri="#Props", properties_type="x", references=reference("#Props", "")),
        Recipe(references=reference("", ENVELOPED)),
        Recipe(references=reference("#Key", transform(EXCLUSIVE)) * 5),
        Recipe(references=reference("#Key", transform(EXCLUSIVE) * 6)),
        Recipe(references=reference("#Key", BASE64)),
        Recipe(transforms=xpath("not(ancestor-or-self::ds:Signature) or true()")),
        Recipe(transforms=xpath("ancestor-or-self::*[@x] or ancestor-or-self::text()")),
        Recipe(transforms=subtracting("//ds:Signature") + subtracting("//ds:Signature")),
        Recipe(transforms=subtracting("/", "intersect") + ENVELOPED),
        Recipe(
            transforms=ENVELOPED
            + transform(EXCLUSIVE, f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{"a " * 21}"/>')
        ),
    ],
)
def test_signatures_wrong_in_one_place(credential: Credential, recipe: Recipe) -> None:
    """9105, though xmlsec signs it: what binds, what is covered and how often, and which transforms."""
    assert code_of(sign(credential, recipe)) == 9105


@pytest.mark.parametrize(
    "transforms",
    [
        ENVELOPED + transform(EXCLUSIVE) + ENVELOPED,
        transform(EXCLUSIVE) + xpath(OUTSIDE),
        ENVELOPED + transform("http://www.w3.org/TR/1999/REC-xslt-19991116"),
        ENVELOPED + transform("urn:made-up"),
        ENVELOPED + transform(""),
    ],
)
def test_transforms_that_are_refused_before_anything_is_computed(
    credential: Credential, transforms: str
) -> None:
    """9105: octets have no signature to leave out, and nothing but the list is carried out."""
    document, enveloped = sign(credential).decode(), ENVELOPED.replace("></ds:Transform>", "/>")
    assert enveloped in document
    with pytest.raises(Refusal, match="niedozwolone przekształcenie"):
        xades.verify(document.replace(enveloped, transforms).encode())


def test_named_prefixes_are_kept(credential: Credential) -> None:
    """2.2: exclusive canonical form with a PrefixList."""
    prefixes = f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="unused"/>'
    assert has_the_content(sign(credential, Recipe(transforms=ENVELOPED + transform(EXCLUSIVE, prefixes))))


@pytest.mark.parametrize(
    "method", [f"{MORE}rsa-sha224", f"{MORE}rsa-ripemd160", f"{MORE}rsa-md5", f"{MORE_2007}sha224-rsa-MGF1"]
)
def test_methods_that_are_not_listed(rsa_credential: Credential, method: str) -> None:
    """9105, whatever stands in the value."""
    document = sign(rsa_credential, Recipe(method=RSA_SHA256)).decode()
    assert code_of(document.replace(RSA_SHA256, method).encode()) == 9105


@pytest.mark.parametrize("method", ["http://www.w3.org/2001/04/xmldsig-more#md5", f"{MORE}sha224", "urn:x"])
def test_digests_that_are_not_listed(credential: Credential, method: str) -> None:
    """9105."""
    document = sign(credential, Recipe()).decode()
    assert code_of(document.replace(SHA256, method).encode()) == 9105


def test_method_of_the_other_kind_of_key(credential: Credential, rsa_credential: Credential) -> None:
    """9105: an RSA method over an EC key and the other way round."""
    document = sign(credential, Recipe()).decode()
    assert code_of(document.replace(ECDSA_SHA256, RSA_SHA256).encode()) == 9105
    document = sign(rsa_credential, Recipe(method=RSA_SHA256)).decode()
    assert code_of(document.replace(RSA_SHA256, ECDSA_SHA256).encode()) == 9105
    assert code_of(document.replace(RSA_SHA256, PSS[1]).encode()) == 9105


def test_der_value(credential: Credential) -> None:
    """9105: ECDSA values are R and S side by side (trap 3)."""
    root = etree.fromstring(sign(credential))
    value = root.find(f".//{{{DS}}}SignatureValue")
    assert value is not None
    raw = base64.b64decode(value.text or "")
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    value.text = base64.b64encode(der).decode()
    assert code_of(etree.tostring(root)) == 9105


def test_pss_salt_of_another_length(rsa_credential: Credential) -> None:
    """9105: the salt of these methods is as long as the digest."""
    root = etree.fromstring(sign(rsa_credential, Recipe(method=PSS[1])))
    info, value = root.find(f".//{{{DS}}}SignedInfo"), root.find(f".//{{{DS}}}SignatureValue")
    assert info is not None
    assert value is not None
    text = etree.tostring(
        etree.fromstring(etree.tostring(info, with_tail=False)), method="c14n", exclusive=True
    )
    assert isinstance(rsa_credential.key, rsa.RSAPrivateKey)
    for salt, wanted in ((32, None), (20, 9105)):
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
        value.text = base64.b64encode(rsa_credential.key.sign(text, pss, hashes.SHA256())).decode()
        document = etree.tostring(root)
        assert (code_of(document) if wanted else has_the_content(document)) == (wanted or True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('x="1"', 'x="2"'),
        (">ą<", ">a<"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>AA"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>*"),
        ("<ds:DigestValue>", "<ds:DigestValue>AA"),
        ("<ds:SignatureValue>", "<ds:SignatureValue/><ds:SignatureValue>"),
        ("</ds:SignedInfo>", "</ds:SignedInfo><ds:SignedInfo/>"),
        ('Id="Sig"', 'Id="Sag"'),
    ],
)
def test_changed_after_signing(credential: Credential, before: str, after: str) -> None:
    """9105."""
    document = sign(credential).decode()
    assert before in document
    assert code_of(document.replace(before, after).encode()) == 9105


def test_comments_are_not_signed(credential: Credential) -> None:
    """XMLDSig leaves comments out, and so they never come back either, nor cut a text in two."""
    document = sign(credential).replace(b"said aside", b"changed").replace(b"tail", b"t<!-- -->ail")
    root = xades.verify(document).root
    assert b"changed" not in etree.tostring(root)
    assert (root[0].tail or "").strip() == "tail"


def test_certificate_of_somebody_else_in_key_info(credential: Credential) -> None:
    """9105: SignedProperties name the signer's certificate, KeyInfo another one."""
    other = make_credential()
    texts = [base64.b64encode(der_of(item)) for item in (credential, other)]
    document = etree.tostring(etree.fromstring(sign(credential)))
    assert texts[0] in document
    assert code_of(document.replace(texts[0], texts[1])) == 9105


@pytest.mark.parametrize("text", [b"AAAA", b"", b"***"])
def test_certificate_that_cannot_be_read(credential: Credential, text: bytes) -> None:
    """21115."""
    whole = base64.b64encode(der_of(credential))
    assert code_of(sign(credential).replace(whole, text)) == 21115


def test_no_certificate(credential: Credential) -> None:
    """21115: the key alone says nothing about who it is."""
    root = etree.fromstring(sign(credential))
    for node in root.findall(f".//{{{DS}}}X509Data"):
        etree.strip_elements(root, node.tag)
    assert code_of(etree.tostring(root)) == 21115


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP224R1()),
        rsa.generate_private_key(65537, 1024),  # noqa: S505 - that is the point.
    ],
    ids=["EC", "RSA"],
)
def test_keys_that_are_too_short(key: PrivateKey) -> None:
    """21115."""
    method = RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else ECDSA_SHA256
    assert code_of(sign(make_credential(key=key), Recipe(method=method))) == 21115
