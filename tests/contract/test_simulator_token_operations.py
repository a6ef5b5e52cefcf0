"""KSeF tokens through their whole life in the simulator, and who may do what with whose (section 2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from tests.contract.enrolling import grant, issue_pair
from tests.contract.ministry import SELLER, Visitor, make_credential, person_subject, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

PESEL = "80010112345"
UNIT = f"{SELLER}-00020"
TOKENS = "/v2/tokens"


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def generate(visitor: Visitor, *permissions: str, description: str = "Token do prób") -> tuple[str, str]:
    """The reference and the secret of a new token."""
    body = {"permissions": permissions or ["InvoiceRead"], "description": description}
    response = visitor.ask("POST", TOKENS, json=body)
    assert response.status_code == 202, response.text
    return response.json()["referenceNumber"], response.json()["token"]


def listed(visitor: Visitor, query: str = "") -> list[str]:
    return [token["referenceNumber"] for token in visitor.get(f"{TOKENS}{query}")["tokens"]]


def log_in_as_person(visitor: Visitor, *permissions: str, pesel: str = PESEL) -> None:
    grant(visitor, *permissions, kind="Pesel", value=pesel)
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"PNOPL-{pesel}"))))


def test_token_lives_through_its_statuses(visitor: Visitor) -> None:
    """2.7: Pending, Active, Revoking, Revoked; only Active logs in, and the list finds it by each."""
    visitor.log_in()
    visitor.ask("POST", "/_control/options", json={"authentication": 5})
    reference, token = generate(visitor)
    path = f"{TOKENS}/{reference}"
    seen = [visitor.get(path)["status"]]
    visitor.clock.advance(seconds=5)
    seen.append(visitor.get(path)["status"])
    assert visitor.ask("DELETE", path).status_code == 204
    seen.append(visitor.get(path)["status"])
    begun = visitor.begin_token_login(token)
    assert listed(visitor, "?status=Revoking") == [reference]
    visitor.clock.advance(seconds=5)
    seen.append(visitor.get(path)["status"])
    assert seen == ["Pending", "Active", "Revoking", "Revoked"]
    assert visitor.login_status(begun)["details"] == ["Token unieważniony"]
    assert listed(visitor, "?status=Active&status=Pending") == []
    # Once more changes nothing.
    assert visitor.ask("DELETE", path).status_code == 204
    assert visitor.get(path)["status"] == "Revoked"


def test_token_that_fails_to_become_active(visitor: Visitor) -> None:
    """2.7: Failed, said why, good for nothing; the next one is sound."""
    visitor.log_in()
    visitor.ask("POST", "/_control/endings", json={"area": "token", "codes": [500]})
    reference, token = generate(visitor)
    shown = visitor.get(f"{TOKENS}/{reference}")
    assert (shown["status"], len(shown["statusDetails"])) == ("Failed", 1)
    assert visitor.login_status(visitor.begin_token_login(token))["details"] == ["Token nieaktywny"]
    assert listed(visitor, "?status=Failed") == [reference]
    _, sound = generate(visitor)
    assert visitor.login_status(visitor.begin_token_login(sound))["code"] == 200


def test_nobody_gives_what_they_have_not(visitor: Visitor) -> None:
    """26001 names what is missing; the same permission twice is one."""
    log_in_as_person(visitor, "InvoiceRead", "CredentialsRead")
    body = {"permissions": ["InvoiceRead", "InvoiceWrite", "Introspection"], "description": "Token do prób"}
    refused = visitor.ask("POST", TOKENS, json=body).json()["exception"]["exceptionDetailList"][0]
    assert refused["exceptionCode"] == 26001
    assert refused["details"] == ["Brakujące uprawnienia: InvoiceWrite, Introspection."]
    reference, _ = generate(visitor, "InvoiceRead", "InvoiceRead")
    assert visitor.get(f"{TOKENS}/{reference}")["requestedPermissions"] == ["InvoiceRead"]


@pytest.mark.parametrize("permissions", [[], ["VatUeManage"], ["Owner"], "InvoiceRead", [1], None])
def test_permissions_that_no_token_has(visitor: Visitor, permissions: object) -> None:
    """21405."""
    visitor.log_in()
    body = {"permissions": permissions, "description": "Token do prób"}
    assert visitor.refusal("POST", TOKENS, json=body) == 21405


@pytest.mark.parametrize("description", ["abcd", "a" * 257, 5, None])
def test_descriptions_out_of_their_form(visitor: Visitor, description: object) -> None:
    """21405."""
    visitor.log_in()
    body = {"permissions": ["InvoiceRead"], "description": description}
    assert visitor.refusal("POST", TOKENS, json=body) == 21405


def test_token_of_a_unit(visitor: Visitor) -> None:
    """2.7: in an InternalId context, too, and only there does it log in."""
    unit = ("InternalId", UNIT)
    log_in_to_unit(visitor)
    reference, token = generate(visitor, "CredentialsManage")
    assert visitor.get(f"{TOKENS}/{reference}")["contextIdentifier"] == {"type": "InternalId", "value": UNIT}
    assert token.split("|")[1] == f"internalId-{UNIT}"
    assert len(token) <= 160
    elsewhere = visitor.login_status(visitor.begin_token_login(token))
    assert elsewhere["details"] == [f"Token nie może być użyty w kontekście {SELLER}"]
    there = {"type": unit[0], "value": unit[1]}
    begun = visitor.begin_token_login(token, contextIdentifier=there)
    assert visitor.login_status(begun)["code"] == 200
    visitor.log_in()
    assert listed(visitor) == []


def log_in_to_unit(visitor: Visitor) -> None:
    """The company lets its owner's deputy run a unit (11), who then acts in it."""
    visitor.log_in()
    body = {
        "subjectIdentifier": {"type": "Pesel", "value": PESEL},
        "contextIdentifier": {"type": "InternalId", "value": UNIT},
        "subunitName": "Oddział",
        "description": "Administrator",
        "subjectDetails": {
            "subjectDetailsType": "PersonByIdentifier",
            "personById": {"firstName": "Jan", "lastName": "Próbny"},
        },
    }
    response = visitor.ask("POST", "/v2/permissions/subunits/grants", json=body)
    assert response.status_code == 202, response.text
    visitor.clock.advance(seconds=1)
    visitor.redeem(
        visitor.begin_login(make_credential(person_subject(f"PNOPL-{PESEL}")), context=("InternalId", UNIT))
    )


