"""Setting up a second factor: which one, the authenticator app, the recovery codes."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.identity.confirmation import recently_confirmed
from accounts.identity.domain.totp import in_groups, otpauth_url
from accounts.identity.forms.own import CodeForm
from accounts.identity.selectors import get_second_factors
from accounts.identity.services import passkeys, second_factors
from accounts.identity.views.next_page import next_page, with_next
from ksef.qr import qr_svg

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


@login_required
@require_safe
def setup(request: HttpRequest) -> HttpResponse:
    """The way in for somebody who has no second factor yet; whoever has one goes on."""
    factors = get_second_factors(cast("User", request.user).id)
    if factors.are_there:
        return redirect(next_page(request) or "account")
    context = {
        "next_page": next_page(request),
        "are_passkeys_possible": passkeys.are_possible(request),
    }
    return render(request, "mfa/setup.html", context)


@sensitive_variables("seed", "url")
@sensitive_post_parameters("code")
@login_required
@require_http_methods(["GET", "POST"])
@recently_confirmed
def add_app(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    form = CodeForm(request.POST or None, takes_recovery_codes=False)
    if form.is_valid():
        code = "".join(form.cleaned_data["code"].split())
        if second_factors.add_app(request, user, code=code):
            messages.success(request, _("Aplikacja będzie pytana o kod przy każdym logowaniu."))
            return redirect(with_next("mfa_recovery_codes", request))
        form.add_error(
            "code", _("Ten kod nie pasuje. Sprawdź zegar telefonu i wpisz kod, który widać teraz.")
        )
    seed = second_factors.pending_seed(request.session, user.id)
    url = otpauth_url(seed, account=user.email, issuer="Kwit")
    context = {
        "form": form,
        "seed": in_groups(seed),
        "url": url,
        "image": f"data:image/svg+xml;base64,{b64encode(qr_svg(url).encode()).decode()}",
        "next_page": next_page(request),
    }
    return render(request, "mfa/add_app.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@recently_confirmed
def remove_app(request: HttpRequest) -> HttpResponse:
    user = cast("User", request.user)
    factors = get_second_factors(user.id)
    if factors.app_since is None:
        return redirect("account")
    if request.method == "POST":
        second_factors.remove_app(request, user)
        messages.success(request, _("Aplikacja nie będzie już pytana o kod."))
        return redirect("account")
    return render(request, "mfa/remove_app.html", {"is_last": not factors.passkeys})


@login_required
@require_http_methods(["GET", "POST"])
@recently_confirmed
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Shown once, in the answer to a button: a page that is merely opened neither shows nor changes anything."""
    user = cast("User", request.user)
    action, codes = request.POST.get("action"), list[str]()
    if action == "show":
        codes = second_factors.show_recovery_codes(request, user)
    elif action == "renew" and get_second_factors(user.id).are_there:
        codes = second_factors.renew_recovery_codes(request, user)
    context = {
        "codes": codes,
        "factors": get_second_factors(user.id),
        "left": second_factors.count_recovery_codes(user.id),
        "next_page": next_page(request),
    }
    return render(request, "mfa/recovery_codes.html", context)


@login_required
@require_POST
@recently_confirmed(form="mfa_recovery_codes")
def download_recovery_codes(request: HttpRequest) -> HttpResponse:
    codes = second_factors.download_recovery_codes(request, cast("User", request.user))
    if not codes:
        messages.error(request, _("Te kody były już pokazane. Utwórz nowe."))
        return redirect("mfa_recovery_codes")
    text = "\n".join([str(_("Kody zapasowe do Kwit. Każdy działa jeden raz.")), "", *codes, ""])
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="kwit-kody-zapasowe.txt"'
    return answer
