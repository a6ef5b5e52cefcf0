"""What a document of each KSeF environment is worth; a practice one says so wherever it is shown (S13, S14)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.selectors.environments import environment_label


@dataclass(frozen=True, slots=True)
class EnvironmentNotice:
    """Both are empty for production, where documents have legal effect."""

    label: str
    warning: str


def environment_notice(code: str) -> EnvironmentNotice:
    environment = environment_label(code)
    if environment.is_legal:
        return EnvironmentNotice("", "")
    warning = _("Dokument ćwiczebny bez skutków prawnych – %(label)s") % {"label": environment.label}
    return EnvironmentNotice(environment.label, warning)
