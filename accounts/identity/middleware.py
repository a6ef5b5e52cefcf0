"""Two gates before every page: the session is alive, and its person has a second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from accounts.identity.selectors import find_living_session
from accounts.identity.services import browser_sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponseBase

    from accounts.identity.selectors import LivingSession

# Where somebody without a second factor may go: to one's own account, to set one up, and out. Probes are nobody.
_OPEN_ROUTES: Final = ("konto/", "healthz", "readyz")


class SessionRequest(HttpRequest):
    """A request whose session was looked up; None for a visitor."""

    living_session: LivingSession | None


def living_sessions(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[SessionRequest], HttpResponseBase]:
    """Sign out whoever's session was ended, idled for half an hour, or has lasted for twelve (V15, V16)."""

    def middleware(request: SessionRequest) -> HttpResponseBase:
        request.living_session = None
        if request.user.is_authenticated:
            session = find_living_session(
                session_id=browser_sessions.current_id(request), user_id=request.user.pk
            )
            if session is None:
                logout(request)
                messages.info(
                    request, _("Twoja sesja się skończyła. Zaloguj się, a wrócisz na tę samą stronę.")
                )
            elif not _is_by_itself(request):
                browser_sessions.see(request, session)
            request.living_session = session
        return get_response(request)

    return middleware


def _is_by_itself(request: HttpRequest) -> bool:
    """A page that asks how its invoice fares is no sign that anybody looks at it."""
    return request.method == "GET" and request.headers.get("HX-Request") == "true"


class SecondFactorMiddleware:
    """Lead a person without a second factor to setting one up, from every page but those of one's own account (V17).

    Here and nowhere else: a view that is added tomorrow is behind this gate without saying so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: SessionRequest, _view: object, _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        session = request.living_session
        if not settings.MFA_REQUIRED or session is None or session.has_second_factor:
            return None
        match = request.resolver_match
        if match is not None and match.route.startswith(_OPEN_ROUTES):
            return None
        is_fragment = request.headers.get("HX-Request") == "true"
        # A form that was sent cannot be sent again by a link.
        wanted = request.get_full_path() if request.method == "GET" and not is_fragment else "/"
        url = f"{reverse('mfa_setup')}?{urlencode({'next': wanted})}"
        return HttpResponseClientRedirect(url) if is_fragment else HttpResponseRedirect(url)
