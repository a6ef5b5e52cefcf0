"""Signed documents in any form, computed by xmlsec: neither the simulator's code nor the client's has a hand in it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

if TYPE_CHECKING:
    from tests.contract.ministry import Credential

DS = "http://www.w3.org/2000/09/xmldsig#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
MORE_2021 = "http://www.w3.org/2021/04/xmldsig-more#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
INCLUSIVE_11 = "http://www.w3.org/2006/12/xml-c14n11"
SHA1 = f"{DS}sha1"
SHA256 = f"{ENC}sha256"
RSA_SHA256 = f"{MORE}rsa-sha256"
ECDSA_SHA256 = f"{MORE}ecdsa-sha256"


def transform(algorithm: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


def xpath(expression: str) -> str:
    return transform("http://www.w3.org/TR/1999/REC-xpath-19991116", f"<ds:XPath>{expression}</ds:XPath>")


def subtracting(expression: str, kind: str = "subtract") -> str:
    inside = f'<f:XPath xmlns:f="{FILTER2}" Filter="{kind}">{expression}</f:XPath>'
    return transform(FILTER2, inside)


ENVELOPED = transform(f"{DS}enveloped-signature")
BASE64 = transform(f"{DS}base64")
DOCUMENT = '<a:Root xmlns:a="urn:a" xmlns:unused="urn:unused"><a:B x="1">ą</a:B><!-- said aside --> tail\n{}</a:Root>'
INNER = '<a:Root xmlns:a="urn:a"><a:B x="1">ą</a:B></a:Root>'


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def der_of(credential: Credential) -> bytes:
    return credential.certificate.public_bytes(Encoding.DER)


@dataclass(frozen=True)
class Recipe:
    """How a signature is made; the defaults follow the recipe of section 2.2."""

    method: str = ECDSA_SHA256
    digest: str = SHA256
    canonical: str = EXCLUSIVE
    uri: str = ""
    transforms: str = ENVELOPED
    binding: str = "SigningCertificate"
    beside_digest: str = ""
    time: str = "2026-11-20T10:00:00Z"
    target: str = "#Sig"
    properties_uri: str = "#Props"
    properties_type: str = PROPERTIES_TYPE
    references: str = ""
    in_key_info: str = ""
    objects: str = ""
    before_object: str = ""


def enveloping(content: str, transforms: str = transform(EXCLUSIVE), **changes: Any) -> Recipe:
    """The document inside the signature, in an Object that the first reference points at."""
    held = f'<ds:Object Id="Doc">{content}</ds:Object>'
    return Recipe(uri="#Doc", transforms=transforms, **{"objects": "", **changes, "before_object": held})


def in_base64(content: bytes, **changes: Any) -> Recipe:
    return enveloping(base64.encodebytes(content).decode(), BASE64, **changes)


def reference(uri: str, transforms: str, *, kind: str = "", method: str = SHA256) -> str:
    typed = f' Type="{kind}"' if kind else ""
    return (
        f'<ds:Reference{typed} URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{method}"/><ds:DigestValue/></ds:Reference>'
    )


def template(credential: Credential, recipe: Recipe) -> str:
    """A signature whose digests and value are still to be computed."""
    canonical = transform(recipe.canonical)
    certificate = base64.b64encode(der_of(credential)).decode()
    return (
        f'<ds:Signature xmlns:ds="{DS}" Id="Sig"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{recipe.canonical}"/>'
        f'<ds:SignatureMethod Algorithm="{recipe.method}"/>'
        f"{reference(recipe.uri, recipe.transforms, method=recipe.digest)}"
        f"{reference(recipe.properties_uri, canonical, kind=recipe.properties_type, method=recipe.digest)}"
        f"{recipe.references}</ds:SignedInfo><ds:SignatureValue/>"
        f'<ds:KeyInfo Id="Key"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate>'
        f"{recipe.in_key_info}</ds:X509Data></ds:KeyInfo>{recipe.before_object}"
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="{recipe.target}">'
        f'<xades:SignedProperties Id="Props"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{recipe.time}</xades:SigningTime><xades:{recipe.binding}><xades:Cert><xades:CertDigest>"
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue>{digest(der_of(credential))}</ds:DigestValue>'
        f"</xades:CertDigest>{recipe.beside_digest}</xades:Cert></xades:{recipe.binding}>"
        "</xades:SignedSignatureProperties></xades:SignedProperties></xades:QualifyingProperties></ds:Object>"
        f"{recipe.objects}</ds:Signature>"
    )


def compute(document: str, credential: Credential) -> bytes:
    """Fill in the digests and the value of the document's first signature."""
    root = etree.fromstring(document.encode())
    node = next(root.iter(f"{{{DS}}}Signature"))
    xmlsec.tree.add_ids(root, ["Id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(credential.key_pem, xmlsec.constants.KeyDataFormatPem, None)
    context.sign(node)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def sign(credential: Credential, recipe: Recipe | None = None, *, document: str = DOCUMENT) -> bytes:
    """A signed document; `{}` in the text is where an enveloped signature goes."""
    recipe = recipe or Recipe()
    signature = template(credential, recipe)
    return compute(signature if recipe.uri == "#Doc" else document.format(signature), credential)
