"""KSeF tokens and the ministry's keys in the simulator (sections 2.3 and 2.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.ministry import SELLER, Visitor, make_credential, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

OTHER = "1234563218"
WISH = {"permissions": ["InvoiceWrite", "InvoiceRead"], "description": "Token do prób"}


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def _problem(visitor: Visitor, token: str, **changes: object) -> str:
    """Log in by token and return why it failed (status 450)."""
    status = visitor.login_status(visitor.begin_token_login(token, **changes))  # type: ignore[arg-type]  # Changes of the body, or the NIP.
    assert status["code"] == 450
    detail: str = status["details"][0]
    return detail


def test_token_issued_after_a_signature_logs_in(visitor: Visitor) -> None:
    """2.7: shown once, active, and limited to its permissions."""
    visitor.log_in()
    issued = visitor.ask("POST", "/v2/tokens", json=WISH)
    assert (issued.status_code, len(issued.json()["token"]) <= 160) == (202, True)
    token, reference = issued.json()["token"], issued.json()["referenceNumber"]
    begun = visitor.begin_token_login(token)
    assert visitor.login_status(begun)["code"] == 200
    visitor.redeem(begun)
    visitor.open_session()
    shown = visitor.get(f"/v2/tokens/{reference}")
    assert (shown["status"], shown["requestedPermissions"]) == ("Active", WISH["permissions"])
    assert "lastUseDate" in shown
    assert token not in visitor.ask("GET", "/v2/tokens").text


def test_token_without_invoice_write_may_not_send(visitor: Visitor) -> None:
    """403 missing-permissions; a token login may not issue tokens (403 auth-method-not-allowed)."""
    token = visitor.control_token(permissions=["InvoiceRead"])
    visitor.redeem(visitor.begin_token_login(token))
    opening = visitor.opening(b"k" * 32, b"i" * 16)
    refused = visitor.ask("POST", "/v2/sessions/online", json=opening)
    assert (refused.status_code, refused.json()["reasonCode"]) == (403, "missing-permissions")
    refused = visitor.ask("POST", "/v2/tokens", json=WISH)
    assert (refused.status_code, refused.json()["reasonCode"]) == (403, "auth-method-not-allowed")


def test_what_is_wrong_with_a_token(visitor: Visitor) -> None:
    """450 with each of its reasons: unknown, of another context, wrong time, wrong key, not a token."""
    token = visitor.control_token()
    assert _problem(visitor, "20261120-EC-no|nip-1|00") == "Nieprawidłowy token"
    assert _problem(visitor, token, nip=OTHER) == f"Token nie może być użyty w kontekście {OTHER}"
    stale = visitor.encrypt_for_ministry(f"{token}|1".encode())
    assert _problem(visitor, token, encryptedToken=stale) == "Nieprawidłowy czas tokena"
    nonsense = visitor.encrypt_for_ministry(b"\xff\xff")
    assert _problem(visitor, token, encryptedToken=nonsense) == "Nieprawidłowe kodowanie tokena"
    assert _problem(visitor, token, encryptedToken="AAAA") == "Nieprawidłowe szyfrowanie tokena"


def test_revoked_token_neither_logs_in_nor_refreshes(visitor: Visitor) -> None:
    """450 and 21301 (2.4, 2.7)."""
    token = visitor.control_token()
    tokens = visitor.redeem(visitor.begin_token_login(token))
    reference = visitor.get("/v2/tokens")["tokens"][0]["referenceNumber"]
    assert visitor.ask("DELETE", f"/v2/tokens/{reference}").status_code == 204
    assert visitor.get(f"/v2/tokens/{reference}")["status"] == "Revoked"
    assert _problem(visitor, token) == "Token unieważniony"
    refresh = tokens["refreshToken"]["token"]
    assert visitor.refusal("POST", "/v2/auth/token/refresh", token=refresh) == 21301


def test_wishes_that_cannot_be_granted(visitor: Visitor) -> None:
    """21405 for a short description and for unknown permissions, 21001 for a body that is no JSON."""
    visitor.log_in()
    assert visitor.refusal("POST", "/v2/tokens", json={**WISH, "description": "abc"}) == 21405
    assert visitor.refusal("POST", "/v2/tokens", json={**WISH, "permissions": ["Everything"]}) == 21405
    assert visitor.refusal("POST", "/v2/tokens", content=b"{") == 21001
    assert visitor.refusal("POST", "/v2/tokens", content=b"[]") == 21001


def test_tokens_are_filtered_and_stay_within_their_context(visitor: Visitor) -> None:
    """2.7: by status, description and author; the other company sees none."""
    visitor.log_in()
    visitor.ask("POST", "/v2/tokens", json=WISH)
    visitor.ask("POST", "/v2/tokens", json={**WISH, "description": "Inny opis"})
    reference = visitor.get("/v2/tokens")["tokens"][0]["referenceNumber"]
    for query, count in (
        ("status=Active", 2),
        ("status=Revoked&status=Failed", 0),
        ("description=inny", 1),
        (f"authorIdentifier={SELLER}&authorIdentifierType=Nip", 2),
        ("authorIdentifierType=Pesel", 0),
    ):
        assert len(visitor.get(f"/v2/tokens?{query}")["tokens"]) == count, query
    assert visitor.refusal("GET", "/v2/tokens?status=Lost") == 21405
    assert visitor.refusal("GET", "/v2/tokens?description=ab") == 21405
    visitor.log_in(OTHER)
    assert visitor.get("/v2/tokens")["tokens"] == []
    assert visitor.refusal("GET", f"/v2/tokens/{reference}") == 21405
    assert visitor.refusal("DELETE", f"/v2/tokens/{reference}") == 21405


def test_a_token_sees_and_ends_only_itself(visitor: Visitor) -> None:
    """2.7: without CredentialsRead and CredentialsManage."""
    mine = visitor.control_token(permissions=["InvoiceWrite"])
    visitor.control_token(permissions=["InvoiceWrite"])
    visitor.redeem(visitor.begin_token_login(mine))
    (own,) = visitor.get("/v2/tokens")["tokens"]
    assert mine.startswith(own["referenceNumber"])
    assert visitor.ask("DELETE", f"/v2/tokens/{own['referenceNumber']}").status_code == 204


def test_foreign_tokens_need_the_right_to_manage(visitor: Visitor) -> None:
    """2.7: CredentialsRead shows the others' tokens; ending them takes CredentialsManage (403)."""
    visitor.control_token()
    mine = visitor.control_token(permissions=["CredentialsRead"])
    visitor.redeem(visitor.begin_token_login(mine))
    listed = [token["referenceNumber"] for token in visitor.get("/v2/tokens")["tokens"]]
    other = next(reference for reference in listed if not mine.startswith(reference))
    assert visitor.ask("DELETE", f"/v2/tokens/{other}").status_code == 403
    assert visitor.get(f"/v2/tokens/{other}")["status"] == "Active"


