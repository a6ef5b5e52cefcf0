"""Test data: invented subjects, persons, permissions, consents and blocks, and what they lead to (section 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from ksef.simulator.app import Simulator
from ksef.simulator.flavours import DEMO
from ksef.simulator.state import Store
from ksef.simulator.world import World
from tests.contract.ministry import SELLER, Visitor, make_credential, person_subject, seal_subject, visiting

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

GROUP: Final = "3755747347"
MEMBER: Final = "4972530874"
PESEL: Final = "30112206276"
OTHER_PESEL: Final = "38092277125"
PERSON: Final[dict[str, Any]] = {
    "nip": SELLER,
    "pesel": PESEL,
    "isBailiff": False,
    "description": "Osoba próbna",
}
SUBJECT: Final[dict[str, Any]] = {
    "subjectNip": GROUP,
    "subjectType": "VatGroup",
    "description": "Grupa VAT",
    "subunits": [{"subjectNip": MEMBER, "description": "Członek grupy"}],
}


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with visiting() as visitor:
        yield visitor


def _invent(visitor: Visitor, what: str, body: dict[str, Any]) -> None:
    """Post test data without a token; the contract answers 200 with nothing."""
    response = visitor.ask("POST", f"/v2/testdata/{what}", json=body, token="")
    assert (response.status_code, response.content) == (200, b""), response.text


def _refused(visitor: Visitor, what: str, body: dict[str, Any]) -> int:
    return visitor.refusal("POST", f"/v2/testdata/{what}", json=body, token="")


def _code(visitor: Visitor, serial: str, *, nip: str = SELLER) -> int:
    begun = visitor.begin_login(make_credential(person_subject(serial)), nip=nip)
    code: int = visitor.login_status(begun)["code"]
    return code


def _roles(visitor: Visitor, nip: str) -> list[tuple[str, str | None]]:
    visitor.log_in(nip)
    roles = visitor.get("/v2/permissions/query/entities/roles")["roles"]
    return [(role["role"], role.get("parentEntityIdentifier", {}).get("value")) for role in roles]


def test_a_person_owns_the_company_by_the_pesel_too(visitor: Visitor) -> None:
    """14: NIP and PESEL stand for each other, until the person is removed."""
    assert _code(visitor, f"PNOPL-{PESEL}") == 415
    _invent(visitor, "person", PERSON)
    assert _code(visitor, f"PNOPL-{PESEL}") == 200
    visitor.redeem(visitor.begin_login(make_credential(person_subject(f"PNOPL-{PESEL}"))))
    visitor.open_session()
    _invent(visitor, "person/remove", {"nip": SELLER})
    assert _code(visitor, f"PNOPL-{PESEL}") == 415
    assert _code(visitor, f"TINPL-{SELLER}") == 200


def test_the_deceased_can_neither_log_in_nor_go_on(visitor: Visitor) -> None:
    """2.4: status 470; 21308 for a login that began before; a KSeF token of theirs is dead, too."""
    visitor.log_in()
    token = visitor.ask(
        "POST", "/v2/tokens", json={"permissions": ["InvoiceRead"], "description": "Token do prób"}
    ).json()["token"]
    tokens = visitor.log_in()
    waiting = visitor.begin_login(make_credential(seal_subject(SELLER)))
    _invent(visitor, "person", {**PERSON, "isDeceased": True})
    for serial in (f"PNOPL-{PESEL}", f"TINPL-{SELLER}"):
        assert _code(visitor, serial) == 470
    assert visitor.login_status(visitor.begin_token_login(token))["code"] == 470
    refresh = tokens["refreshToken"]["token"]
    assert visitor.refusal("POST", "/v2/auth/token/refresh", token=refresh) == 21308
    redeem = waiting["authenticationToken"]["token"]
    assert visitor.refusal("POST", "/v2/auth/token/redeem", token=redeem) == 21308


def test_persons_are_unique_and_grow_younger(visitor: Visitor) -> None:
    """14: 30001 for a NIP or a PESEL that is taken; made once more, createdDate must be later (21405)."""
    _invent(visitor, "person", {**PERSON, "createdDate": "2026-01-02T00:00:00Z"})
    assert _refused(visitor, "person", PERSON) == 30001
    assert _refused(visitor, "person", {**PERSON, "nip": MEMBER}) == 30001
    _invent(visitor, "person/remove", {"nip": SELLER})
    assert _refused(visitor, "person", {**PERSON, "createdDate": "2026-01-02T00:00:00Z"}) == 21405
    _invent(visitor, "person", {**PERSON, "createdDate": "2026-01-02T00:00:01Z"})
    assert _refused(visitor, "person/remove", {"nip": MEMBER}) == 21405


@pytest.mark.parametrize(
    "change",
    [
        {"nip": "0123456789"},
        {"pesel": "80130112345"},
        {"isBailiff": None},
        {"isBailiff": "tak"},
        {"description": "abcd"},
        {"createdDate": "2026-01-02"},
    ],
)
def test_persons_against_the_contract(visitor: Visitor, change: dict[str, object]) -> None:
    """21405."""
    assert _refused(visitor, "person", {**PERSON, **change}) == 21405


def test_subjects_with_their_units_have_roles(visitor: Visitor) -> None:
    """14: a VAT group and local government, seen by themselves and by their subordinates; gone together."""
    _invent(visitor, "subject", {**SUBJECT, "createdDate": "2026-11-01T12:00:00+01:00"})
    assert _roles(visitor, GROUP) == [("VatGroupUnit", None)]
    assert _roles(visitor, MEMBER) == [("VatGroupSubUnit", GROUP)]
    visitor.log_in(GROUP)
    (shown,) = visitor.get("/v2/permissions/query/entities/roles")["roles"]
    assert (shown["description"], shown["startDate"]) == ("Grupa VAT", "2026-11-01T11:00:00.000+00:00")
    _invent(visitor, "subject/remove", {"subjectNip": GROUP})
    assert _roles(visitor, MEMBER) == []
    _invent(visitor, "subject", {**SUBJECT, "subjectType": "JST"})
    assert _roles(visitor, GROUP) == [("LocalGovernmentUnit", None)]
    assert _roles(visitor, MEMBER) == [("LocalGovernmentSubUnit", GROUP)]


def test_who_enforces(visitor: Visitor) -> None:
    """14: a bailiff and an authority; the owner gets EnforcementOperations beside the owner's rights."""
    enforcement = {"permissions": ["EnforcementOperations"], "description": "Token komornika"}
    visitor.log_in()
    assert visitor.refusal("POST", "/v2/tokens", json=enforcement) == 26001
    _invent(visitor, "person", {**PERSON, "isBailiff": True})
    assert _roles(visitor, SELLER) == [("CourtBailiff", None)]
    assert visitor.ask("POST", "/v2/tokens", json=enforcement).status_code == 202
    _invent(
        visitor,
        "subject",
        {"subjectNip": GROUP, "subjectType": "EnforcementAuthority", "description": "Organ"},
    )
    assert _roles(visitor, GROUP) == [("EnforcementAuthority", None)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"subjectType": "Company"}, 21405),
        ({"subjectType": "EnforcementAuthority"}, 21405),
        ({"subunits": [{"subjectNip": GROUP, "description": "Ten sam"}]}, 21405),
        ({"subunits": [{"subjectNip": "1", "description": "Nie NIP"}]}, 21405),
        ({"subjectNip": MEMBER, "subunits": None}, 30001),
    ],
)
def test_subjects_against_the_contract(visitor: Visitor, change: dict[str, Any], code: int) -> None:
    """21405, and 30001 for a NIP that is a subject already."""
    if code == 30001:
        _invent(visitor, "subject", SUBJECT)
    assert _refused(visitor, "subject", {**SUBJECT, **change}) == code
    assert _refused(visitor, "subject/remove", {"subjectNip": "8225900795"}) == 21405