def test_peppol_provider_gets_no_token(visitor: Visitor) -> None:
    """26002: tokens are of Nip and InternalId contexts."""
    subject = {
        NameOID.COUNTRY_NAME: "PL",
        NameOID.ORGANIZATION_NAME: "Dostawca",
        NameOID.COMMON_NAME: "PPL123456",
    }
    begun = visitor.begin_login(make_credential(subject), context=("PeppolId", "PPL123456"))
    visitor.redeem(begun)
    body = {"permissions": ["InvoiceWrite"], "description": "Token do prób"}
    assert visitor.refusal("POST", TOKENS, json=body) == 26002


def test_authors_see_and_end_their_own(visitor: Visitor) -> None:
    """2.7: without CredentialsRead and CredentialsManage a person sees the tokens it generated, and no others."""
    visitor.log_in()
    of_company, _ = generate(visitor)
    log_in_as_person(visitor, "InvoiceRead")
    own, _ = generate(visitor)
    assert listed(visitor) == [own]
    shown = visitor.get(f"{TOKENS}/{own}")
    assert shown["authorIdentifier"] == {"type": "Pesel", "value": PESEL}
    assert visitor.refusal("GET", f"{TOKENS}/{of_company}") == 21405
    assert visitor.refusal("DELETE", f"{TOKENS}/{of_company}") == 21405
    assert visitor.ask("DELETE", f"{TOKENS}/{own}").status_code == 204
    log_in_as_person(visitor, "InvoiceRead", pesel="85050512345")
    assert listed(visitor) == []


def test_reader_of_credentials_sees_all_and_ends_none_but_own(visitor: Visitor) -> None:
    """2.7: 403 for the others' tokens, which CredentialsManage may end."""
    visitor.log_in()
    of_company, _ = generate(visitor)
    log_in_as_person(visitor, "InvoiceRead", "CredentialsRead")
    own, _ = generate(visitor)
    assert listed(visitor) == [own, of_company]
    refused = visitor.ask("DELETE", f"{TOKENS}/{of_company}")
    assert (refused.status_code, refused.json()["reasonCode"]) == (403, "missing-permissions")
    assert refused.json()["security"]["requiredAnyOfPermissions"] == ["CredentialsManage"]
    assert visitor.ask("DELETE", f"{TOKENS}/{own}").status_code == 204
    log_in_as_person(visitor, "CredentialsManage", pesel="85050512345")
    assert visitor.ask("DELETE", f"{TOKENS}/{of_company}").status_code == 204
    assert listed(visitor, "?status=Active") == []