def test_unknown_challenge_and_malformed_context(visitor: Visitor) -> None:
    """21111 and 21405."""
    challenge = "20261120-CR-0000000000-0000000000-00"
    body = {
        "challenge": challenge,
        "contextIdentifier": {"type": "Nip", "value": SELLER},
        "encryptedToken": "AAAA",
    }
    assert visitor.refusal("POST", "/v2/auth/ksef-token", json=body) == 21111
    wrong = {**body, "contextIdentifier": {"type": "Nip", "value": "12"}}
    assert visitor.refusal("POST", "/v2/auth/ksef-token", json=wrong) == 21405


def test_key_rotation(visitor: Visitor) -> None:
    """2.3: planned shows both keys, emergency withdraws the old (21470), a new certificate keeps the key."""
    visitor.log_in()
    _, first = visitor.public_key()
    opening = visitor.opening(b"k" * 32, b"i" * 16)
    planned = visitor.ask("POST", "/_control/keys", json={"mode": "planned"}).json()["publicKeyId"]
    listed = [key["publicKeyId"] for key in visitor.get("/v2/security/public-key-certificates")]
    assert listed == [planned, first]
    assert visitor.ask("POST", "/v2/sessions/online", json=opening).status_code == 201

    renewed = visitor.ask("POST", "/_control/keys", json={"mode": "recertify"}).json()["publicKeyId"]
    assert renewed == planned
    visitor.ask("POST", "/_control/keys", json={"mode": "emergency"})
    assert visitor.refusal("POST", "/v2/sessions/online", json=opening) == 21470
    assert len(visitor.get("/v2/security/public-key-certificates")) == 1
    visitor.open_session()


def test_waiting_token_is_not_active(visitor: Visitor) -> None:
    """2.7: Pending first."""
    visitor.log_in()
    visitor.ask("POST", "/_control/options", json={"authentication": 5})
    issued = visitor.ask("POST", "/v2/tokens", json=WISH).json()
    assert visitor.get(f"/v2/tokens/{issued['referenceNumber']}")["status"] == "Pending"
    begun = visitor.begin_token_login(issued["token"])
    visitor.clock.advance(seconds=5)
    assert visitor.login_status(begun)["details"] == ["Token nieaktywny"]
    assert visitor.login_status(visitor.begin_login(make_credential()))["code"] == 100
