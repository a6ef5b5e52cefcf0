"""What opening an online and a batch session have in common: form, key, and the session itself (section 4.2)."""

from dataclasses import dataclass
from typing import Final

from ksef.simulator import keys
from ksef.simulator.errors import Refusal
from ksef.simulator.flavours import Form
from ksef.simulator.messages import Fields
from ksef.simulator.numbers import new_reference
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import BATCH, ONLINE
from ksef.simulator.world import as_milliseconds, warsaw_date

_AES_256: Final = 32
_BLOCK: Final = 16
_FEATURE: Final = "subject-identifier-validation"
_UNREADABLE_KEY: Final = 415
_TYPE_TAGS: Final = {ONLINE: "SO", BATCH: "SB"}


@dataclass(frozen=True, slots=True)
class Encryption:
    """`key` is None when it could not be decrypted, which is told in a status (415)."""

    key: bytes | None
    iv: bytes


@dataclass(frozen=True, slots=True)
class Opening:
    """A request to open a session; `key` is None when it could not be decrypted, which the status tells (415)."""

    form: Form
    key: bytes | None
    iv: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    reference: str
    valid_until: int


def read_opening(call: Call, fields: Fields) -> Opening:
    """Return the form and the key; Refusal 21405 for a form that is not taken here, 21470 for an unknown key."""
    code = fields.child("formCode")
    form = (code.text("systemCode"), code.text("schemaVersion"), code.text("value"))
    # PEF invoices come through Peppol providers; this KSeF takes none of them.
    if form not in call.world.flavour.forms:
        raise Refusal(21405, "Wskazany kod formularza nie jest wspierany.")
    encryption = read_encryption(call, fields)
    return Opening(form=form, key=encryption.key, iv=encryption.iv)


def read_encryption(call: Call, fields: Fields) -> Encryption:
    """Return the key somebody has made for one session or export (section 4.1); Refusal 21470 for an unknown key."""
    encryption = fields.child("encryption")
    iv = encryption.base64("initializationVector", length=_BLOCK)
    key_id = encryption.text("publicKeyId", length=(44, 44)) if encryption.has("publicKeyId") else None
    key = keys.decrypt(
        call.world.store, encryption.base64("encryptedSymmetricKey"), key_id=key_id, usage=keys.SYMMETRIC
    )
    return Encryption(key=key if key is not None and len(key) == _AES_256 else None, iv=iv)


def open_online(call: Call, opening: Opening) -> Opened:
    lifetime = as_milliseconds(call.world.options.session_lifetime)
    return _insert(call, opening, kind=ONLINE, ends_at=call.now + lifetime, offline=False)


def open_batch(call: Call, opening: Opening, *, upload_until: int, offline: bool) -> Opened:
    """Open a batch session that ends by itself when its upload time is over."""
    return _insert(call, opening, kind=BATCH, ends_at=upload_until, offline=offline)


def _insert(call: Call, opening: Opening, *, kind: str, ends_at: int, offline: bool) -> Opened:
    mine = call.caller.authentication
    reference = new_reference(_TYPE_TAGS[kind], on=warsaw_date(call.now))
    valid_until = call.now + as_milliseconds(call.world.options.session_lifetime)
    system_code, schema_version, form_value = opening.form
    call.world.store.insert(
        "sessions",
        reference=reference,
        kind=kind,
        authentication=mine.reference,
        context_type=mine.context_type,
        context=mine.context,
        subject_type=mine.subject_type,
        subject=mine.subject,
        system_code=system_code,
        schema_version=schema_version,
        form_value=form_value,
        offline=int(offline),
        created_at=call.now,
        updated_at=call.now,
        valid_until=valid_until,
        ends_at=min(ends_at, valid_until),
        unpacked=int(kind == ONLINE),
        key=opening.key,
        iv=opening.iv,
        checks_nip=int(
            call.world.flavour.checks_nip or _FEATURE in call.request.headers.get("x-ksef-feature", "")
        ),
        code=_UNREADABLE_KEY if opening.key is None else None,
    )
    return Opened(reference=reference, valid_until=valid_until)
