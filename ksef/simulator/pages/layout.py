"""What all pages share: the frame, the style and the headers."""

from typing import Final

from ksef.simulator.messages import Response
from ksef.simulator.pages.html import Html, element, fragment
from ksef.simulator.routing import Call

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2024;--dim:#5b6068;--line:#d9dce1;--paper:#fff;--wash:#f4f5f7;
--yes:#12683f;--no:#b3261e;--link:#0a57a4;--mark:#fff6d8}
@media(prefers-color-scheme:dark){:root{--ink:#eceef0;--dim:#a8adb5;--line:#3a3f45;--paper:#1b1e22;--wash:#121416;
--yes:#5fd39b;--no:#ff9a94;--link:#85bdf5;--mark:#3a3420}}
*{box-sizing:border-box}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:var(--ink);background:var(--wash)}
header,main,footer{max-width:62rem;margin:0 auto;padding:0 1rem}
header{padding-top:1rem}nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
a{color:var(--link)}h1{font-size:1.5rem;line-height:1.25;margin:1rem 0 .5rem}
h2{font-size:1.1rem;margin:0 0 .6rem}
section{background:var(--paper);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.2rem;margin:1rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:0}
dt,.dim{color:var(--dim)}dd{margin:0}
dd,td,li{overflow-wrap:break-word;font-variant-numeric:tabular-nums}
code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;color:var(--dim);font-weight:600}
th,td{padding:.4rem .8rem .4rem 0;vertical-align:top}tbody tr{border-top:1px solid var(--line)}
.yes{color:var(--yes)}.no{color:var(--no)}.verdict{font-weight:600}
.checks{list-style:none;padding:0;margin:0}.checks li{display:grid;grid-template-columns:1.6rem 1fr;padding:.35rem 0}
.checks li+li{border-top:1px solid var(--line)}
.notice{background:var(--mark);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .9rem;margin:.8rem 0}
form.fields{display:grid;gap:.8rem;max-width:30rem}label,legend{font-weight:600}
input,select,button{font:inherit;color:inherit}
input:not([type=checkbox]):not([type=radio]),select{width:100%;padding:.45rem .6rem;border:1px solid var(--dim);
border-radius:.4rem;background:var(--paper)}
fieldset{min-width:0;border:1px solid var(--line);border-radius:.5rem;padding:.5rem .9rem;margin:0}
fieldset label{display:block;font-weight:400;padding:.15rem 0}
button{padding:.45rem .9rem;border:1px solid var(--link);border-radius:.4rem;background:var(--link);
color:var(--paper);font-weight:600;cursor:pointer;justify-self:start}
button.quiet{background:none;color:var(--link);padding:.1rem .6rem}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.whole{white-space:nowrap}pre{overflow-x:auto;font-size:.88rem}
.hint{font-size:.9rem;color:var(--dim);margin:.15rem 0 0}
footer{font-size:.88rem;color:var(--dim);padding-top:.5rem;padding-bottom:2.5rem}
@media(max-width:44rem){thead{position:absolute;clip-path:inset(50%);height:1px;width:1px;overflow:hidden}
table,tbody,tbody tr,td{display:block}tbody tr{padding:.5rem 0}
td{position:relative;padding:.1rem 0 .1rem 8rem;overflow-wrap:anywhere}
td::before{content:attr(data-label);position:absolute;left:0;color:var(--dim)}td:empty{display:none}
dl{grid-template-columns:1fr}dt{margin-top:.35rem}dd+dt{margin-top:.5rem}}
"""
ENVIRONMENTS: Final = {
    "test": "środowisko testowe",
    "demo": "środowisko przedprodukcyjne (demo)",
    "production": "środowisko produkcyjne",
}
_FOOTER: Final = "Symulator KSeF. Dane są fikcyjne i nie mają skutków prawnych."
# Nothing is loaded, nothing runs, and what is shown here is nobody else's: one page shows a private key.
_HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    ),
    ("Cache-Control", "no-store"),
    # Without any referrer a browser says "Origin: null" of our own forms, and they would be refused.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
)


def page(call: Call, title: str, *body: str, status: int = 200, lang: str = "pl") -> Response:
    """Return a whole page; the title is its only h1. Its frame is Polish, whatever the language of the body is."""
    root, environment = call.request.root_url, ENVIRONMENTS[call.world.flavour.name]
    links = element(
        "nav",
        element("a", "Co widzi KSeF", href=f"{root}/"),
        element("a", "Aplikacja Podatnika (symulator)", href=f"{root}/web/"),
        aria_label="Strony symulatora",
        lang="pl",
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width,initial-scale=1"),
        element("title", f"{title} – symulator KSeF, {environment}"),
        element("style", Html(_STYLE)),
    )
    content = element(
        "body",
        element("header", links),
        element("main", element("h1", title), *body),
        element("footer", f"{_FOOTER} To {environment}.", lang="pl"),
    )
    html = fragment(Html("<!doctype html>"), element("html", head, content, lang=lang))
    return Response(status, "text/html; charset=utf-8", html.encode(), _HEADERS)


def section(title: str, *body: str, name: str | None = None) -> Html:
    return element("section", element("h2", title), *body, id=name)
