"""Authentication operations as they are remembered: who logged in, to which context, with what result."""

import json
from dataclasses import dataclass, field
from typing import Final

from ksef.simulator.access.identity import Identity
from ksef.simulator.access.policy import policy_from_text
from ksef.simulator.state import Store

DESCRIPTIONS: Final = {
    100: "Uwierzytelnianie w toku",
    200: "Uwierzytelnianie zakończone sukcesem",
    415: "Uwierzytelnianie zakończone niepowodzeniem",
    425: "Uwierzytelnienie unieważnione",
    450: "Uwierzytelnianie zakończone niepowodzeniem z powodu błędnego tokenu",
    460: "Uwierzytelnianie zakończone niepowodzeniem z powodu błędu certyfikatu",
    470: "Uwierzytelnianie zakończone niepowodzeniem",
    480: "Uwierzytelnienie zablokowane",
    500: "Nieznany błąd",
    550: "Operacja została anulowana przez system",
}
_REVOKED: Final = "Uwierzytelnienie i powiązane refresh tokeny zostały unieważnione przez użytkownika"


@dataclass(frozen=True, slots=True)
class Authentication:
    """One row; `code` is the result that holds from `ready_at` on, `certificate` what signed the request."""

    id: int
    reference: str
    context_type: str
    context: str
    subject_type: str
    subject: str
    category: str
    method: str
    permissions: str
    started_at: int
    ready_at: int
    code: int
    detail: str
    token: str | None
    document_hash: str | None
    policy: str
    redeemed_at: int | None
    refreshed_at: int | None
    refresh_valid_until: int | None
    revoked_at: int | None
    certificate: bytes | None = field(repr=False)

    @property
    def granted(self) -> tuple[str, ...]:
        return tuple(json.loads(self.permissions))

    @property
    def identity(self) -> Identity:
        return Identity(self.subject_type, self.subject, self.method)

    def allows(self, client_ip: str) -> bool:
        """Return whether the policy of this login lets its access tokens be used from the address."""
        return policy_from_text(self.policy).allows(client_ip)

    def code_at(self, now: int) -> int:
        if self.revoked_at is not None:
            return 425
        return self.code if now >= self.ready_at else 100

    def status_at(self, now: int) -> dict[str, object]:
        code = self.code_at(now)
        detail = {100: "", 425: _REVOKED}.get(code, self.detail)
        status: dict[str, object] = {"code": code, "description": DESCRIPTIONS[code]}
        return {**status, "details": [detail]} if detail else status


def find_authentication(store: Store, reference: str) -> Authentication | None:
    row = store.row("SELECT * FROM authentications WHERE reference = ?", reference)
    return None if row is None else Authentication(**row)


def list_active_authentications(store: Store, *, like: Authentication, now: int) -> list[Authentication]:
    """Return the redeemed and not revoked logins of the same subject to the same context, newest first."""
    rows = store.rows(
        "SELECT * FROM authentications WHERE context_type = ? AND context = ? AND subject_type = ? AND subject = ?"
        " AND redeemed_at IS NOT NULL AND revoked_at IS NULL AND refresh_valid_until > ? ORDER BY id DESC",
        like.context_type,
        like.context,
        like.subject_type,
        like.subject,
        now,
    )
    return [Authentication(**row) for row in rows]
