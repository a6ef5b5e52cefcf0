"""What stops a person's work: a broken rule of ours, worded in Polish with the forms, or a mail that did not go."""

from __future__ import annotations

from roles.domain.errors import RuleBroken

__all__ = ["MailFailed", "RuleBroken"]


class MailFailed(Exception):
    """The mail server is away or refuses; nothing is known to have been sent (F45)."""
