"""Requests that grant and revoke permissions; each is carried out later and followed by its reference (section 11)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ksef.client.parts import read_status, without_none, write_identifier
from ksef.client.reading import Fields
from ksef.client.transport import Answer, Call, Transport
from ksef.exchange.grants import (
    AnyPerson,
    AuthorizationGrant,
    EntityGrant,
    EuAdministrationGrant,
    EuEntityGrant,
    ForeignPerson,
    Grant,
    IdentifiedPerson,
    IndirectGrant,
    Person,
    PersonGrant,
    SubunitGrant,
)
from ksef.exchange.identifiers import Identifier, IdentifierKind
from ksef.exchange.permissions import SubjectEntity
from ksef.exchange.status import OperationStatus


def grant(transport: Transport, access_token: str, wanted: Grant) -> str:
    """Carried out twice it makes two permissions, so doubt is `Ambiguous`."""
    place, write = _KINDS[type(wanted)]
    body, path = write(wanted), f"/permissions/{place}/grants"
    call = Call("POST", path, bearer=access_token, json=body, is_repeatable=False)
    return transport.run(call, _read_reference)


def revoke(transport: Transport, access_token: str, permission_id: str) -> str:
    path = f"/permissions/common/grants/{quote(permission_id, safe='')}"
    return transport.run(Call("DELETE", path, bearer=access_token), _read_reference)


def revoke_authorization(transport: Transport, access_token: str, permission_id: str) -> str:
    path = f"/permissions/authorizations/grants/{quote(permission_id, safe='')}"
    return transport.run(Call("DELETE", path, bearer=access_token), _read_reference)


def get_operation(transport: Transport, access_token: str, reference: str) -> OperationStatus:
    path = f"/permissions/operations/{quote(reference, safe='')}"
    return transport.run(
        Call("GET", path, bearer=access_token),
        lambda answer: read_status(Fields.parse(answer.body).object("status")),
    )


def _read_reference(answer: Answer) -> str:
    return Fields.parse(answer.body).text("referenceNumber")


def _write_person_grant(wanted: PersonGrant) -> dict[str, Any]:
    return {
        "subjectIdentifier": write_identifier(wanted.subject),
        "permissions": [scope.value for scope in wanted.scopes],
        "description": wanted.description,
        "subjectDetails": _write_person(wanted.person),
    }


def _write_entity_grant(wanted: EntityGrant) -> dict[str, Any]:
    return {
        "subjectIdentifier": write_identifier(Identifier(IdentifierKind.NIP, wanted.nip)),
        "permissions": [{"type": one.scope.value, "canDelegate": one.can_delegate} for one in wanted.scopes],
        "description": wanted.description,
        "subjectDetails": {"fullName": wanted.full_name},
    }


def _write_authorization_grant(wanted: AuthorizationGrant) -> dict[str, Any]:
    return {
        "subjectIdentifier": write_identifier(wanted.subject),
        "permission": wanted.scope.value,
        "description": wanted.description,
        "subjectDetails": {"fullName": wanted.full_name},
    }


def _write_indirect_grant(wanted: IndirectGrant) -> dict[str, Any]:
    return without_none(
        {
            "subjectIdentifier": write_identifier(wanted.subject),
            "targetIdentifier": write_identifier(wanted.target) if wanted.target else None,
            "permissions": [scope.value for scope in wanted.scopes],
            "description": wanted.description,
            "subjectDetails": _write_person(wanted.person),
        }
    )


def _write_subunit_grant(wanted: SubunitGrant) -> dict[str, Any]:
    return without_none(
        {
            "subjectIdentifier": write_identifier(wanted.subject),
            "contextIdentifier": write_identifier(wanted.context),
            "description": wanted.description,
            "subunitName": wanted.subunit_name,
            "subjectDetails": _write_person(wanted.person),
        }
    )


def _write_eu_administration(wanted: EuAdministrationGrant) -> dict[str, Any]:
    entity = wanted.eu_entity
    return {
        "subjectIdentifier": _write_fingerprint(wanted.fingerprint),
        "contextIdentifier": write_identifier(Identifier(IdentifierKind.NIP_VAT_UE, wanted.nip_vat_ue)),
        "description": wanted.description,
        "euEntityName": f"{entity.full_name}, {entity.address or ''}",
        "subjectDetails": _write_subject(wanted.subject),
        "euEntityDetails": _write_entity(entity),
    }


def _write_eu_grant(wanted: EuEntityGrant) -> dict[str, Any]:
    return {
        "subjectIdentifier": _write_fingerprint(wanted.fingerprint),
        "permissions": [scope.value for scope in wanted.scopes],
        "description": wanted.description,
        "subjectDetails": _write_subject(wanted.subject),
    }


def _write_fingerprint(fingerprint: str) -> dict[str, str]:
    return write_identifier(Identifier(IdentifierKind.FINGERPRINT, fingerprint))


def _write_subject(subject: IdentifiedPerson | ForeignPerson | SubjectEntity) -> dict[str, Any]:
    if isinstance(subject, SubjectEntity):
        return {"subjectDetailsType": "EntityByFingerprint", "entityByFp": _write_entity(subject)}
    return _write_person(subject)


def _write_entity(entity: SubjectEntity) -> dict[str, str]:
    return {"fullName": entity.full_name, "address": entity.address or ""}


def _write_person(person: AnyPerson) -> dict[str, Any]:
    names = {"firstName": person.first_name, "lastName": person.last_name}
    match person:
        case Person():
            return {"subjectDetailsType": "PersonByIdentifier", "personById": names}
        case IdentifiedPerson():
            details: dict[str, Any] = names | {"identifier": write_identifier(person.identifier)}
            return {"subjectDetailsType": "PersonByFingerprintWithIdentifier", "personByFpWithId": details}
        case ForeignPerson():
            return {
                "subjectDetailsType": "PersonByFingerprintWithoutIdentifier",
                "personByFpNoId": names | _write_foreign(person),
            }


def _write_foreign(person: ForeignPerson) -> dict[str, Any]:
    document = person.document
    return {
        "birthDate": person.birth_date.isoformat(),
        "idDocument": {"type": document.kind, "number": document.number, "country": document.country},
    }


# Where each kind of grant goes, and what writes it.
_KINDS: dict[type[Grant], tuple[str, Callable[[Any], dict[str, Any]]]] = {
    PersonGrant: ("persons", _write_person_grant),
    EntityGrant: ("entities", _write_entity_grant),
    AuthorizationGrant: ("authorizations", _write_authorization_grant),
    IndirectGrant: ("indirect", _write_indirect_grant),
    SubunitGrant: ("subunits", _write_subunit_grant),
    EuAdministrationGrant: ("eu-entities/administration", _write_eu_administration),
    EuEntityGrant: ("eu-entities", _write_eu_grant),
}
