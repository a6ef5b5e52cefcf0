"""Where a login may be used from, in which contexts it may be, and how long it lasts (sections 2.2 to 2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from cryptography.x509.oid import NameOID

from tests.contract.ministry import (
    SELLER,
    XML,
    Visitor,
    calling_from,
    make_credential,
    person_subject,
    seal_subject,
    sign_request,
    visiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

UNIT: Final = f"{SELLER}-12346"
PROVIDER: Final = "PPL000123"
PESEL: Final = "80010112345"
SIGNATURE: Final = "/v2/auth/xades-signature"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def _policy(*elements: tuple[str, str]) -> str:
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in elements)
    return f"<AuthorizationPolicy><AllowedIps>{inside}</AllowedIps></AuthorizationPolicy>"


def _statuses(visitor: Visitor, *addresses: str) -> list[int]:
    """Return how one protected operation answers from each of these addresses."""
    found = []
    for address in addresses:
        with calling_from(visitor, address) as elsewhere:
            found.append(elsewhere.ask("GET", "/v2/limits/context").status_code)
    return found


def test_a_signed_policy_binds_every_access_token(visitor: Visitor) -> None:
    """2.2: address, range and mask of the signed request; 403 ip-not-allowed with clientIp, also after a refresh."""
    policy = _policy(
        ("Ip4Address", "10.0.0.1"), ("Ip4Range", "10.1.0.5-10.1.0.9"), ("Ip4Mask", "192.168.1.77/24")
    )
    tokens = visitor.redeem(visitor.begin_login(make_credential(), policy=policy))
    inside = ("10.0.0.1", "10.1.0.5", "10.1.0.9", "192.168.1.0", "192.168.1.255")
    outside = ("10.0.0.2", "10.1.0.4", "10.1.0.10", "192.168.2.1", "::1", "127.0.0.1")
    assert _statuses(visitor, *inside) == [200] * 5
    assert _statuses(visitor, *outside) == [403] * 6
    with calling_from(visitor, "10.0.0.2") as elsewhere:
        refused = elsewhere.ask("GET", "/v2/limits/context").json()
    assert (refused["reasonCode"], refused["security"]) == ("ip-not-allowed", {"clientIp": "10.0.0.2"})
    refresh = tokens["refreshToken"]["token"]
    fresh = visitor.ask("POST", "/v2/auth/token/refresh", token=refresh).json()
    visitor.token = fresh["accessToken"]["token"]
    assert _statuses(visitor, "10.0.0.1", "10.0.0.2") == [200, 403]


def test_a_token_login_brings_its_policy_as_json(visitor: Visitor) -> None:
    """2.3: the same three lists in the body of /auth/ksef-token; lists that are not there ask for nothing."""
    token = visitor.control_token()
    allowed = {
        "ip4Addresses": ["10.0.0.1"],
        "ip4Ranges": ["10.1.0.0-10.1.0.9"],
        "ip4Masks": ["172.16.0.0/16"],
    }
    visitor.redeem(visitor.begin_token_login(token, authorizationPolicy={"allowedIps": allowed}))
    assert _statuses(visitor, "10.0.0.1", "10.1.0.3", "172.16.9.9", "10.2.0.1") == [200, 200, 200, 403]
    for empty in (None, {"allowedIps": None}, {"allowedIps": {"ip4Masks": None}}):
        visitor.redeem(visitor.begin_token_login(token, authorizationPolicy=empty))
        assert _statuses(visitor, "10.2.0.1") == [200]


@pytest.mark.parametrize(
    "policy",
    [
        _policy(("Ip4Address", "10.0.0.256")),
        _policy(("Ip4Range", "10.0.0.9-10.0.0.1")),
        _policy(("Ip4Mask", "10.0.0.0/33")),
        _policy(("Ip4Mask", "10.0.0.0/8"), ("Ip4Address", "10.0.0.1")),
        _policy(*[("Ip4Address", "10.0.0.1")] * 11),
        _policy(("Ip6Address", "1")),
        "<AuthorizationPolicy/>",
        '<AuthorizationPolicy><AllowedIps xmlns="urn:other"/></AuthorizationPolicy>',
    ],
)
def test_a_policy_against_the_schema(visitor: Visitor, policy: str) -> None:
    """21401: values, order and number of what the schema of AuthTokenRequest lists."""
    body = sign_request(visitor.challenge()[0], make_credential(), policy=policy)
    assert visitor.refusal("POST", SIGNATURE, content=body, headers=XML) == 21401


@pytest.mark.parametrize(
    "allowed",
    [
        {"ip4Addresses": ["10.0.0"]},
        {"ip4Ranges": ["10.0.0.2-10.0.0.1"]},
        {"ip4Masks": ["10.0.0.0"]},
        {"ip4Masks": "10.0.0.0/8"},
        {"ip4Addresses": ["10.0.0.1"] * 11},
    ],
)
def test_a_policy_that_is_no_policy(visitor: Visitor, allowed: dict[str, Any]) -> None:
    """21405 in the JSON body."""
    body = {
        "challenge": visitor.challenge()[0],
        "contextIdentifier": {"type": "Nip", "value": SELLER},
        "encryptedToken": "AAAA",
        "authorizationPolicy": {"allowedIps": allowed},
    }
    assert visitor.refusal("POST", "/v2/auth/ksef-token", json=body) == 21405


@pytest.mark.parametrize(
    ("context", "code"),
    [
        (("InternalId", f"{SELLER}-12345"), 21117),
        (("NipVatUe", f"{SELLER}-DE123456789"), 21117),
        (("NipVatUe", f"{SELLER}-DE12345678"), 21401),
        (("PeppolId", PROVIDER), 21117),
        (("PeppolId", "PPL12"), 21401),
        (("Pesel", PESEL), 21401),
    ],
)
def test_contexts_a_company_certificate_does_not_fit(
    visitor: Visitor, context: tuple[str, str], code: int
) -> None:
    """2.2: a form that is wrong is 21401, a wrong check digit or a subject the context does not know 21117."""
    body = sign_request(visitor.challenge()[0], make_credential(), context=context)
    assert visitor.refusal("POST", SIGNATURE, content=body, headers=XML) == code


def test_the_owner_of_a_company_has_no_rights_in_its_units(visitor: Visitor) -> None:
    """2.2: owner rights hold for the very NIP; a unit's context asks for a grant (415)."""
    begun = visitor.begin_login(make_credential(), context=("InternalId", UNIT))
    assert visitor.login_status(begun)["code"] == 415


