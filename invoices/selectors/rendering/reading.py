"""A document while it is laid out: what has been placed is remembered, so that the rest can be placed as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.domain.identifiers import format_account
from invoices.selectors.rendering.formats import (
    find_decimal,
    write_amount,
    write_day,
    write_moment,
    write_number,
)
from invoices.selectors.rendering.model import Fact
from invoices.selectors.rendering.wording import Wording
from ksef.papers.codes import (
    ACCOUNTS,
    FLAGS,
    MOMENTS,
    NEGATIONS,
    find_code,
    is_amount,
    is_day,
    is_number,
)

if TYPE_CHECKING:
    from decimal import Decimal

    from invoices.selectors.rendering.wording import Language
    from ksef.papers.tree import Document, Kind, Node

_YES = "1"


class Reading:
    """Hands out values and keeps account of them.

    Only plain elements are handed out: one that has children or attributes where none should be is left for the
    general listing, which shows all of it.
    """

    def __init__(self, document: Document, language: Language) -> None:
        self.root: Node = document.root
        self.kind: Kind = document.kind
        self.words = Wording(document.kind, language)
        self.fine_print: list[Fact] = []
        self._placed: set[Node] = set()

    def is_placed(self, node: Node) -> bool:
        return node in self._placed

    def place(self, node: Node) -> None:
        self._placed.add(node)

    def peek(self, parent: Node | None, path: str) -> Node | None:
        """The first plain element at the path that was not placed yet."""
        *steps, name = path.split("/")
        for step in steps:
            parent = parent.child(step) if parent else None
        candidates = parent.named(name) if parent else ()
        return next((node for node in candidates if _is_plain(node) and not self.is_placed(node)), None)

    def take(self, parent: Node | None, path: str) -> str:
        """The written value at the path, empty when there is none; it counts as placed."""
        node = self.peek(parent, path)
        if node is None:
            return ""
        self.place(node)
        return self.write(node)

    def take_number(self, parent: Node | None, path: str) -> Decimal | None:
        """The number at the path; what is no number is left for the general listing."""
        node = self.peek(parent, path)
        number = find_decimal(node.text) if node else None
        if node is not None and number is not None:
            self.place(node)
        return number

    def take_flag(self, parent: Node | None, path: str) -> bool:
        """Whether the flag at the path is raised; one that is not stays for the fine print."""
        node = self.peek(parent, path)
        if node is None or node.text != _YES:
            return False
        self.place(node)
        return True

    def take_fact(self, parent: Node | None, path: str) -> tuple[Fact, ...]:
        node = self.peek(parent, path)
        if node is None:
            return ()
        self.place(node)
        return (self.fact(node, parent=parent),)

    def fact(self, node: Node, *, parent: Node | None) -> Fact:
        return Fact(self.words.label(node.name, parent=parent.name if parent else ""), self.write(node))

    def write(self, node: Node) -> str:
        """The value of an element as people write it."""
        name, text = node.name, node.text
        if (code := find_code(self.kind, name, text)) is not None:
            return self.words.say(code)
        if is_day(self.kind, name):
            return write_day(text)
        if name in MOMENTS:
            return write_moment(text)
        if is_amount(self.kind, name):
            return write_amount(text)
        if is_number(self.kind, name):
            return write_number(text)
        return format_account(text) if name in ACCOUNTS else text

    def is_denial(self, node: Node) -> bool:
        """Whether the element says only that something is not so."""
        if not _is_plain(node):
            return False
        return node.text == _YES if node.name in NEGATIONS else node.name in FLAGS and node.text != _YES


def _is_plain(node: Node) -> bool:
    return not node.children and not node.attributes and bool(node.text)
