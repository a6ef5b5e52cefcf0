"""The environments of KSeF as a person reads them: what each is for, and where its application is (S3-S14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.domain.environments import has_legal_effect
from ksef.exchange import Environment

_LABELS: Final = {
    Environment.PRODUCTION: gettext_noop("środowisko produkcyjne"),
    Environment.DEMO: gettext_noop("środowisko demo"),
    Environment.TEST: gettext_noop("środowisko testowe"),
    Environment.SIMULATOR: gettext_noop("symulator KSeF"),
}
_DESCRIPTIONS: Final = {
    Environment.PRODUCTION: gettext_noop(
        "Faktury trafiają do obiegu prawnego. Wysłanej faktury nie można anulować, można ją skorygować."
    ),
    Environment.DEMO: gettext_noop(
        "Do przygotowania firmy do obowiązkowego KSeF i bezpiecznych prób. Faktury wysyła się tu tak samo, "
        "ale nie mają one skutków prawnych. Wysłaną fakturę można skorygować, a także anulować."
    ),
    Environment.TEST: gettext_noop("Dla twórców programów. Faktury nie mają skutków prawnych."),
    Environment.SIMULATOR: gettext_noop("Do ćwiczeń na tym komputerze. Faktury nie mają skutków prawnych."),
}


@dataclass(frozen=True, slots=True)
class EnvironmentLabel:
    """S14: visible wherever sending is possible; whatever has no legal effect says so."""

    code: str
    label: str
    is_legal: bool


@dataclass(frozen=True, slots=True)
class EnvironmentChoice:
    """`address` is the ministry's application (S8, S12); `simulator` where the stand-in for it is, if there is one."""

    code: str
    label: str
    description: str
    address: str
    simulator: str
    is_legal: bool


def environment_label(code: str) -> EnvironmentLabel:
    label = _(_LABELS[Environment(code)])
    if settings.KSEF_IS_SIMULATED and code != Environment.SIMULATOR:
        label = _("%(environment)s (symulator)") % {"environment": label}
    # What the simulator takes is never legal, whichever environment it plays.
    return EnvironmentLabel(
        code=code, label=label, is_legal=has_legal_effect(code) and not settings.KSEF_IS_SIMULATED
    )


def environment_choice(code: str) -> EnvironmentChoice:
    _api_url, qr_url = settings.KSEF_ADDRESSES[code]
    return EnvironmentChoice(
        code=code,
        label=environment_label(code).label,
        description=_(_DESCRIPTIONS[Environment(code)]),
        address=settings.KSEF_APPLICATIONS[code],
        simulator=f"{qr_url}/web/" if settings.KSEF_IS_SIMULATED else "",
        is_legal=has_legal_effect(code),
    )


def list_environments() -> tuple[EnvironmentChoice, ...]:
    """What a company of this installation may choose from (S3)."""
    return tuple(environment_choice(code) for code in settings.KSEF_ENVIRONMENTS)
