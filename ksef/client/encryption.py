"""How a session or an export tells KSeF its key: sealed for the ministry, with the IV beside it (section 4.1)."""

from collections.abc import Mapping

from ksef.crypto import PublicKey, encrypt_for_ksef, to_base64
from ksef.exchange.archives import SymmetricKey

type Encryption = Mapping[str, str]


def seal(secret: SymmetricKey, *, public_key: PublicKey) -> Encryption:
    return {
        "encryptedSymmetricKey": to_base64(encrypt_for_ksef(secret.key, public_key=public_key)),
        "initializationVector": to_base64(secret.iv),
        "publicKeyId": public_key.public_key_id,
    }
