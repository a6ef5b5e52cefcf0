"""What stops a person's work: a broken rule of ours, worded in Polish with the forms, or a mail that did not go."""

from __future__ import annotations


class RuleBroken(Exception):
    """The user's work cannot go on as asked. `code` names the rule, `field` the form field it concerns, if any."""

    def __init__(self, code: str, *, field: str = "", **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.params = params


class MailFailed(Exception):
    """The mail server is away or refuses; nothing is known to have been sent (F45)."""
