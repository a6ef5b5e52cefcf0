"""Logging in to the simulator: what it accepts, and every way in which it refuses (sections 2.1 to 2.5)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.contract.ministry import (
    SELLER,
    START,
    XML,
    Visitor,
    make_credential,
    person_subject,
    seal_subject,
    sign_request,
    visiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography import x509

pytestmark = pytest.mark.contract

OTHER = "1234563218"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


@pytest.mark.parametrize(
    "subject", [seal_subject(SELLER), person_subject(f"TINPL-{SELLER}")], ids=["seal", "person"]
)
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_certificate_of_the_company_gives_owner_rights(
    visitor: Visitor, subject: dict[x509.ObjectIdentifier, str], kind: str
) -> None:
    """2.2: the certificate's NIP is the context's, so a session may be opened at once."""
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    begun = visitor.begin_login(make_credential(subject, key=key))
    assert visitor.login_status(begun)["code"] == 200
    visitor.redeem(begun)
    assert visitor.open_session().reference[8:12] == "-SO-"


@pytest.mark.parametrize(
    "subject", [seal_subject(OTHER), person_subject("PNOPL-80010112345")], ids=["nip", "pesel"]
)
def test_somebody_else_has_no_permissions(
    visitor: Visitor, subject: dict[x509.ObjectIdentifier, str]
) -> None:
    """2.4: status 415, and nothing to redeem (21301)."""
    begun = visitor.begin_login(make_credential(subject))
    assert visitor.login_status(begun)["code"] == 415
    token = begun["authenticationToken"]["token"]
    assert visitor.refusal("POST", "/v2/auth/token/redeem", token=token) == 21301


def test_certificate_out_of_its_validity_is_status_460(visitor: Visitor) -> None:
    """2.4: found in the status, not in the answer to the request."""
    expired = make_credential(valid_from=START - timedelta(days=60))
    status = visitor.login_status(visitor.begin_login(expired))
    assert (status["code"], status["details"]) == (460, ["Nieważny certyfikat"])


def test_asking_for_the_chain_refuses_a_self_signed_certificate(visitor: Visitor) -> None:
    """1: TEST checks the chain only when told to."""
    body = sign_request(visitor.challenge()[0], make_credential())
    path = "/v2/auth/xades-signature?verifyCertificateChain=true"
    begun = visitor.ask("POST", path, content=body, headers=XML).json()
    assert visitor.login_status(begun)["details"] == ["Niezaufany łańcuch certyfikatów"]


def test_changed_document_is_a_bad_signature(visitor: Visitor) -> None:
    """9105: one character of the context differs from what was signed."""
    body = sign_request(visitor.challenge()[0], make_credential()).replace(SELLER.encode(), OTHER.encode())
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=body, headers=XML) == 9105


def test_certificate_put_in_place_of_the_signer_is_a_bad_signature(visitor: Visitor) -> None:
    """9105: SignedProperties bind the certificate that signed (issue 643)."""
    mine, other = make_credential(), make_credential(seal_subject(OTHER))
    body = sign_request(visitor.challenge()[0], mine)
    texts = [credential.certificate_pem.replace("\n", "")[27:-25].encode() for credential in (mine, other)]
    swapped = body.replace(b"\n", b"").replace(texts[0], texts[1])
    assert texts[1] in swapped
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=swapped, headers=XML) == 9105


def test_document_without_or_with_two_signatures(visitor: Visitor) -> None:
    """9102 and 9103."""
    root = etree.fromstring(sign_request(visitor.challenge()[0], make_credential()))
    signature = root[-1]
    root.append(etree.fromstring(etree.tostring(signature)))
    twice = etree.tostring(root)
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=twice, headers=XML) == 9103
    for found in root.findall("{*}Signature"):
        root.remove(found)
    bare = etree.tostring(root)
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=bare, headers=XML) == 9102


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not xml", 21001),
        (b'<?xml version="1.0" encoding="ISO-8859-2"?><a/>', 21217),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 9101),
    ],
)
def test_unreadable_document(visitor: Visitor, body: bytes, code: int) -> None:
    """2.2: what cannot be read never reaches the signature."""
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=body, headers=XML) == code


def test_signed_nonsense_is_against_the_schema(visitor: Visitor) -> None:
    """21401: the shape is checked although the signature is right."""
    body = sign_request("20261120-CR-short", make_credential())
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=body, headers=XML) == 21401


def test_certificate_without_an_identifier(visitor: Visitor) -> None:
    """21406: the subject was to identify, and holds neither NIP nor PESEL."""
    body = sign_request(visitor.challenge()[0], make_credential(person_subject("1234")))
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=body, headers=XML) == 21406


@pytest.mark.parametrize("missing", [NameOID.COUNTRY_NAME, NameOID.SURNAME, NameOID.SERIAL_NUMBER])
def test_certificate_without_an_attribute_it_must_have(
    visitor: Visitor, missing: x509.ObjectIdentifier
) -> None:
    """21115: a personal certificate says name, surname, number, common name and country."""
    subject = {name: value for name, value in person_subject(f"TINPL-{SELLER}").items() if name != missing}
    body = sign_request(visitor.challenge()[0], make_credential(subject))
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=body, headers=XML) == 21115


def test_weak_key_is_a_bad_certificate(visitor: Visitor) -> None:
    """21115: EC below 256 bits."""
    weak = make_credential(key=ec.generate_private_key(ec.SECP224R1()))
    body = sign_request(visitor.challenge()[0], weak)
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=body, headers=XML) == 21115


def test_challenge_serves_once_and_for_ten_minutes(visitor: Visitor) -> None:
    """21111 for an unknown, a used and an old challenge (2.1)."""
    credential = make_credential()
    challenge, _ = visitor.challenge()
    used = sign_request(challenge, credential)
    visitor.ask("POST", "/v2/auth/xades-signature", content=used, headers=XML)
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=used, headers=XML) == 21111

    old = sign_request(visitor.challenge()[0], credential)
    visitor.clock.advance(minutes=10, seconds=1)
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=old, headers=XML) == 21111

    unknown = sign_request("20261120-CR-0000000000-0000000000-00", credential)
    assert visitor.refusal("POST", "/v2/auth/xades-signature", content=unknown, headers=XML) == 21111


def test_login_takes_its_time(visitor: Visitor) -> None:
    """2.4: status 100 first, and redeeming too early is 21301."""
    visitor.ask("POST", "/_control/options", json={"authentication": 2})
    begun = visitor.begin_login(make_credential())
    assert visitor.login_status(begun)["code"] == 100
    token = begun["authenticationToken"]["token"]
    assert visitor.refusal("POST", "/v2/auth/token/redeem", token=token) == 21301
    visitor.clock.advance(seconds=2)
    assert visitor.login_status(begun)["code"] == 200


def test_tokens_are_redeemed_once(visitor: Visitor) -> None:
    """21301 on repetition (2.4)."""
    begun = visitor.begin_login(make_credential())
    visitor.redeem(begun)
    token = begun["authenticationToken"]["token"]
    assert visitor.refusal("POST", "/v2/auth/token/redeem", token=token) == 21301


def test_status_of_another_operation_is_unknown(visitor: Visitor) -> None:
    """21304, and 410 a week later."""
    first, second = visitor.begin_login(make_credential()), visitor.begin_login(make_credential())
    token = second["authenticationToken"]["token"]
    assert visitor.refusal("GET", f"/v2/auth/{first['referenceNumber']}", token=token) == 21304


def test_each_bearer_token_has_its_place_and_its_time(visitor: Visitor) -> None:
    """401 without a token, with one of another kind, with a forged one and with one that has run out."""
    tokens = visitor.log_in()
    refresh, access = tokens["refreshToken"]["token"], tokens["accessToken"]["token"]
    forged = f"{access[:-2]}AA"
    for token in ("", refresh, forged, "abc", "a.b.c"):
        assert visitor.ask("GET", "/v2/auth/sessions", token=token).status_code == 401
    assert visitor.ask("POST", "/v2/auth/token/refresh", token=access).status_code == 401
    assert visitor.ask("GET", "/v2/auth/sessions", token=access).status_code == 200
    visitor.clock.advance(minutes=15)
    assert visitor.ask("GET", "/v2/auth/sessions", token=access).status_code == 401
    fresh = visitor.ask("POST", "/v2/auth/token/refresh", token=refresh).json()["accessToken"]["token"]
    assert visitor.ask("GET", "/v2/auth/sessions", token=fresh).status_code == 200
    visitor.clock.advance(days=7)
    assert visitor.ask("POST", "/v2/auth/token/refresh", token=refresh).status_code == 401


def test_logins_are_listed_and_ended(visitor: Visitor) -> None:
    """2.5: an ended login can no longer be refreshed; its access token lives on."""
    first, second = visitor.log_in(), visitor.log_in()
    items = visitor.get("/v2/auth/sessions")["items"]
    assert [item["isCurrent"] for item in items] == [True, False]
    other = items[1]["referenceNumber"]
    assert visitor.ask("DELETE", f"/v2/auth/sessions/{other}").status_code == 204
    refresh = first["refreshToken"]["token"]
    assert visitor.refusal("POST", "/v2/auth/token/refresh", token=refresh) == 21301
    assert visitor.ask("DELETE", "/v2/auth/sessions/current").status_code == 204
    assert visitor.get("/v2/auth/sessions")["items"] == []
    refresh = second["refreshToken"]["token"]
    assert visitor.refusal("POST", "/v2/auth/token/refresh", token=refresh) == 21301


def test_old_operation_is_gone(visitor: Visitor) -> None:
    """410 once the status is no longer kept (7 days)."""
    visitor.ask("POST", "/_control/options", json={"status_retention": 60})
    begun = visitor.begin_login(make_credential())
    visitor.clock.advance(seconds=61)
    path = f"/v2/auth/{begun['referenceNumber']}"
    assert visitor.ask("GET", path, token=begun["authenticationToken"]["token"]).status_code == 410


def test_login_of_a_stranger_cannot_be_ended(visitor: Visitor) -> None:
    """2.5: the other company's login is not found."""
    visitor.log_in()
    mine = visitor.get("/v2/auth/sessions")["items"][0]["referenceNumber"]
    visitor.log_in(OTHER)
    assert visitor.refusal("DELETE", f"/v2/auth/sessions/{mine}") == 21405


def test_pages_of_logins(visitor: Visitor) -> None:
    """0: continuation token, page size and a token that is not ours (21418)."""
    for _ in range(11):
        visitor.log_in()
    page = visitor.get("/v2/auth/sessions")
    assert len(page["items"]) == 10
    rest = visitor.get("/v2/auth/sessions", headers={"x-continuation-token": page["continuationToken"]})
    assert (len(rest["items"]), "continuationToken" in rest) == (1, False)
    assert visitor.refusal("GET", "/v2/auth/sessions", headers={"x-continuation-token": "zzz"}) == 21418
    assert visitor.refusal("GET", "/v2/auth/sessions?pageSize=9") == 21405