def test_token_sees_itself_only_though_its_author_has_more(visitor: Visitor) -> None:
    """2.7: a login by token knows the token of the login."""
    log_in_as_person(visitor, "InvoiceRead")
    first, secret = generate(visitor)
    second, _ = generate(visitor)
    visitor.redeem(visitor.begin_token_login(secret))
    assert listed(visitor) == [first]
    assert visitor.refusal("DELETE", f"{TOKENS}/{second}") == 21405
    assert visitor.ask("DELETE", f"{TOKENS}/{first}").status_code == 204


def test_sole_trader_sees_tokens_of_both_identifiers(visitor: Visitor) -> None:
    """2.7: NIP and PESEL of one person are linked."""
    grant(visitor, "InvoiceRead", kind="Nip", value="1234563218")
    visitor.redeem(visitor.begin_login(make_credential(person_subject("TINPL-1234563218"))))
    by_nip, _ = generate(visitor)
    person = {"nip": "1234563218", "pesel": PESEL, "isBailiff": False, "description": "Próba"}
    visitor.ask("POST", "/v2/testdata/person", json=person, token="")
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"PNOPL-{PESEL}"))))
    by_pesel, _ = generate(visitor)
    assert set(listed(visitor)) == {by_nip, by_pesel}


def test_filters_find_each_author_by_kind_and_part(visitor: Visitor) -> None:
    """2.7: three letters at least, in any case; the kinds are Nip, Pesel and Fingerprint."""
    visitor.log_in()
    by_nip, _ = generate(visitor, description="Księgowość ŁÓDŹ")
    stranger = make_credential()
    fingerprint = stranger.certificate.fingerprint(hashes.SHA256()).hex().upper()
    grant(visitor, "InvoiceRead", "CredentialsRead", kind="Fingerprint", value=fingerprint)
    visitor.redeem(visitor.begin_login(stranger, by_fingerprint=True))
    by_print, _ = generate(visitor)
    log_in_as_person(visitor, "InvoiceRead", "CredentialsRead")
    by_pesel, _ = generate(visitor)
    for query, found in (
        ("", [by_pesel, by_print, by_nip]),
        ("authorIdentifierType=Nip", [by_nip]),
        ("authorIdentifierType=Fingerprint", [by_print]),
        (f"authorIdentifier={fingerprint[10:20].lower()}", [by_print]),
        (f"authorIdentifier={PESEL[3:7]}&authorIdentifierType=Nip", []),
        (f"authorIdentifier={PESEL[3:7]}&authorIdentifierType=Pesel", [by_pesel]),
        ("description=łódź", [by_nip]),
        ("status=Active&status=Failed", [by_pesel, by_print, by_nip]),
    ):
        assert listed(visitor, f"?{query}") == found, query
    for query in ("authorIdentifierType=VatUe", "authorIdentifier=12", "description=ab", "status=active"):
        assert visitor.refusal("GET", f"{TOKENS}?{query}") == 21405, query


def test_pages_of_tokens(visitor: Visitor) -> None:
    """0 and 2.7: newest first, ten to a hundred on a page, the rest by the continuation token."""
    visitor.log_in()
    references = []
    for _ in range(12):
        references.append(generate(visitor)[0])
        visitor.clock.advance(seconds=1)
    page: dict[str, Any] = visitor.get(TOKENS)
    assert [token["referenceNumber"] for token in page["tokens"]] == references[:1:-1]
    rest = visitor.get(TOKENS, headers={"x-continuation-token": page["continuationToken"]})
    assert [token["referenceNumber"] for token in rest["tokens"]] == references[1::-1]
    assert len(listed(visitor, "?pageSize=100")) == 12
    assert visitor.refusal("GET", f"{TOKENS}?pageSize=101") == 21405
    assert visitor.refusal("GET", TOKENS, headers={"x-continuation-token": "e30="}) == 21418


def test_tokens_of_a_login_by_a_certificate_of_ksef(visitor: Visitor) -> None:
    """2.7: such a login is a signature like any other."""
    _, credential = issue_pair(visitor, nip=SELLER)
    visitor.redeem(visitor.begin_login(credential))
    reference, _ = generate(visitor, "InvoiceWrite")
    assert visitor.get(f"{TOKENS}/{reference}")["authorIdentifier"] == {"type": "Nip", "value": SELLER}
