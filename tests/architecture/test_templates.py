"""What templates, styles and scripts may not contain, read from their sources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.architecture

TEMPLATES = sorted((ROOT / "templates").rglob("*.*ml")) + sorted((ROOT / "templates").rglob("*.txt"))
SCRIPTS = sorted((ROOT / "static").rglob("*.js"))
STYLES = sorted((ROOT / "static").rglob("*.css"))
_COMMENTS = re.compile(r"{%\s*comment\b.*?endcomment\s*%}|{#.*?#}|<!--.*?-->", re.DOTALL)
_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL | re.IGNORECASE)


def found(paths: list[Path], pattern: str) -> list[str]:
    banned = re.compile(pattern, re.IGNORECASE)
    return [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in paths
        for match in banned.finditer(_COMMENTS.sub("", path.read_text()))
    ]


def test_the_files_are_there() -> None:
    assert (len(TEMPLATES) > 50, bool(SCRIPTS), bool(STYLES)) == (True, True, True)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\|\s*(?:safe|safeseq)\b",
        r"{%\s*autoescape\s+off",
        r"{%\s*(?:debug|load\s+\w*raw)",
        r"<script(?![^>]*\ssrc=)[^>]*>",
        r"<style\b",
        r"\sstyle\s*=",
        r"\son[a-z]+\s*=",
        r"\shx-(?:on|vals\s*=\s*[\"']js:|headers\s*=\s*[\"']js:)",
        r"javascript:",
        r"(?:src|href)\s*=\s*[\"'](?:https?:)?//",
        r"\.objects\b|\.all\b|\.filter\b|_set\b",
        r"\btarget\s*=\s*[\"']_blank[\"'](?![^>]*rel=)",
    ],
)
def test_templates_hold_nothing_active_and_ask_nothing(pattern: str) -> None:
    """V25: escaping is never switched off, scripts and styles are files of ours; C9: no query hides in a template."""
    pdf = ROOT / "templates" / "invoices" / "pdf.html"  # A document for the printer, not for a browser.
    paths = [path for path in TEMPLATES if not (path == pdf and "style" in pattern)]
    assert found(paths, pattern) == []


def test_forms_that_change_something_carry_the_token() -> None:
    """V23: every POST form has its CSRF token, and no address outside gets it."""
    forms = [
        (path, form) for path in TEMPLATES for form in _FORM.findall(_COMMENTS.sub("", path.read_text()))
    ]
    posts = [
        (path, form) for path, form in forms if re.search(r"method\s*=\s*[\"']post", form, re.IGNORECASE)
    ]
    assert len(posts) > 5
    assert [str(path) for path, form in posts if "csrf_token" not in form] == []
    gets = [(path, form) for path, form in forms if (path, form) not in posts]
    assert [str(path) for path, form in gets if "csrf_token" in form] == []


def test_scripts_make_no_code_from_text() -> None:
    """V25: nothing that a strict policy would have to allow, and nothing that turns a text into elements."""
    banned = r"\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|setTimeout\(\s*[\"'`]|https?://"
    assert found(SCRIPTS, banned) == []


def test_styles_load_nothing_from_elsewhere() -> None:
    """V24: fonts and pictures come from here, if at all."""
    assert found(STYLES, r"@import|url\(\s*[\"']?(?:https?:)?//|expression\(") == []