def test_permissions_as_by_the_form_zaw_fa(visitor: Visitor) -> None:
    """14: at once, and revoked at once; the permissions of a removed person go with the person."""
    parties = {
        "contextIdentifier": {"type": "Nip", "value": SELLER},
        "authorizedIdentifier": {"type": "Pesel", "value": OTHER_PESEL},
    }
    grant = {**parties, "permissions": [{"permissionType": "InvoiceWrite", "description": "Z formularza"}]}
    _invent(visitor, "permissions", grant)
    assert _code(visitor, f"PNOPL-{OTHER_PESEL}") == 200
    _invent(visitor, "permissions/revoke", parties)
    assert _code(visitor, f"PNOPL-{OTHER_PESEL}") == 415
    _invent(visitor, "permissions", grant)
    _invent(visitor, "person", {**PERSON, "nip": MEMBER, "pesel": OTHER_PESEL})
    assert _code(visitor, f"TINPL-{MEMBER}") == 200
    _invent(visitor, "person/remove", {"nip": MEMBER})
    assert _code(visitor, f"PNOPL-{OTHER_PESEL}") == 415


@pytest.mark.parametrize(
    "change",
    [
        {"contextIdentifier": {"type": "InternalId", "value": f"{SELLER}-12346"}},
        {"authorizedIdentifier": {"type": "Fingerprint", "value": "ab" * 32}},
        {"permissions": []},
        {"permissions": [{"permissionType": "SelfInvoicing", "description": "Podmiotowe"}]},
        {"permissions": [{"permissionType": "InvoiceRead", "description": "abcd"}]},
    ],
)
def test_permissions_against_the_contract(visitor: Visitor, change: dict[str, object]) -> None:
    """21405."""
    grant = {
        "contextIdentifier": {"type": "Nip", "value": SELLER},
        "authorizedIdentifier": {"type": "Pesel", "value": OTHER_PESEL},
        "permissions": [{"permissionType": "InvoiceWrite", "description": "Z formularza"}],
    }
    assert _refused(visitor, "permissions", {**grant, **change}) == 21405


