"""Connecting and renewing: these views call KSeF inside the request and open their transactions themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.errors import RuleBroken
from accounts.forms.ksef import CertificateForm, RenewalForm, TokenForm
from accounts.forms.wording import explain, say
from accounts.identity.confirmation import recently_confirmed
from accounts.selectors import get_company, list_companies, list_own_certificates
from accounts.selectors.environments import environment_choice
from accounts.selectors.ksef_page import get_ksef_page
from accounts.services import ksef_certificates, ksef_connecting, ksef_status
from accounts.services.ksef_access import NotConnected
from accounts.views.ksef import overview_context
from accounts.views.secrets import handles_secrets
from ksef.errors import KSeFError
from roles.access import Right
from roles.middleware import TenantRequest, own_transactions
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django import forms
    from django.http import HttpResponse

    from accounts.models import Company
    from accounts.services.ksef_certificates import Outcome


@handles_secrets("token")
@require_http_methods(["GET", "POST"])
@recently_confirmed
@own_transactions
def token(request: TenantRequest) -> HttpResponse:
    """S55-S61: check a pasted token against KSeF and keep it; a refusal is said at the field."""
    request.actor.require(Right.SEND)
    company = get_company(request.actor.company_id)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ksef_connecting.connect_with_token(
                actor=request.actor, company=company, token=form.cleaned_data["token"].strip()
            )
        except (RuleBroken, KSeFError) as error:
            _say_at_field(form, error, otherwise="token")
        else:
            messages.success(request, _("Połączono z KSeF: token pasuje do środowiska i NIP firmy."))
            return redirect("accounts:ksef", company.slug)
    return _form_page(request, "accounts/ksef/token.html", form, company)


@handles_secrets("password")
@require_http_methods(["GET", "POST"])
@recently_confirmed
@own_transactions
def certificate(request: TenantRequest) -> HttpResponse:
    """S20-S32: two files and a password; used once, in this request."""
    request.actor.require(Right.SEND)
    actor, company = request.actor, get_company(request.actor.company_id)
    others = [link for link in list_companies(actor.user_id) if link.slug != company.slug]
    form = CertificateForm(request.POST or None, request.FILES or None, others=others)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data.get("also", [])
        also = [link.id for link in others if link.slug in chosen]
        try:
            outcomes = ksef_certificates.connect_with_certificate(
                actor=actor, company=company, files=form.upload(), also=also
            )
        except KSeFError as error:
            _say_at_field(form, error, otherwise="certificate")
        else:
            _tell(request, outcomes)
            return redirect("accounts:ksef", company.slug)
    return _form_page(
        request, "accounts/ksef/certificate.html", form, company, own=_usable_elsewhere(request, company)
    )


@handles_secrets("password")
@require_POST
@recently_confirmed(form="accounts:ksef_certificate")
@own_transactions
def borrow(request: TenantRequest) -> HttpResponse:
    """Use a certificate here that the person has uploaded in another of their companies."""
    request.actor.require(Right.SEND)
    company = get_company(request.actor.company_id)
    form = RenewalForm(request.POST)
    if form.is_valid():
        try:
            ksef_certificates.use_certificate_here(
                actor=request.actor,
                company=company,
                fingerprint=request.POST.get("fingerprint", ""),
                password=form.cleaned_data["password"],
            )
        except (RuleBroken, KSeFError) as error:
            _say_at_field(form, error, otherwise="password")
        else:
            messages.success(request, _("Połączono z KSeF."))
            return redirect("accounts:ksef", company.slug)
    own = _usable_elsewhere(request, company)
    return _form_page(request, "accounts/ksef/borrow.html", form, company, own=own)


@handles_secrets("password")
@require_http_methods(["GET", "POST"])
@own_transactions
def renew(request: TenantRequest) -> HttpResponse:
    """S33-S36: the password once, for every company that the certificate serves."""
    request.actor.require(Right.SEND)
    actor, company = request.actor, get_company(request.actor.company_id)
    form = RenewalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            outcomes = ksef_certificates.renew_access(
                actor=actor, environment=company.environment, password=form.cleaned_data["password"]
            )
        except (RuleBroken, KSeFError) as error:
            _say_at_field(form, error, otherwise="password")
        else:
            _tell(request, outcomes)
            return redirect("accounts:ksef", company.slug)
    own = list_own_certificates(actor.user_id, environment=company.environment)
    here = next((one for one in own if one.company_id == company.id), None)
    served = [one for one in own if here and one.fingerprint == here.fingerprint]
    return _form_page(request, "accounts/ksef/renew.html", form, company, here=here, served=served)


@require_POST
@recently_confirmed(form="accounts:ksef")
@own_transactions
def practice(request: TenantRequest) -> HttpResponse:
    """Practise without files: a self-signed certificate, where KSeF takes one."""
    request.actor.require(Right.SEND)
    company = get_company(request.actor.company_id)
    try:
        ksef_connecting.connect_with_self_signed_certificate(actor=request.actor, company=company)
    except RuleBroken as broken:
        messages.error(request, say(broken))
    except KSeFError as error:
        messages.error(request, explain(error).text)
    else:
        messages.success(request, _("Połączono z KSeF."))
    return redirect("accounts:ksef", company.slug)


@require_POST
@own_transactions
def check(request: TenantRequest) -> HttpResponse:
    """What KSeF itself says now, for the button "Sprawdź połączenie"."""
    request.actor.require(Right.SEND)
    company = get_company(request.actor.company_id)
    report = None
    try:
        report = ksef_status.check_connection(actor=request.actor, company=company)
    except NotConnected:
        messages.error(request, _("Nie ma teraz dostępu do KSeF: połącz się albo odnów dostęp."))
    except KSeFError as error:
        messages.error(request, explain(error).text)
    with tenant_transaction(request.actor.company_id, user_id=request.actor.user_id):
        page = get_ksef_page(actor=request.actor, company=company)
        return render(request, "accounts/ksef/overview.html", overview_context(page, report=report))


@require_POST
@own_transactions
def end_login(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.SEND)
    company = get_company(request.actor.company_id)
    try:
        ksef_status.end_login(
            actor=request.actor, company=company, reference=request.POST.get("reference", "")
        )
    except NotConnected:
        messages.error(request, _("Nie ma teraz dostępu do KSeF: połącz się albo odnów dostęp."))
    except KSeFError as error:
        messages.error(request, explain(error).text)
    else:
        messages.success(request, _("Sesja w KSeF zakończona."))
    return redirect("accounts:ksef", company.slug)


def _usable_elsewhere(request: TenantRequest, company: Company) -> list[object]:
    """The person's certificates in other companies that this one could be connected with, each once."""
    own = list_own_certificates(request.actor.user_id, environment=company.environment)
    here = {one.fingerprint for one in own if one.company_id == company.id}
    return list({one.fingerprint: one for one in own if one.fingerprint not in here}.values())


def _say_at_field(form: forms.Form, error: RuleBroken | KSeFError, *, otherwise: str) -> None:
    if isinstance(error, RuleBroken):
        form.add_error(error.field or otherwise, say(error))
        return
    problem = explain(error)
    form.add_error(problem.field if problem.field in form.fields else otherwise, problem.text)


def _tell(request: TenantRequest, outcomes: Iterable[Outcome]) -> None:
    """One line for each company: connected, or why not."""
    for outcome in outcomes:
        if outcome.error is None:
            messages.success(request, _("Połączono z KSeF: %(company)s.") % {"company": outcome.company.name})
        else:
            facts = {"company": outcome.company.name, "why": explain(outcome.error).text}
            messages.error(request, _("%(company)s: %(why)s") % facts)


def _form_page(
    request: TenantRequest, template: str, form: forms.Form, company: Company, **more: object
) -> HttpResponse:
    with tenant_transaction(request.actor.company_id, user_id=request.actor.user_id):
        page = get_ksef_page(actor=request.actor, company=company)
        context = {"form": form, "page": page, "choice": environment_choice(company.environment), **more}
        return render(request, template, context)
