"""The public keys with which KSeF wants tokens and session keys encrypted (section 2.3)."""

import json

from ksef.client.reading import Fields, Unreadable
from ksef.client.transport import Answer, Call, Transport
from ksef.crypto import PublicKey


def list_public_keys(transport: Transport) -> tuple[PublicKey, ...]:
    return transport.run(Call("GET", "/security/public-key-certificates"), _read_keys)


def _read_keys(answer: Answer) -> tuple[PublicKey, ...]:
    try:
        listed = json.loads(answer.body)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list):
        raise Unreadable("the public keys are not a JSON list")
    return tuple(_read_key(Fields.wrap(entry, name="a public key")) for entry in listed)


def _read_key(fields: Fields) -> PublicKey:
    return PublicKey(
        public_key_id=fields.text("publicKeyId"),
        certificate=fields.binary("certificate"),
        valid_from=fields.moment("validFrom"),
        valid_to=fields.moment("validTo"),
        usages=frozenset(fields.texts("usage")),
    )
