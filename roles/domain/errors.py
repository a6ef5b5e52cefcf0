"""A broken rule of ours, worded in Polish with the forms."""

from __future__ import annotations


class RuleBroken(Exception):
    """The user's work cannot go on as asked. `code` names the rule, `field` the form field it concerns, if any."""

    def __init__(self, code: str, *, field: str = "", **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.params = params
