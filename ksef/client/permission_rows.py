"""Reads the rows of the lists of permissions, which differ a little from list to list (section 11)."""

from ksef.client.parts import find_identifier, read_identifier
from ksef.client.reading import Fields
from ksef.exchange.identifiers import Identifier, IdentifierKind
from ksef.exchange.permissions import (
    IdentityDocument,
    Permission,
    Role,
    SubjectEntity,
    SubjectPerson,
)


def read_permission(fields: Fields) -> Permission:
    """Of one's own list and of the list of persons."""
    return Permission(
        id=fields.text("id"),
        scope=fields.text("permissionScope"),
        description=_description(fields),
        valid_from=fields.moment("startDate"),
        authorized=find_identifier(fields, "authorizedIdentifier"),
        author=find_identifier(fields, "authorIdentifier"),
        context=find_identifier(fields, "contextIdentifier"),
        target=find_identifier(fields, "targetIdentifier"),
        person=_find_person(fields),
        entity=_find_entity(fields, "subjectEntityDetails"),
        state=fields.find_text("permissionState"),
        can_delegate=fields.find_boolean("canDelegate"),
    )


def read_subunit_permission(fields: Fields) -> Permission:
    return Permission(
        id=fields.text("id"),
        scope=fields.text("permissionScope"),
        description=_description(fields),
        valid_from=fields.moment("startDate"),
        authorized=read_identifier(fields.object("authorizedIdentifier")),
        author=find_identifier(fields, "authorIdentifier"),
        context=read_identifier(fields.object("subunitIdentifier")),
        person=_find_person(fields),
        place_name=fields.find_text("subunitName"),
    )


def read_entity_permission(fields: Fields) -> Permission:
    """One that this company received; `context` is the company that granted it."""
    return Permission(
        id=fields.text("id"),
        scope=fields.text("permissionScope"),
        description=_description(fields),
        valid_from=fields.moment("startDate"),
        context=read_identifier(fields.object("contextIdentifier")),
        can_delegate=fields.find_boolean("canDelegate"),
    )


def read_authorization(fields: Fields) -> Permission:
    return Permission(
        id=fields.text("id"),
        scope=fields.text("authorizationScope"),
        description=_description(fields),
        valid_from=fields.moment("startDate"),
        author=find_identifier(fields, "authorIdentifier"),
        authorized=read_identifier(fields.object("authorizedEntityIdentifier")),
        authorizing=read_identifier(fields.object("authorizingEntityIdentifier")),
        entity=_find_entity(fields, "subjectEntityDetails"),
    )


def read_eu_permission(fields: Fields) -> Permission:
    """`context` is the VAT number of the EU entity as KSeF gives it."""
    return Permission(
        id=fields.text("id"),
        scope=fields.text("permissionScope"),
        description=_description(fields),
        valid_from=fields.moment("startDate"),
        author=find_identifier(fields, "authorIdentifier"),
        authorized=Identifier(IdentifierKind.FINGERPRINT, fields.text("authorizedFingerprintIdentifier")),
        context=Identifier(IdentifierKind.NIP_VAT_UE, fields.text("vatUeIdentifier")),
        person=_find_person(fields),
        entity=_find_entity(fields, "subjectEntityDetails"),
        eu_entity=_find_entity(fields, "euEntityDetails"),
        place_name=fields.find_text("euEntityName"),
    )


def read_role(fields: Fields) -> Role:
    return _read_role(fields, entity=find_identifier(fields, "parentEntityIdentifier"))


def read_subordinate_role(fields: Fields) -> Role:
    return _read_role(fields, entity=read_identifier(fields.object("subordinateEntityIdentifier")))


def _read_role(fields: Fields, *, entity: Identifier | None) -> Role:
    return Role(
        role=fields.text("role"),
        description=_description(fields),
        valid_from=fields.moment("startDate"),
        entity=entity,
    )


def _description(fields: Fields) -> str:
    return fields.find_text("description") or ""


def _find_person(fields: Fields) -> SubjectPerson | None:
    if not fields.has("subjectPersonDetails"):
        return None
    person = fields.object("subjectPersonDetails")
    return SubjectPerson(
        first_name=person.find_text("firstName") or "",
        last_name=person.find_text("lastName") or "",
        identifier=find_identifier(person, "personIdentifier"),
        birth_date=person.find_day("birthDate"),
        document=_find_document(person),
    )


def _find_document(person: Fields) -> IdentityDocument | None:
    if not person.has("idDocument"):
        return None
    document = person.object("idDocument")
    return IdentityDocument(
        kind=document.find_text("type") or "",
        number=document.find_text("number") or "",
        country=document.find_text("country") or "",
    )


def _find_entity(fields: Fields, name: str) -> SubjectEntity | None:
    if not fields.has(name):
        return None
    entity = fields.object(name)
    return SubjectEntity(full_name=entity.find_text("fullName") or "", address=entity.find_text("address"))
