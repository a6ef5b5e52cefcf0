"""Addresses of the pages a person sees."""

from typing import Final

from ksef.simulator.pages import code_one
from ksef.simulator.routing import Route

ROUTES: Final = (
    Route("GET", "/invoice/{nip}/{date}/{hash}", code_one.show_invoice_page),
    Route("GET", "/", code_one.show_front_page),
)