def test_a_consent_to_attachments_begins_and_ends(visitor: Visitor) -> None:
    """14: attachments/status without a consent, with one, with one that ends on a day, and after it."""

    def status() -> dict[str, Any]:
        visitor.log_in()
        shown: dict[str, Any] = visitor.get("/v2/permissions/attachments/status")
        return shown

    assert status() == {"isAttachmentAllowed": False}
    assert _refused(visitor, "attachment/revoke", {"nip": SELLER}) == 21405
    _invent(visitor, "attachment", {"nip": SELLER})
    assert status() == {"isAttachmentAllowed": True}
    _invent(visitor, "attachment/revoke", {"nip": SELLER, "expectedEndDate": "2026-11-22"})
    # Midnight in Warsaw.
    assert status() == {"isAttachmentAllowed": True, "revokedDate": "2026-11-21T23:00:00.000+00:00"}
    visitor.clock.advance(days=2)
    assert status() == {"isAttachmentAllowed": False, "revokedDate": "2026-11-21T23:00:00.000+00:00"}
    _invent(visitor, "attachment", {"nip": SELLER})
    _invent(visitor, "attachment/revoke", {"nip": SELLER})
    assert status()["isAttachmentAllowed"] is False
    assert _refused(visitor, "attachment/revoke", {"nip": SELLER, "expectedEndDate": "22.11.2026"}) == 21405


def test_a_blocked_context_lets_nobody_in(visitor: Visitor) -> None:
    """2.4: status 480 by signature and by token until the context is unblocked; other contexts are not touched."""
    token = visitor.control_token()
    context = {"contextIdentifier": {"type": "Nip", "value": SELLER}}
    for _ in range(2):
        _invent(visitor, "context/block", context)
    begun = visitor.begin_login(make_credential())
    status = visitor.login_status(begun)
    assert (status["code"], status["description"]) == (480, "Uwierzytelnienie zablokowane")
    assert status["details"][0].startswith("Podejrzenie incydentu bezpieczeństwa. Skontaktuj się z")
    assert (
        visitor.refusal("POST", "/v2/auth/token/redeem", token=begun["authenticationToken"]["token"]) == 21301
    )
    assert visitor.login_status(visitor.begin_token_login(token))["code"] == 480
    assert visitor.login_status(visitor.begin_token_login("x|y|z"))["code"] == 480
    visitor.log_in(GROUP)
    _invent(visitor, "context/unblock", context)
    assert visitor.login_status(visitor.begin_token_login(token))["code"] == 200
    assert _refused(visitor, "context/block", {}) == 21405
    assert _refused(visitor, "context/block", {"contextIdentifier": {"type": "Nip", "value": "12"}}) == 21405


def test_only_test_knows_test_data() -> None:
    """1: DEMO has none of these addresses."""
    with Simulator(World(Store(None), flavour=DEMO)) as simulator:
        transport = httpx.WSGITransport(app=simulator)
        with httpx.Client(transport=transport, base_url="http://ksef.test") as client:
            for what in ("subject", "person", "permissions", "attachment", "context/block"):
                assert client.post(f"/v2/testdata/{what}", json={}).status_code == 404
