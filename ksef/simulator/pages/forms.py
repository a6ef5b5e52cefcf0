"""Fields of HTML forms: how they are drawn, and how what was filled in is read."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from ksef.simulator.errors import Forbidden
from ksef.simulator.pages.html import Html, element, fragment
from ksef.simulator.routing import Call

_MOST_FIELDS: Final = 50


def read_form(call: Call) -> dict[str, list[str]]:
    """Return what was posted; Forbidden when another site's page posted it."""
    origin = call.request.headers.get("origin", "")
    if origin and urlsplit(origin).netloc != urlsplit(call.request.root_url).netloc:
        raise Forbidden("insufficient-resource-access", "Formularz pochodzi z innej strony.")
    text = call.request.body.decode("utf-8", "replace")
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return {name: [value.strip() for value in values] for name, values in found.items()}


def value_of(form: Mapping[str, list[str]], name: str) -> str:
    return form.get(name, [""])[-1]


def text_field(
    label: str,
    name: str,
    *,
    value: str = "",
    hint: str = "",
    kind: str = "text",
    **attributes: str | bool | None,
) -> Html:
    """A labelled input; what a password was is never shown again."""
    shown = None if kind == "password" else value
    described = f"hint-{name}" if hint else None
    return element(
        "div",
        element("label", label, for_=name),
        element(
            "input", type=kind, id=name, name=name, value=shown, aria_describedby=described, **attributes
        ),
        element("p", hint, class_="hint", id=described) if hint else None,
    )


def choice(
    legend: str, name: str, options: Mapping[str, str], *, chosen: tuple[str, ...], several: bool = False
) -> Html:
    """Radio buttons, or boxes where several may be ticked."""
    kind = "checkbox" if several else "radio"
    return element(
        "fieldset",
        element("legend", legend),
        *(
            element(
                "label",
                element("input", type=kind, name=name, value=value, checked=value in chosen),
                f" {text}",
            )
            for value, text in options.items()
        ),
    )


def problems(messages: list[str]) -> Html:
    """What is wrong with what was filled in."""
    if not messages:
        return fragment()
    return element(
        "div",
        element("p", "Popraw dane:", class_="no verdict"),
        element("ul", *(element("li", message) for message in messages)),
        class_="notice",
        role="alert",
    )


def action(call: Call, path: str, text: str, *, subject: str) -> Html:
    """A button that posts; `subject` tells a screen reader apart what every row has."""
    button = element("button", text, type="submit", class_="quiet", aria_label=f"{text}: {subject}")
    return element("form", button, method="post", action=f"{call.request.root_url}{path}")
