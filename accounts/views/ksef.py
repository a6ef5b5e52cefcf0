"""The KSeF tab: what is connected, as whom, until when, and what the company has decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.errors import MailFailed, RuleBroken
from accounts.forms.ksef import EnvironmentForm, HelpAnswerForm, MethodForm, ParametersForm
from accounts.forms.wording import say
from accounts.identity.confirmation import recently_confirmed
from accounts.models import KSeFCredential
from accounts.selectors.environments import list_environments
from accounts.selectors.ksef_page import describe_problem, get_ksef_page
from accounts.services import ksef_connecting
from accounts.services.help_answers import answer_help
from accounts.services.ksef_parameters import change_parameters, switch_environment
from accounts.services.reminders import remind_colleague
from roles.access import Right
from roles.middleware import TenantRequest, own_transactions

if TYPE_CHECKING:
    import uuid

    from django.http import HttpResponse

    from accounts.selectors.ksef_page import KSeFPage
    from accounts.services.ksef_status import ConnectionReport


@require_safe
def overview(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.VIEW)
    page = get_ksef_page(actor=request.actor, company=request.company)
    return render(request, "accounts/ksef/overview.html", overview_context(page))


def overview_context(page: KSeFPage, *, report: ConnectionReport | None = None) -> dict[str, object]:
    """What the tab shows; with KSeF's own answers when they were asked for."""
    chosen = page.active.kind if page.active else KSeFCredential.Kind.CERTIFICATE.value
    return {
        "page": page,
        "report": report,
        "problem": describe_problem(page.problem),
        "method_form": MethodForm(initial={"method": chosen}),
        "may_practise": page.environment.code in ksef_connecting.SELF_SIGNED_ENVIRONMENTS,
    }


@require_http_methods(["GET", "POST"])
@recently_confirmed
def environment(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.SETTINGS)
    choices = list_environments()
    initial = {"environment": request.company.environment}
    form = EnvironmentForm(request.POST or None, choices=choices, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            switch_environment(actor=request.actor, **form.cleaned_data)
        except RuleBroken as broken:
            form.add_error(broken.field, say(broken))
        else:
            messages.success(request, _("Środowisko zmienione. Nowe faktury powstają już w nim."))
            return redirect("accounts:ksef", request.company.slug)
    context = {
        "form": form,
        "choices": choices,
        "needs_confirmation": request.company.production_confirmed_at is None,
    }
    return render(request, "accounts/ksef/environment.html", context)


@require_POST
def choose_method(request: TenantRequest) -> HttpResponse:
    """S15, S19, S24: a method that is saved is used from now on; another leads to its form."""
    request.actor.require(Right.SEND)
    form = MethodForm(request.POST)
    if not form.is_valid():
        return redirect("accounts:ksef", request.company.slug)
    method = form.cleaned_data["method"]
    try:
        ksef_connecting.use_method(actor=request.actor, environment=request.company.environment, kind=method)
    except RuleBroken:
        return redirect(_FORMS[method], request.company.slug)
    messages.success(request, _("Od teraz używany jest wybrany sposób uwierzytelniania."))
    return redirect("accounts:ksef", request.company.slug)


@require_http_methods(["GET", "POST"])
def parameters(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.SETTINGS)
    company = request.company
    initial = {
        "scope": company.ksef_scope,
        "sends_consumer_invoices": company.sends_consumer_invoices,
        "fetches_at_login": company.fetches_at_login,
        "recall_minutes": company.recall_minutes,
    }
    form = ParametersForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        change_parameters(actor=request.actor, parameters=form.parameters())
        messages.success(request, _("Parametry zapisane."))
        return redirect("accounts:ksef", company.slug)
    return render(request, "accounts/ksef/parameters.html", {"form": form})


@require_POST
def disconnect(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.SEND)
    ksef_connecting.disconnect(
        actor=request.actor, environment=request.company.environment, kind=request.POST.get("kind", "")
    )
    messages.success(request, _("Zapisany dostęp do KSeF został usunięty."))
    return redirect("accounts:ksef", request.company.slug)


@require_POST
@own_transactions
def remind(request: TenantRequest, user_id: uuid.UUID) -> HttpResponse:
    """An administrator asks a colleague to renew; what opens the access stays unseen (S53)."""
    request.actor.require(Right.USERS)
    try:
        name = remind_colleague(actor=request.actor, user_id=user_id, environment=request.company.environment)
    except RuleBroken as broken:
        if broken.code == "no_such_access":
            raise Http404 from broken
        messages.error(request, say(broken))
    except MailFailed:
        messages.error(request, _("Poczta teraz nie działa. Spróbuj za chwilę."))
    else:
        messages.success(request, _("Przypomnienie wysłane: %(name)s.") % {"name": name})
    return redirect("accounts:ksef", request.company.slug)


@require_http_methods(["GET", "POST"])
def help_article(request: TenantRequest) -> HttpResponse:
    """S110: the article, and whether it helped."""
    request.actor.require(Right.VIEW)
    form = HelpAnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer_help(actor=request.actor, article="ksef", **form.cleaned_data)
        messages.success(request, _("Dziękujemy za odpowiedź."))
        return redirect("accounts:ksef_help", request.company.slug)
    page = get_ksef_page(actor=request.actor, company=request.company)
    return render(request, "accounts/ksef/help.html", {"form": form, "page": page})


_FORMS = {
    KSeFCredential.Kind.CERTIFICATE.value: "accounts:ksef_certificate",
    KSeFCredential.Kind.TOKEN.value: "accounts:connect_token",
}
