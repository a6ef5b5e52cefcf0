"""People who give each other permissions: their certificates, bodies of grants, and waiting for results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from tests.contract.ministry import Credential, make_credential, person_subject, seal_subject

if TYPE_CHECKING:
    import httpx

    from tests.contract.ministry import Visitor

SELLER: Final = "5265877635"
OFFICE: Final = "7762811692"
CLIENT: Final = "3568707925"
BUYER: Final = "1111111111"
PESEL: Final = "15062788702"
OTHER_PESEL: Final = "22271569167"
# 6824515772-12343 is the contract's example; this one has a last digit of its own.
UNIT: Final = f"{SELLER}-12346"
VAT_UE: Final = "DE123456789"
COMPOSED: Final = f"{SELLER}-{VAT_UE}"
PROVIDER: Final = "PPL000123"

BY_ID: Final = {
    "subjectDetailsType": "PersonByIdentifier",
    "personById": {"firstName": "Adam", "lastName": "Abacki"},
}
BY_FINGERPRINT: Final = {
    "subjectDetailsType": "PersonByFingerprintWithoutIdentifier",
    "personByFpNoId": {
        "firstName": "Adam",
        "lastName": "Abacki",
        "birthDate": "1980-01-01",
        "idDocument": {"type": "Paszport", "number": "AB1234567", "country": "DE"},
    },
}
ENTITY: Final = {"fullName": "Biuro rachunkowe"}

PERSONS: Final = "/v2/permissions/persons/grants"
ENTITIES: Final = "/v2/permissions/entities/grants"
AUTHORIZATIONS: Final = "/v2/permissions/authorizations/grants"
INDIRECT: Final = "/v2/permissions/indirect/grants"
SUBUNITS: Final = "/v2/permissions/subunits/grants"
VAT_UE_ADMINISTRATION: Final = "/v2/permissions/eu-entities/administration/grants"
VAT_UE_GRANTS: Final = "/v2/permissions/eu-entities/grants"
QUERIES: Final = "/v2/permissions/query"


def identifier(kind: str, value: str) -> dict[str, str]:
    return {"type": kind, "value": value}


def pesel(value: str = PESEL) -> Credential:
    return make_credential(person_subject(f"PNOPL-{value}"))


def company(nip: str) -> Credential:
    return make_credential(seal_subject(nip))


def provider(peppol_id: str = PROVIDER) -> Credential:
    """Return the seal of a Peppol provider: its identifier is the common name."""
    subject = {
        NameOID.COUNTRY_NAME: "PL",
        NameOID.ORGANIZATION_NAME: "Dostawca",
        NameOID.COMMON_NAME: peppol_id,
    }
    return make_credential(subject)


def fingerprint(credential: Credential) -> str:
    return credential.certificate.fingerprint(hashes.SHA256()).hex().upper()


def to_person(*scopes: str, value: str = PESEL, **changes: object) -> dict[str, Any]:
    """Return the body of a grant to a person known by PESEL."""
    return {
        "subjectIdentifier": identifier("Pesel", value),
        "permissions": list(scopes),
        "description": "Opis uprawnienia",
        "subjectDetails": BY_ID,
        **changes,
    }


def to_entity(
    nip: str = OFFICE, *, delegated: tuple[str, ...] = (), kept: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the body of a grant to an accounting office: what it may hand on, and what it may not."""
    scopes = [{"type": scope, "canDelegate": True} for scope in delegated]
    return {
        "subjectIdentifier": identifier("Nip", nip),
        "permissions": [*scopes, *({"type": scope} for scope in kept)],
        "description": "Obsługa faktur",
        "subjectDetails": ENTITY,
    }


def to_other(scope: str, nip: str = OFFICE, **changes: object) -> dict[str, Any]:
    """Return the body of an authorization."""
    return {
        "subjectIdentifier": identifier("Nip", nip),
        "permission": scope,
        "description": "Uprawnienie podmiotowe",
        "subjectDetails": ENTITY,
        **changes,
    }


def to_administrator(kind: str = "InternalId", unit: str = UNIT, **changes: object) -> dict[str, Any]:
    """Return the body of a grant to the administrator of a unit."""
    return {
        "subjectIdentifier": identifier("Pesel", PESEL),
        "contextIdentifier": identifier(kind, unit),
        "description": "Administrator jednostki",
        "subunitName": "Jednostka 014",
        "subjectDetails": BY_ID,
        **changes,
    }


def to_vat_ue(holder: Credential, **changes: object) -> dict[str, Any]:
    """Return the body of a grant to the administrator of an EU entity."""
    return {
        "subjectIdentifier": identifier("Fingerprint", fingerprint(holder)),
        "contextIdentifier": identifier("NipVatUe", COMPOSED),
        "description": "Administrator podmiotu unijnego",
        "euEntityName": "Firma G.m.b.H., Berlin",
        "subjectDetails": BY_FINGERPRINT,
        "euEntityDetails": {"fullName": "Firma G.m.b.H.", "address": "Berlin"},
        **changes,
    }


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a certificate who logs in to contexts, and what the last login gave."""

    visitor: Visitor
    credential: Credential

    def login_code(self, context: tuple[str, str], *, by_fingerprint: bool = False) -> int:
        begun = self.visitor.begin_login(self.credential, context=context, by_fingerprint=by_fingerprint)
        code: int = self.visitor.login_status(begun)["code"]
        return code

    def log_in(self, context: tuple[str, str], *, by_fingerprint: bool = False) -> dict[str, Any]:
        """Act in the context from now on; return the tokens."""
        begun = self.visitor.begin_login(self.credential, context=context, by_fingerprint=by_fingerprint)
        return self.visitor.redeem(begun)


def finish(visitor: Visitor, accepted: httpx.Response) -> int:
    """Wait for an accepted operation and return its status code; before its time it is 100."""
    assert accepted.status_code == 202, accepted.text
    path = f"/v2/permissions/operations/{accepted.json()['referenceNumber']}"
    assert visitor.get(path)["status"]["code"] == 100
    visitor.clock.advance(seconds=1)
    code: int = visitor.get(path)["status"]["code"]
    return code


def grant(visitor: Visitor, path: str, body: dict[str, Any]) -> int:
    return finish(visitor, visitor.ask("POST", path, json=body))


def give(visitor: Visitor, path: str, body: dict[str, Any]) -> None:
    """Give a permission that must be given."""
    assert grant(visitor, path, body) == 200


def revoke(visitor: Visitor, permission: str, *, kind: str = "common") -> int:
    return finish(visitor, visitor.ask("DELETE", f"/v2/permissions/{kind}/grants/{permission}"))


def query(visitor: Visitor, what: str, body: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Ask one of the queries and return the whole first page."""
    response = visitor.ask("POST", f"{QUERIES}/{what}/grants?pageSize=100", json=body or {})
    assert response.status_code == 200, response.text
    answer = response.json()
    found: list[dict[str, Any]] = answer.get("permissions", answer.get("authorizationGrants"))
    return found


def in_context(visitor: Visitor, **filters: object) -> list[dict[str, Any]]:
    return query(visitor, "persons", {"queryType": "PermissionsInCurrentContext", **filters})


def given_here(visitor: Visitor, **filters: object) -> list[dict[str, Any]]:
    return query(visitor, "persons", {"queryType": "PermissionsGrantedInCurrentContext", **filters})