def test_the_check_digit_of_a_unit_is_looked_at_in_json_too(visitor: Visitor) -> None:
    """2.2, 2.3: the official example is right, the next digit is not."""
    body = {"challenge": visitor.challenge()[0], "encryptedToken": "AAAA"}
    for value, code in (("6824515772-12343", 21470), ("6824515772-12344", 21405)):
        wish = {**body, "contextIdentifier": {"type": "InternalId", "value": value}, "publicKeyId": "A" * 44}
        assert visitor.refusal("POST", "/v2/auth/ksef-token", json=wish) == code


def test_a_fingerprint_without_a_grant_has_no_permissions(visitor: Visitor) -> None:
    """2.2: the NIP in the certificate does not count when the request asks for the fingerprint (415)."""
    begun = visitor.begin_login(make_credential(), by_fingerprint=True)
    assert visitor.login_status(begun)["code"] == 415


def test_a_peppol_provider_enters_itself_by_logging_in(visitor: Visitor) -> None:
    """2.2: O and CN of a provider's seal give the context PeppolId, PefInvoiceWrite, and a line of the registry."""
    subject = {
        NameOID.COUNTRY_NAME: "PL",
        NameOID.ORGANIZATION_NAME: "Dostawca próbny",
        NameOID.ORGANIZATION_IDENTIFIER: PROVIDER,
        NameOID.COMMON_NAME: PROVIDER,
    }
    credential = make_credential(subject)
    begun = visitor.begin_login(credential, context=("PeppolId", PROVIDER))
    assert visitor.login_status(begun)["code"] == 200
    visitor.redeem(begun)
    current = visitor.get("/v2/auth/sessions")["items"][0]
    assert current["authenticationMethod"] == "PeppolSignature"
    (provider,) = visitor.get("/v2/peppol/query", token="")["peppolProviders"]
    assert (provider["id"], provider["name"]) == (PROVIDER, "Dostawca próbny")
    refused = visitor.ask("GET", "/v2/sessions?sessionType=Online")
    assert refused.json()["security"]["presentPermissions"] == ["PefInvoiceWrite"]
    other = visitor.begin_login(credential, context=("PeppolId", "PPL999999"))
    assert visitor.login_status(other)["code"] == 415
    company = sign_request(visitor.challenge()[0], credential)
    assert visitor.refusal("POST", SIGNATURE, content=company, headers=XML) == 21117


