"""The password rule beyond Django's own: no word that everybody tries, however it is trimmed (V22)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.identity.domain.passwords import is_guessable

if TYPE_CHECKING:
    from accounts.models import User


class GuessablePasswordValidator:
    """No composition rules: length and rarity are all that is asked."""

    def __init__(self) -> None:
        self.common: set[str] = CommonPasswordValidator().passwords

    def validate(self, password: str, user: User | None = None) -> None:  # noqa: ARG002 -- Django's signature
        if is_guessable(password, common=self.common):
            raise ValidationError(
                _("To hasło łatwo odgadnąć: to znane słowo z dodatkiem albo ciąg klawiszy."), code="guessable"
            )

    def get_help_text(self) -> str:
        return str(_("Znane słowo z rokiem albo ciąg klawiszy nie wystarczy; kilka przypadkowych słów tak."))
