"""Addresses of the pages a person sees."""

from typing import Final

from ksef.simulator.pages import code_one, code_two, front, taxpayer
from ksef.simulator.routing import Route

ROUTES: Final = (
    Route("GET", "/invoice/{nip}/{date}/{hash}", code_one.show_invoice_page),
    Route(
        "GET",
        "/certificate/{kind}/{value}/{seller}/{serial}/{hash}/{signature}",
        code_two.show_certificate_page,
    ),
    Route("GET", "/", front.show_front_page),
    Route("GET", "/web", taxpayer.redirect_to_application),
    Route("GET", "/web/", taxpayer.show_application),
    Route("POST", "/web/certificates", taxpayer.issue_certificate),
    Route("POST", "/web/certificates/{serial}/revoke", taxpayer.revoke_certificate),
    Route("POST", "/web/tokens", taxpayer.generate_token),
    Route("POST", "/web/tokens/{reference}/revoke", taxpayer.revoke_token),
)