def test_providers_are_listed_newest_first_in_pages(visitor: Visitor) -> None:
    """GET /peppol/query: dateCreated descending, pageOffset counts pages, and what is no page is 21405."""
    for number in range(12):
        wish = {"id": f"PPL{number:06}", "name": f"Dostawca {number}"}
        assert visitor.ask("POST", "/_control/peppol", json=wish).status_code == 201
        visitor.clock.advance(seconds=1)
    first = visitor.get("/v2/peppol/query", token="")
    second = visitor.get("/v2/peppol/query?pageOffset=1&pageSize=10", token="")
    assert (first["peppolProviders"][0]["id"], first["hasMore"]) == ("PPL000011", True)
    assert ([item["id"] for item in second["peppolProviders"]], second["hasMore"]) == (
        ["PPL000001", "PPL000000"],
        False,
    )
    for query in ("pageSize=9", "pageSize=101", "pageOffset=-1", "pageOffset=x"):
        assert visitor.refusal("GET", f"/v2/peppol/query?{query}", token="") == 21405


def test_planned_trouble_ends_a_login(visitor: Visitor) -> None:
    """2.4: 500 and 550, by the control API; the next login is right again."""
    visitor.ask("POST", "/_control/endings", json={"area": "login", "codes": [500, 550]})
    for code in (500, 550, 200):
        assert visitor.login_status(visitor.begin_login(make_credential()))["code"] == code
    refused = visitor.ask("POST", "/_control/endings", json={"area": "login", "codes": [415]})
    assert refused.status_code == 400


def test_an_ended_login_shows_425_and_its_dates(visitor: Visitor) -> None:
    """2.4, 2.5: isTokenRedeemed, lastTokenRefreshDate and refreshTokenValidUntil; 425 once it is ended."""
    begun = visitor.begin_login(make_credential(person_subject(f"TINPL-{SELLER}")))
    path, token = f"/v2/auth/{begun['referenceNumber']}", begun["authenticationToken"]["token"]
    assert visitor.get(path, token=token)["isTokenRedeemed"] is False
    tokens = visitor.redeem(begun)
    assert "lastTokenRefreshDate" not in visitor.get(path, token=token)
    visitor.clock.advance(minutes=1)
    visitor.ask("POST", "/v2/auth/token/refresh", token=tokens["refreshToken"]["token"])
    shown = visitor.get(path, token=token)
    assert shown["isTokenRedeemed"] is True
    assert shown["lastTokenRefreshDate"] == "2026-11-20T10:01:00.000+00:00"
    assert shown["refreshTokenValidUntil"] == tokens["refreshToken"]["validUntil"]
    visitor.ask("DELETE", "/v2/auth/sessions/current", token=tokens["refreshToken"]["token"])
    status = visitor.login_status(begun)
    assert (status["code"], status["description"]) == (425, "Uwierzytelnienie unieważnione")


def test_logins_of_another_subject_are_not_listed(visitor: Visitor) -> None:
    """2.5: a colleague in the same context sees and ends his own logins only."""
    visitor.log_in()
    mine = visitor.get("/v2/auth/sessions")["items"][0]["referenceNumber"]
    grant = {
        "contextIdentifier": {"type": "Nip", "value": SELLER},
        "authorizedIdentifier": {"type": "Pesel", "value": PESEL},
        "permissions": [{"permissionType": "InvoiceRead", "description": "Odczyt"}],
    }
    assert visitor.ask("POST", "/v2/testdata/permissions", json=grant, token="").status_code == 200
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"PNOPL-{PESEL}"))))
    assert [item["isCurrent"] for item in visitor.get("/v2/auth/sessions")["items"]] == [True]
    assert visitor.refusal("DELETE", f"/v2/auth/sessions/{mine}") == 21405


def test_tokens_of_a_forgotten_login(visitor: Visitor) -> None:
    """2.4: 21304 when the operation behind a token is gone, 401 for its access token."""
    tokens = visitor.redeem(visitor.begin_login(make_credential(seal_subject(SELLER))))
    begun = visitor.begin_login(make_credential())
    visitor.ask("POST", "/_control/reset")
    for path, token in (
        ("/v2/auth/token/redeem", begun["authenticationToken"]["token"]),
        ("/v2/auth/token/refresh", tokens["refreshToken"]["token"]),
    ):
        assert visitor.refusal("POST", path, token=token) == 21304
    assert visitor.ask("GET", "/v2/limits/context").status_code == 401
