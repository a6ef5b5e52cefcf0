"""The simulator's own verifier against signatures made by hand, right and wrong in one place each (section 2.2)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from ksef.simulator.access import xades
from ksef.simulator.errors import Refusal
from tests.contract.ministry import Credential, PrivateKey, make_credential, person_subject

pytestmark = pytest.mark.unit

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = f'<ds:Transform Algorithm="{DS}enveloped-signature"/>'
XPATH = (
    '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
    "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath></ds:Transform>"
)
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1 = f"{DS}sha1"
DOCUMENT = '<a:Root xmlns:a="urn:a" xmlns:unused="urn:unused"><a:B x="1">ą</a:B><!-- said aside --> tail\n{}</a:Root>'


@dataclass(frozen=True)
class Recipe:
    """How a signature is made; the defaults follow the recipe of section 2.2."""

    canonical: str = EXCLUSIVE
    enveloped: str = ENVELOPED
    digest: str = SHA256
    certificate_element: str = "SigningCertificate"
    target: str = "#Sig"
    properties_uri: str = "#Props"
    der: bool = False
    hash: str = "sha256"


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _canonical(element: etree._Element, algorithm: str) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=algorithm == EXCLUSIVE, with_comments=False)


def _sign(credential: Credential, recipe: Recipe) -> bytes:
    """Sign by hand: digests into SignedInfo, SignedInfo by the key, everything into the document."""
    bare = etree.fromstring(DOCUMENT.format("").encode())
    der = credential.certificate.public_bytes(Encoding.DER)
    properties = (
        f'<xades:SignedProperties xmlns:xades="{xades_namespace()}" xmlns:ds="{DS}" Id="Props">'
        "<xades:SignedSignatureProperties><xades:SigningTime>2026-11-20T10:00:00Z</xades:SigningTime>"
        f"<xades:{recipe.certificate_element}><xades:Cert><xades:CertDigest>"
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>{_digest(der)}</ds:DigestValue>'
        f"</xades:CertDigest></xades:Cert></xades:{recipe.certificate_element}>"
        "</xades:SignedSignatureProperties></xades:SignedProperties>"
    )
    # Inclusive canonical form takes in the namespaces of the place where the properties will stand.
    signature = _signature(credential, recipe, info="", value="", properties=properties)
    placed = etree.fromstring(DOCUMENT.format(signature).encode()).find(
        f".//{{{xades_namespace()}}}SignedProperties"
    )
    assert placed is not None
    alone = etree.fromstring(etree.tostring(placed, with_tail=False))
    info = _signed_info(
        credential, recipe, _canonical(bare, recipe.canonical), _canonical(alone, recipe.canonical)
    )
    draft = etree.fromstring(
        DOCUMENT.format(_signature(credential, recipe, info=info, value="", properties=""))
    )
    element = draft.find(f".//{{{DS}}}SignedInfo")
    assert element is not None
    text = _canonical(etree.fromstring(etree.tostring(element, with_tail=False)), recipe.canonical)
    value = base64.b64encode(_sign_bytes(credential, recipe, text)).decode()
    return DOCUMENT.format(
        _signature(credential, recipe, info=info, value=value, properties=properties)
    ).encode()


def xades_namespace() -> str:
    return "http://uri.etsi.org/01903/v1.3.2#"


def _signed_info(credential: Credential, recipe: Recipe, document: bytes, properties: bytes) -> str:
    kind = "rsa" if isinstance(credential.key, rsa.RSAPrivateKey) else "ecdsa"
    canonical = f'<ds:Transform Algorithm="{recipe.canonical}"/>'
    method = f'<ds:DigestMethod Algorithm="{recipe.digest}"/>'
    return (
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{recipe.canonical}"/>'
        f'<ds:SignatureMethod Algorithm="{MORE}{kind}-{recipe.hash}"/>'
        f'<ds:Reference URI=""><ds:Transforms>{recipe.enveloped}{canonical}</ds:Transforms>{method}'
        f"<ds:DigestValue>{_digest(document)}</ds:DigestValue></ds:Reference>"
        f'<ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="{recipe.properties_uri}">'
        f"<ds:Transforms>{canonical}</ds:Transforms>{method}"
        f"<ds:DigestValue>{_digest(properties)}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )


def _signature(credential: Credential, recipe: Recipe, *, info: str, value: str, properties: str) -> str:
    certificate = base64.b64encode(credential.certificate.public_bytes(Encoding.DER)).decode()
    return (
        f'<ds:Signature xmlns:ds="{DS}" Id="Sig">{info}<ds:SignatureValue>{value}</ds:SignatureValue>'
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{xades_namespace()}" Target="{recipe.target}">'
        f"{properties}</xades:QualifyingProperties></ds:Object></ds:Signature>"
    )


def _sign_bytes(credential: Credential, recipe: Recipe, text: bytes) -> bytes:
    algorithm = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}[recipe.hash]
    if isinstance(credential.key, rsa.RSAPrivateKey):
        return credential.key.sign(text, padding.PKCS1v15(), algorithm)
    der = credential.key.sign(text, ec.ECDSA(algorithm))
    if recipe.der:
        return der
    size = (credential.key.key_size + 7) // 8
    return b"".join(number.to_bytes(size) for number in decode_dss_signature(der))


@pytest.fixture(scope="module")
def credential() -> Credential:
    return make_credential()


def _make_key(name: str) -> PrivateKey:
    if name == "RSA":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1() if name == "P-256" else ec.SECP521R1())


def _code(document: bytes) -> int:
    with pytest.raises(Refusal) as refused:
        xades.verify(document)
    return refused.value.code


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        Recipe(canonical=INCLUSIVE),
        Recipe(enveloped=XPATH),
        Recipe(certificate_element="SigningCertificateV2"),
        Recipe(hash="sha512"),
    ],
)
@pytest.mark.parametrize("key", ["P-256", "P-521", "RSA"])
def test_right_signatures(recipe: Recipe, key: str) -> None:
    """The recipe and its allowed variations; what comes back is the document without its signature."""
    credential = make_credential(person_subject("TINPL-5265877635"), key=_make_key(key))
    signed = xades.verify(_sign(credential, recipe))
    assert signed.certificate == credential.certificate
    assert signed.root.findtext("{urn:a}B") == "ą"
    assert signed.root.find(f"{{{DS}}}Signature") is None


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(digest=SHA1),
        Recipe(der=True),
        Recipe(target="#Other"),
        Recipe(properties_uri="#Sig"),
        Recipe(properties_uri="#Nowhere"),
        Recipe(properties_uri="elsewhere.xml"),
        Recipe(enveloped=""),
        Recipe(
            enveloped=ENVELOPED + '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'
        ),
        Recipe(canonical="urn:made-up"),
    ],
)
def test_signatures_wrong_in_one_place(credential: Credential, recipe: Recipe) -> None:
    """9105: weak digest, DER value, foreign target, uncovered properties, unresolved reference, other transforms."""
    assert _code(_sign(credential, recipe)) == 9105


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('x="1"', 'x="2"'),
        ("ą", "a"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:01Z"),
        (f"{MORE}ecdsa-sha256", f"{MORE}ecdsa-sha512"),
        (f"{MORE}ecdsa-sha256", f"{MORE}rsa-sha256"),
        ("<ds:SignatureValue>", "<ds:SignatureValue>AA"),
        # A second element of the same Id is how signed content is swapped for other content.
        ('<a:B x="1">', '<a:B x="1" Id="Props">'),
    ],
)
def test_changed_after_signing(credential: Credential, before: str, after: str) -> None:
    """9105."""
    document = _sign(credential, Recipe()).decode()
    assert before in document
    assert _code(document.replace(before, after).encode()) == 9105


def test_comments_are_not_signed(credential: Credential) -> None:
    """XMLDSig leaves comments out, and so they never come back either."""
    document = _sign(credential, Recipe()).replace(b"said aside", b"changed")
    assert b"changed" not in etree.tostring(xades.verify(document).root)


def test_certificate_of_somebody_else(credential: Credential) -> None:
    """9105: SignedProperties name the signer's certificate, KeyInfo another one."""
    other = replace(credential, certificate=make_credential().certificate)
    document = _sign(credential, Recipe())
    texts = [base64.b64encode(item.certificate.public_bytes(Encoding.DER)) for item in (credential, other)]
    assert _code(document.replace(texts[0], texts[1])) == 9105


@pytest.mark.parametrize("text", [b"AAAA", b""])
def test_certificate_that_cannot_be_read(credential: Credential, text: bytes) -> None:
    """21115."""
    whole = base64.b64encode(credential.certificate.public_bytes(Encoding.DER))
    assert _code(_sign(credential, Recipe()).replace(whole, text)) == 21115


def test_signature_must_stand_in_the_root(credential: Credential) -> None:
    """9105: only the enveloped form, directly in the signed element."""
    root = etree.fromstring(_sign(credential, Recipe()))
    wrapped = etree.Element("w")
    wrapped.append(root)
    assert _code(etree.tostring(wrapped)) == 9105
