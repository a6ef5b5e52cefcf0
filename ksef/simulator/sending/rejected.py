"""What the checks of an invoice raise: the status it ends with and why."""

from typing import Final

_LONGEST: Final = 500


class Rejected(Exception):
    """The invoice ends with this status code and these details, which are in Polish since 2.6.1.

    A detail may quote the document; it is cut, since a value can be as long as the document.
    """

    def __init__(self, code: int, *details: str) -> None:
        super().__init__(code, *details)
        self.code = code
        self.details = tuple(
            detail if len(detail) <= _LONGEST else f"{detail[:_LONGEST]}…" for detail in details
        )
