"""Building markup without forgetting to escape: a plain string is text, and only what is built here is markup."""

from collections.abc import Iterable
from html import escape
from typing import Final

_VOID: Final = frozenset({"br", "input", "link", "meta"})


class Html(str):
    """Markup that is finished; every other string gets escaped."""

    __slots__ = ()


def element(tag: str, /, *children: str | None, **attributes: str | bool | None) -> Html:
    """Return an element; names of attributes are written with `_` for `-`, and with one at the end for keywords.

    An attribute that is None or False is left out, one that is True has no value; a child that is None is left out.
    """
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{shown}>")
    return Html(f"<{tag}{shown}>{fragment(*children)}</{tag}>")


def fragment(*children: str | None) -> Html:
    return Html(
        "".join(
            child if isinstance(child, Html) else escape(child) for child in children if child is not None
        )
    )


def facts(pairs: Iterable[tuple[str, str | None]]) -> Html:
    """Return a list of names and values; what has no value is left out."""
    return element(
        "dl",
        *(
            fragment(element("dt", name), element("dd", value))
            for name, value in pairs
            if value not in {None, ""}
        ),
    )


def table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Html:
    """Return a table whose cells know their column, so that a narrow screen can stack them."""
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = (
        element(
            "tr",
            *(element("td", cell, data_label=column) for column, cell in zip(columns, row, strict=True)),
        )
        for row in rows
    )
    return element("table", element("thead", head), element("tbody", *body))


def _attribute(name: str, value: str | bool | None) -> str:  # noqa: FBT001 - HTML has such attributes.
    if value is None or value is False:
        return ""
    shown = name.removesuffix("_").replace("_", "-")
    return f" {shown}" if value is True else f' {shown}="{escape(value)}"'
