"""Signed requests at the simulator's door: both packagings, shapes of documents, each way of being refused (2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.ministry import SELLER, XML, Visitor, make_credential, visiting
from tests.contract.signed_documents import Recipe, enveloping, in_base64, sign

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

PATH = "/v2/auth/xades-signature"
NAMESPACE = "http://ksef.mf.gov.pl/auth/token/2.1"
REQUEST = (
    '<AuthTokenRequest xmlns="{namespace}"{attributes}><Challenge>{challenge}</Challenge>{between}'
    "<ContextIdentifier>{context}</ContextIdentifier>"
    "<SubjectIdentifierType>certificateSubject</SubjectIdentifierType>{signature}</AuthTokenRequest>"
)


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def request_for(challenge: str, **changes: str) -> str:
    values = {
        "namespace": NAMESPACE,
        "attributes": "",
        "between": "",
        "context": f"<Nip>{SELLER}</Nip>",
        "signature": "",
    }
    return REQUEST.format(challenge=challenge, **{**values, **changes})


def enveloped(visitor: Visitor, **changes: str) -> bytes:
    text = request_for(visitor.challenge()[0], signature="{}", **changes)
    return sign(make_credential(), document=text)


def code(visitor: Visitor, body: bytes) -> int:
    begun = visitor.ask("POST", PATH, content=body, headers=XML)
    assert begun.status_code == 202, begun.text
    status: int = visitor.login_status(begun.json())["code"]
    return status


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_enveloped_signature(visitor: Visitor, version: str) -> None:
    """2.2: in the document."""
    namespace = f"http://ksef.mf.gov.pl/auth/token/{version}"
    assert code(visitor, enveloped(visitor, namespace=namespace)) == 200


def test_enveloping_signature(visitor: Visitor) -> None:
    """2.2: around the document, as XML and in Base64."""
    credential = make_credential()
    for make in (enveloping, lambda text: in_base64(text.encode())):
        recipe: Recipe = make(request_for(visitor.challenge()[0]))
        assert code(visitor, sign(credential, recipe)) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {
            "attributes": ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        },
        {
            "attributes": ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            f' xsi:schemaLocation="{NAMESPACE} authv2-1.xsd"'
        },
        {"between": "<!-- said aside -->\n  "},
    ],
)
def test_shapes_that_serializers_write(visitor: Visitor, changes: dict[str, str]) -> None:
    """2.2: namespaces of schemas, where the schema lies, comments and white space."""
    assert code(visitor, enveloped(visitor, **changes)) == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"namespace": "http://ksef.mf.gov.pl/auth/token/1.0"},
        {"attributes": ' Id="x"'},
        {"between": "text"},
        {"between": "<Challenge>20261120-CR-0000000000-0000000000-00</Challenge>"},
        {"context": f'<x:Nip xmlns:x="urn:x">{SELLER}</x:Nip>'},
        {"context": f"<Nip>{SELLER}</Nip><Nip>1234563218</Nip>"},
        {"context": f'<Nip type="x">{SELLER}</Nip>'},
        {"context": f"<Nip><b>{SELLER}</b></Nip>"},
        {"context": f"<nip>{SELLER}</nip>"},
        {"context": ""},
    ],
)
def test_shapes_against_the_schema(visitor: Visitor, changes: dict[str, str]) -> None:
    """21401, though the signature holds."""
    assert visitor.refusal("POST", PATH, content=enveloped(visitor, **changes), headers=XML) == 21401


def test_request_with_a_second_document_behind_it(visitor: Visitor) -> None:
    """9105 (XSW): what was not signed is never read, and two documents are none."""
    mine, other = (
        request_for(visitor.challenge()[0]),
        request_for(visitor.challenge()[0], context="<Nip>1234563218</Nip>"),
    )
    credential = make_credential()
    beside = enveloping(mine, objects=f'<ds:Object Id="More">{other}</ds:Object>')
    assert code(visitor, sign(credential, beside)) == 200
    assert (
        visitor.refusal("POST", PATH, content=sign(credential, enveloping(mine + other)), headers=XML) == 9105
    )


def test_refusals_cost_no_challenge(visitor: Visitor) -> None:
    """2.1: a challenge is used up by a request that is read, not by one that cannot be."""
    challenge, _ = visitor.challenge()
    credential = make_credential()
    right = sign(credential, document=request_for(challenge, signature="{}"))
    assert visitor.refusal("POST", PATH, content=right.replace(b">2026", b">2027", 1), headers=XML) == 9105
    assert code(visitor, right) == 200
    assert visitor.refusal("POST", PATH, content=right, headers=XML) == 21111


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 21001),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", 9101),
        (b"<a>" * 100_000 + b"</a>" * 100_000, 9101),
        (b"<a/>" + b" " * 1_000_000, 9101),
        ("<a>ż</a>".encode("cp1250"), 21217),
        (b"<a/>", 9102),
    ],
)
def test_hostile_bodies(visitor: Visitor, body: bytes, expected: int) -> None:
    """V41: refused at the door, in both error formats, without a trace of what they ask for."""
    assert visitor.refusal("POST", PATH, content=body, headers=XML) == expected
