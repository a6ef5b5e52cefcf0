"""The step-up before what must not be done from a stolen or forgotten session (V21)."""

from __future__ import annotations

import time
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, overload
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

CONFIRMED_SECONDS: Final = 300
# How much longer a form may be filled in that was opened while the confirmation was fresh.
GRACE_SECONDS: Final = 300

_IS_CONFIRMED = "asks_for_confirmation"
_PROOFS: Final = frozenset({"password", "mfa"})
_READING: Final = frozenset({"GET", "HEAD"})


@overload
def recently_confirmed[View: Callable[..., HttpResponseBase]](view: View) -> View: ...


@overload
def recently_confirmed[View: Callable[..., HttpResponseBase]](*, form: str) -> Callable[[View], View]: ...


def recently_confirmed(view: Callable[..., HttpResponseBase] | None = None, *, form: str = "") -> Any:
    """Let a view be reached only by somebody who has proved in the last five minutes who they are.

    What counts is a password, a code or a passkey given in this very session: at the log-in, or on the page of
    confirmation, where an older log-in is sent. The rule has two halves, so that nothing typed is lost:

    - the page with the form (GET) opens only within five minutes of the proof; the way back from the confirmation
      leads to it, so the secret is typed after the confirmation and never has to survive it;
    - the form that was opened in time (POST) is taken for five minutes more: ten after the proof at the most.

    A form that comes later than that is not kept, nor replayed: what it held may be a token or a key. The person
    confirms, finds the form again, and the browser's tab fills in what was no secret (static/js/keep.js).

    `form` names the page with the button, for a view that takes POST only; it belongs to the same company.
    """
    if view is None:
        return partial(recently_confirmed, form=form)

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_confirmed(request):
            return ask_to_confirm(request, form=form)
        return view(request, *args, **kwargs)

    setattr(wrapper, _IS_CONFIRMED, True)
    return wrapper


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the last proof is fresh enough: for opening a form, or for sending one."""
    allowed = CONFIRMED_SECONDS if request.method in _READING else CONFIRMED_SECONDS + GRACE_SECONDS
    proofs = [
        record["at"]
        for record in get_authentication_records(request, request.user)
        if record["method"] in _PROOFS
    ]
    return bool(proofs) and time.time() - max(proofs) <= allowed


def ask_to_confirm(request: HttpRequest, *, form: str = "") -> HttpResponse:
    """Lead to the page of confirmation and from there back to the page with the form."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if request.method not in _READING:
        messages.warning(request, _("Najpierw potwierdź, że to Ty. Potem wyślij formularz jeszcze raz."))
    url = f"{reverse('account_reauthenticate')}?{urlencode({'next': _way_back(request, form)})}"
    is_fragment = request.headers.get("HX-Request") == "true"
    return HttpResponseClientRedirect(url) if is_fragment else HttpResponseRedirect(url)


def _way_back(request: HttpRequest, form: str) -> str:
    match = request.resolver_match
    if not form or match is None:
        return request.get_full_path()
    # The middleware of companies takes the company out of the view's arguments; the match keeps it.
    company = match.kwargs.get("company")
    return reverse(form, kwargs={"company": company} if company else None)
