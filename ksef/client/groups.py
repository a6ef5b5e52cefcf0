"""Which calls KSeF counts together, told from method and path, so that no call can forget its group (section 12)."""

import re
from functools import lru_cache

from ksef.exchange.limits import RateGroup

# The first that fits; {} stands for one reference.
_PLACES: tuple[tuple[str, RateGroup], ...] = (
    ("GET /auth/sessions", RateGroup.OTHER),
    ("(GET|POST) /auth/{}", RateGroup.ANONYMOUS),
    ("POST /auth/token/{}", RateGroup.ANONYMOUS),
    ("GET /security/public-key-certificates", RateGroup.ANONYMOUS),
    ("GET /peppol/query", RateGroup.ANONYMOUS),
    ("POST /sessions/online", RateGroup.ONLINE_SESSION),
    ("POST /sessions/online/{}/close", RateGroup.ONLINE_SESSION_CLOSE),
    ("POST /sessions/online/{}/invoices", RateGroup.INVOICE_SEND),
    ("POST /sessions/batch", RateGroup.BATCH_SESSION),
    ("POST /sessions/batch/{}/close", RateGroup.BATCH_SESSION_CLOSE),
    ("GET /sessions", RateGroup.SESSION_LIST),
    ("GET /sessions/{}", RateGroup.SESSION_MISC),
    ("GET /sessions/{}/invoices(/failed)?", RateGroup.SESSION_INVOICE_LIST),
    ("GET /sessions/{}/invoices/{}", RateGroup.INVOICE_STATUS),
    ("GET /sessions/{}/invoices/({}|ksef/{})/upo", RateGroup.SESSION_MISC),
    ("GET /sessions/{}/upo/{}", RateGroup.SESSION_MISC),
    ("POST /invoices/query/metadata", RateGroup.INVOICE_METADATA),
    ("POST /invoices/exports", RateGroup.INVOICE_EXPORT),
    ("GET /invoices/exports/{}", RateGroup.INVOICE_EXPORT_STATUS),
    ("GET /invoices/ksef/{}", RateGroup.INVOICE_DOWNLOAD),
    ("POST /collective-identifiers(/{})?", RateGroup.COLLECTIVE_IDENTIFIER),
    ("GET /collective-identifiers/ksef/{}", RateGroup.COLLECTIVE_IDENTIFIER),
)
_PATTERNS = tuple((re.compile(place.replace("{}", "[^/]+")), group) for place, group in _PLACES)


@lru_cache(maxsize=1024)
def group_of(method: str, path: str) -> RateGroup:
    """For a call whose references are quoted, so that none of them holds a slash."""
    name = f"{method} {path}"
    return next((group for pattern, group in _PATTERNS if pattern.fullmatch(name)), RateGroup.OTHER)
