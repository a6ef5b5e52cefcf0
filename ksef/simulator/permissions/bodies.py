"""Reading the bodies of grants: who receives, who that is by name, and what they may do (section 11)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ksef.simulator.errors import Refusal
from ksef.simulator.identifiers import Identifier
from ksef.simulator.messages import Fields

PERSONS: Final = ("Nip", "Pesel", "Fingerprint")
_DESCRIPTION: Final = (5, 256)
_FIRST_NAME: Final = (2, 30)
_LAST_NAME: Final = (2, 81)
_DOCUMENT: Final = (1, 20)
_COUNTRY: Final = re.compile(r"[A-Z]{2}")

_BY_IDENTIFIER: Final = "PersonByIdentifier"
_BY_FINGERPRINT: Final = ("PersonByFingerprintWithIdentifier", "PersonByFingerprintWithoutIdentifier")
_ENTITY: Final = "EntityByFingerprint"
# Which member of subjectDetails describes a subject of this type.
_MEMBERS: Final = {
    _BY_IDENTIFIER: "personById",
    _BY_FINGERPRINT[0]: "personByFpWithId",
    _BY_FINGERPRINT[1]: "personByFpNoId",
    _ENTITY: "entityByFp",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a grant is for; `details` are the subject's, under the name that answers give them."""

    identifier: Identifier
    details: dict[str, object]


def read_description(fields: Fields) -> str:
    return fields.text("description", length=_DESCRIPTION)


def read_scopes(fields: Fields, allowed: Collection[str]) -> dict[str, bool]:
    """Return the permissions asked for: at least one, each once, and none to be handed on."""
    scopes = fields.choices("permissions", allowed)
    if not scopes:
        raise Refusal(21405, "permissions: wymagane jest co najmniej jedno uprawnienie.")
    return dict.fromkeys(scopes, False)


def read_delegable_scopes(fields: Fields, allowed: Collection[str]) -> dict[str, bool]:
    """Return the permissions asked for, each with whether it may be handed on."""
    items = fields.children("permissions")
    scopes = {
        item.choice("type", allowed): item.has("canDelegate") and item.flag("canDelegate") for item in items
    }
    if not scopes or len(scopes) != len(items):
        raise Refusal(
            21405, "permissions: wymagane jest co najmniej jedno uprawnienie, każde co najwyżej raz."
        )
    return scopes


def read_person(fields: Fields, *, checks_nip: bool) -> Recipient:
    """Return a person known by NIP, PESEL or a certificate's fingerprint; the details must be of that kind."""
    identifier = fields.identifier("subjectIdentifier", kinds=PERSONS, checks_nip=checks_nip)
    forms = _BY_FINGERPRINT if identifier[0] == "Fingerprint" else (_BY_IDENTIFIER,)
    return Recipient(identifier, _read_details(fields, forms=forms))


def read_holder_of_certificate(fields: Fields) -> Recipient:
    """Return a person or an entity known by a fingerprint, as those of EU entities are."""
    identifier = fields.identifier("subjectIdentifier", kinds=("Fingerprint",))
    return Recipient(identifier, _read_details(fields, forms=(*_BY_FINGERPRINT, _ENTITY)))


def read_entity(fields: Fields, *, kinds: Collection[str], checks_nip: bool) -> Recipient:
    """Return an entity known by NIP, or a Peppol provider."""
    identifier = fields.identifier("subjectIdentifier", kinds=kinds, checks_nip=checks_nip)
    name = fields.child("subjectDetails").text("fullName", length=(5, 90))
    details = {"subjectDetailsType": "EntityByIdentifier", "fullName": name}
    return Recipient(identifier, {"subjectEntityDetails": details})


def read_company(fields: Fields) -> dict[str, object]:
    """Return the full name and the address of an EU entity or of the holder of a seal."""
    return {
        "fullName": fields.text("fullName", length=(1, 100)),
        "address": fields.text("address", length=(1, 512)),
    }


def _read_details(fields: Fields, *, forms: Collection[str]) -> dict[str, object]:
    details = fields.child("subjectDetails")
    form = details.choice("subjectDetailsType", forms)
    member = details.child(_MEMBERS[form])
    if form == _ENTITY:
        return {"subjectEntityDetails": {"subjectDetailsType": form, **read_company(member)}}
    person = {
        "subjectDetailsType": form,
        "firstName": member.text("firstName", length=_FIRST_NAME),
        "lastName": member.text("lastName", length=_LAST_NAME),
        **_read_identity(member, form=form),
    }
    return {"subjectPersonDetails": person}


def _read_identity(member: Fields, *, form: str) -> dict[str, object]:
    """Return what tells a person apart whose certificate does not: an identifier, or a document."""
    if form == _BY_FINGERPRINT[0]:
        kind, value = member.identifier("identifier", kinds=("Pesel", "Nip"))
        return {"personIdentifier": {"type": kind, "value": value}}
    if form == _BY_FINGERPRINT[1]:
        return {
            "birthDate": member.day("birthDate").isoformat(),
            "idDocument": _read_document(member.child("idDocument")),
        }
    return {}


def _read_document(document: Fields) -> dict[str, object]:
    country = document.text("country", length=(2, 2))
    if _COUNTRY.fullmatch(country) is None:
        raise Refusal(21405, "idDocument.country: wymagane są dwie wielkie litery.")
    return {
        "type": document.text("type", length=_DOCUMENT),
        "number": document.text("number", length=_DOCUMENT),
        "country": country,
    }
