"""Whom a certificate names: read from the certificate of a login, told as JSON, held against a request (section 3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

_ATTRIBUTES: Final = {
    "commonName": NameOID.COMMON_NAME,
    "countryName": NameOID.COUNTRY_NAME,
    "givenName": NameOID.GIVEN_NAME,
    "surname": NameOID.SURNAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "uniqueIdentifier": NameOID.X500_UNIQUE_IDENTIFIER,
    "organizationName": NameOID.ORGANIZATION_NAME,
    "organizationIdentifier": NameOID.ORGANIZATION_IDENTIFIER,
}
_COUNTRY_LETTERS: Final = 2
_COMMON_NAME_LETTERS: Final = 64
# One prefix each, whatever the certificate of the login had (issue 187 of the official repository).
_UNIFIED: Final = (
    (re.compile(r"(?:TINPL|NIP).*?(\d{10})"), "TINPL-"),
    (re.compile(r"(?:PNOPL|PESEL).*?(\d{11})"), "PNOPL-"),
)


@dataclass(frozen=True, slots=True)
class SubjectData:
    """The attributes by their names in the contract, those without a value left out."""

    attributes: Mapping[str, str]

    @property
    def is_complete(self) -> bool:
        """Return whether the contract's two required members are there, as X.509 lets one write them."""
        country, name = self.attributes.get("countryName", ""), self.attributes.get("commonName", "")
        return len(country) == _COUNTRY_LETTERS and 0 < len(name) <= _COMMON_NAME_LETTERS

    @property
    def common_name(self) -> str:
        return self.attributes["commonName"]

    def as_name(self) -> x509.Name:
        return x509.Name(
            [x509.NameAttribute(_ATTRIBUTES[name], value) for name, value in self.attributes.items()]
        )

    def fits(self, name: x509.Name) -> bool:
        """Return whether a request names exactly these attributes, in any order and encoding."""
        given = sorted((item.oid.dotted_string, str(item.value)) for item in name)
        mine = sorted((_ATTRIBUTES[known].dotted_string, value) for known, value in self.attributes.items())
        return given == mine


def subject_of(certificate: x509.Certificate) -> SubjectData:
    found: dict[str, str] = {}
    for name, oid in _ATTRIBUTES.items():
        values = [item.value for item in certificate.subject.get_attributes_for_oid(oid)]
        if values and isinstance(values[0], str) and values[0]:
            found[name] = _unified(values[0]) if name == "serialNumber" else values[0]
    return SubjectData(found)


def company(*, nip: str, name: str) -> SubjectData:
    return SubjectData(
        {
            "commonName": name,
            "countryName": "PL",
            "organizationName": name,
            "organizationIdentifier": f"VATPL-{nip}",
        }
    )


def person(*, pesel: str, given_name: str, surname: str) -> SubjectData:
    return SubjectData(
        {
            "commonName": f"{given_name} {surname}",
            "countryName": "PL",
            "givenName": given_name,
            "surname": surname,
            "serialNumber": f"PNOPL-{pesel}",
        }
    )


def _unified(serial_number: str) -> str:
    for pattern, prefix in _UNIFIED:
        if found := pattern.search(serial_number):
            return prefix + found[1]
    return serial_number
