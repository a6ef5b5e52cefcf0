"""Logins that are in force: what a person sees and ends (section 2.5)."""

from dataclasses import dataclass
from datetime import datetime

from ksef.exchange.identifiers import Identifier
from ksef.exchange.status import OperationStatus


@dataclass(frozen=True, slots=True)
class LoginMethod:
    category: str
    code: str
    name: str  # For showing, in KSeF's words.


@dataclass(frozen=True, slots=True)
class ListedLogin:
    reference: str
    started_at: datetime
    method: LoginMethod
    status: OperationStatus
    is_redeemed: bool | None
    refreshed_at: datetime | None
    refresh_valid_until: datetime | None
    is_current: bool


@dataclass(frozen=True, slots=True)
class AllowedAddresses:
    """From where the tokens of a login may be used; at most ten of each kind (section 2.2)."""

    addresses: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()  # "10.0.0.1-10.0.0.9"
    masks: tuple[str, ...] = ()  # "10.0.0.0/24"


@dataclass(frozen=True, slots=True)
class LoginScope:
    """Where a login acts: Nip, InternalId, NipVatUe or PeppolId; without `addresses` from anywhere."""

    context: Identifier
    addresses: AllowedAddresses | None = None
