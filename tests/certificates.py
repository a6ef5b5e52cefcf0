"""Certificates as the ministry's application hands them out, from the simulator's own authority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.servers import Simulator

PASSWORD = "Zielony-Parasol-2026!"


@dataclass(frozen=True, slots=True)
class Pair:
    """A PEM certificate and its PKCS#8 key under `password`."""

    certificate: bytes
    key: bytes
    password: str
    serial: str


def issue(
    simulator: Simulator,
    *,
    kind: str = "Authentication",
    environment: str = "",
    password: str = PASSWORD,
    **holder: Any,
) -> Pair:
    """A pair for `nip=` or `pesel=`, valid for `valid_days=` (two years); `environment` is "", demo or production."""
    base = f"{simulator.url}/{environment}".rstrip("/")
    body = {"name": "Certyfikat testowy", "type": kind, "password": password, **holder}
    answer = httpx.post(f"{base}/_control/certificates", json=body, timeout=10)
    answer.raise_for_status()
    issued = answer.json()
    return Pair(
        certificate=issued["certificate_pem"].encode(),
        key=issued["key_pem"].encode(),
        password=password,
        serial=issued["serial"],
    )
