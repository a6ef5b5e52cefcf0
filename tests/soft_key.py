"""A passkey in software, put together from fido2's building blocks: it answers as told, also when it should not."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256, CoseKey
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

if TYPE_CHECKING:
    import uuid

FLAG = AuthenticatorData.FLAG


@dataclass(slots=True)
class SoftKey:
    """One credential of one person at one place."""

    place: str = "localhost"
    origin: str = "http://localhost"
    count: int = 0
    is_user_verified: bool = True
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(24))
    private_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any]) -> str:
        """The answer to a challenge that asks for a new credential."""
        challenge = websafe_decode(options["publicKey"]["challenge"])
        client_data = CollectedClientData.create(CollectedClientData.TYPE.CREATE, challenge, self.origin)
        cose: CoseKey = ES256.from_cryptography_key(self.private_key.public_key())  # type: ignore[no-untyped-call]
        public = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, cose)
        data = AuthenticatorData.create(
            sha256(self.place.encode()), self._flags() | FLAG.AT, self.count, public
        )
        attestation = AttestationObject.create("none", data, {})
        return self._answer(
            clientDataJSON=websafe_encode(client_data), attestationObject=websafe_encode(attestation)
        )

    def get(self, options: dict[str, Any], *, handle: uuid.UUID | None = None) -> str:
        """The answer to a challenge that asks for a proof."""
        challenge = websafe_decode(options["publicKey"]["challenge"])
        client_data = CollectedClientData.create(CollectedClientData.TYPE.GET, challenge, self.origin)
        data = AuthenticatorData.create(sha256(self.place.encode()), self._flags(), self.count)
        signature = self.private_key.sign(data + client_data.hash, ec.ECDSA(hashes.SHA256()))
        parts = {
            "clientDataJSON": websafe_encode(client_data),
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
        }
        return self._answer(**parts, **({"userHandle": websafe_encode(handle.bytes)} if handle else {}))

    def _flags(self) -> AuthenticatorData.FLAG:
        return FLAG.UP | FLAG.UV if self.is_user_verified else FLAG.UP

    def _answer(self, **response: str) -> str:
        name = websafe_encode(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
