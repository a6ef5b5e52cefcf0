"""What a document of each KSeF environment is worth; a practice one says so wherever it is shown (S13, S14)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_LABELS = {
    "demo": gettext_noop("KSeF demo"),
    "test": gettext_noop("KSeF testowy"),
    "simulator": gettext_noop("symulator KSeF"),
}


@dataclass(frozen=True, slots=True)
class EnvironmentNotice:
    """Both are empty for production, where documents have legal effect."""

    label: str
    warning: str


def environment_notice(code: str) -> EnvironmentNotice:
    if code not in _LABELS:
        return EnvironmentNotice("", "")
    label = _(_LABELS[code])
    warning = _("Dokument ćwiczebny bez skutków prawnych – %(label)s") % {"label": label}
    return EnvironmentNotice(label, warning)
