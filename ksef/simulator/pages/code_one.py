"""The pages a person sees: what a scanned KOD I opens (section 9), and a front page with counts."""

import base64
import binascii
from datetime import datetime
from html import escape
from typing import Final

from ksef.simulator.messages import Response
from ksef.simulator.routing import Call
from ksef.simulator.sending.records import SUCCESS, Invoice, list_by_hash
from ksef.simulator.world import WARSAW, to_datetime

_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;"
    "margin:3rem auto;padding:0 1rem}"
    "h1{font-size:1.4rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.4rem 1.2rem}"
    "dt{opacity:.7}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}"
    ".yes{color:#18794e}.no{color:#c62a2f}footer{margin-top:2rem;font-size:.85rem;opacity:.7}"
    "@media(prefers-color-scheme:dark){.yes{color:#4cc38a}.no{color:#ff9592}}"
)
_FOOTER: Final = "Symulator KSeF. Dane są fikcyjne i nie mają skutków prawnych."


def show_invoice_page(call: Call) -> Response:
    """GET /invoice/{nip}/{DD-MM-YYYY}/{hash}: all three must fit an accepted invoice."""
    found = _find(call)
    if found is None:
        body = (
            '<h1 class="no">Nie znaleziono faktury w KSeF</h1>'
            "<p>Faktury o podanym numerze NIP sprzedawcy, dacie wystawienia i skrócie nie ma w systemie.</p>"
        )
        return _page("Nie znaleziono faktury", body, status=404)
    return _page("Faktura w KSeF", f'<h1 class="yes">Faktura znajduje się w KSeF</h1>{_facts(found)}')


def _find(call: Call) -> Invoice | None:
    try:
        issued = datetime.strptime(call.parts["date"], "%d-%m-%Y").replace(tzinfo=WARSAW).date().isoformat()
        text = call.parts["hash"]
        digest = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return None
    wanted = (SUCCESS, call.parts["nip"], issued)
    found = list_by_hash(call.world.store, base64.b64encode(digest).decode("ascii"))
    return next((item for item in found if (item.code, item.seller, item.issue_date) == wanted), None)


def _facts(invoice: Invoice) -> str:
    acquired = to_datetime(invoice.acquired_at or invoice.received_at).astimezone(WARSAW)
    gross = f"{invoice.gross or ''}".replace(".", ",")
    facts = (
        ("Numer faktury", invoice.number),
        ("Data wystawienia", invoice.issue_date),
        ("Sprzedawca", f"{invoice.seller_name} (NIP {invoice.seller})"),
        ("Kwota należności", f"{gross} {invoice.currency}"),
        ("Numer KSeF", invoice.ksef_number),
        ("Data nadania numeru KSeF", f"{acquired:%d.%m.%Y %H:%M:%S}"),
        ("Tryb", invoice.mode),
    )
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts)
    return f"<dl>{rows}</dl>"


def show_front_page(call: Call) -> Response:
    """GET /: how much has come in."""
    row = call.world.store.row(
        "SELECT count(*) AS total, coalesce(sum(code = 200), 0) AS accepted,"
        " coalesce(sum(code <> 200), 0) AS rejected FROM invoices"
    )
    counts = row or {"total": 0, "accepted": 0, "rejected": 0}
    names = (("Faktury", "total"), ("Przyjęte", "accepted"), ("Odrzucone", "rejected"))
    rows = "".join(f"<dt>{name}</dt><dd>{counts[key]}</dd>" for name, key in names)
    address = escape(f"{call.request.root_url}/v2")
    return _page("Symulator KSeF", f"<h1>Symulator KSeF</h1><p>API: {address}</p><dl>{rows}</dl>")


def _page(title: str, body: str, *, status: int = 200) -> Response:
    html = (
        f'<!doctype html><html lang="pl"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>{body}</main><footer>{_FOOTER}</footer></body></html>"
    )
    return Response(status, "text/html; charset=utf-8", html.encode())
