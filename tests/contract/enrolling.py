"""A visitor who asks KSeF for certificates, and whoever the tests let do so."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.contract.ministry import SELLER, Credential
from tests.contract.signing_requests import as_base64, make_request

if TYPE_CHECKING:
    from tests.contract.ministry import PrivateKey, Visitor

PATH = "/v2/certificates"


@dataclass(frozen=True, slots=True)
class Asking:
    """The bodies and answers of one visitor's requests for certificates."""

    visitor: Visitor

    def data(self) -> dict[str, str]:
        data: dict[str, str] = self.visitor.get(f"{PATH}/enrollments/data")
        return data

    def body(self, key: PrivateKey, **changes: object) -> dict[str, object]:
        return {
            "certificateName": "Certyfikat próbny",
            "certificateType": "Authentication",
            "csr": as_base64(make_request(self.data(), key)),
            **changes,
        }

    def send(self, body: dict[str, object]) -> str:
        response = self.visitor.ask("POST", f"{PATH}/enrollments", json=body)
        assert response.status_code == 202, response.text
        reference: str = response.json()["referenceNumber"]
        return reference

    def status(self, reference: str) -> dict[str, Any]:
        status: dict[str, Any] = self.visitor.get(f"{PATH}/enrollments/{reference}")
        return status

    def certificate(self, serial: str) -> x509.Certificate:
        (item,) = self.visitor.ask(
            "POST", f"{PATH}/retrieve", json={"certificateSerialNumbers": [serial]}
        ).json()["certificates"]
        return x509.load_der_x509_certificate(base64.b64decode(item["certificate"]))

    def query(self, query: str = "", **filters: object) -> dict[str, Any]:
        response = self.visitor.ask("POST", f"{PATH}/query{query}", json=filters)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def revoke(self, serial: str, **body: object) -> None:
        response = self.visitor.ask("POST", f"{PATH}/{serial}/revoke", json=body)
        assert response.status_code == 204, response.text

    def obtain(self, key: PrivateKey | None = None, **changes: object) -> tuple[str, Credential]:
        """The whole way: ask, wait, fetch; the serial number, and the certificate with its key."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        reference = self.send(self.body(key, **changes))
        self.visitor.clock.advance(seconds=1)
        status = self.status(reference)
        assert status["status"]["code"] == 200, status
        serial = status["certificateSerialNumber"]
        return serial, Credential(self.certificate(serial), key)


def grant(visitor: Visitor, *permissions: str, kind: str, value: str, context: str = SELLER) -> None:
    """Let somebody act for the company, as a tax office would (14)."""
    body = {
        "contextIdentifier": {"type": "Nip", "value": context},
        "authorizedIdentifier": {"type": kind, "value": value},
        "permissions": [{"permissionType": name, "description": "Na próbę"} for name in permissions],
    }
    response = visitor.ask("POST", "/v2/testdata/permissions", json=body, token="")
    assert response.status_code == 200, response.text


def issue_pair(visitor: Visitor, **wish: object) -> tuple[str, Credential]:
    """A certificate with its key from the control API, without a login."""
    body = {"name": "Certyfikat próbny", "type": "Authentication", **wish}
    response = visitor.ask("POST", "/_control/certificates", json=body)
    assert response.status_code == 201, response.text
    pair = response.json()
    password = wish.get("password")
    key = load_pem_private_key(pair["key_pem"].encode(), str(password).encode() if password else None)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return pair["serial"], Credential(x509.load_pem_x509_certificate(pair["certificate_pem"].encode()), key)
