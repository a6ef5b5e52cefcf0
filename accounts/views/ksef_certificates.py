"""Offline certificates by upload, and certificates that KSeF issues for a key made here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.domain.errors import RuleBroken
from accounts.forms.ksef import EnrollmentForm, OfflineCertificateForm
from accounts.forms.wording import explain, say
from accounts.identity.confirmation import recently_confirmed
from accounts.selectors import get_company
from accounts.selectors.ksef_page import get_ksef_page
from accounts.services import ksef_certificates, ksef_connecting, ksef_enrollment
from accounts.services.ksef_access import NotConnected
from accounts.services.ksef_enrollment import CertificateWish
from accounts.views.secrets import handles_secrets
from ksef.errors import CredentialUnusable, KSeFError
from ksef.exchange.certificates import CertificateKind
from roles.access import Right
from roles.middleware import TenantRequest, own_transactions
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from django.http import HttpResponse

_KINDS = {"uwierzytelniajacy": CertificateKind.AUTHENTICATION, "offline": CertificateKind.OFFLINE}


@handles_secrets("key")
@require_http_methods(["GET", "POST"])
@recently_confirmed
def offline(request: TenantRequest) -> HttpResponse:
    """S39-S43, S50: two files, no password."""
    request.actor.require(Right.SEND)
    form = OfflineCertificateForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            ksef_certificates.save_offline_certificate(actor=request.actor, **form.cleaned_data)
        except RuleBroken as broken:
            form.add_error(broken.field, say(broken))
        except CredentialUnusable as error:
            problem = explain(error)
            form.add_error(problem.field if problem.field in form.fields else "certificate", problem.text)
        else:
            messages.success(request, _("Certyfikat offline zapisany."))
            return redirect("accounts:ksef", request.company.slug)
    page = get_ksef_page(actor=request.actor, company=request.company)
    return render(request, "accounts/ksef/offline.html", {"form": form, "page": page})


@require_POST
def remove_offline(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.SEND)
    ksef_connecting.remove_offline_certificate(actor=request.actor, environment=request.company.environment)
    messages.success(request, _("Certyfikat offline usunięty."))
    return redirect("accounts:ksef", request.company.slug)


@handles_secrets("password", "repeated")
@require_http_methods(["GET", "POST"])
@recently_confirmed
@own_transactions
def enroll(request: TenantRequest, kind: str) -> HttpResponse:
    """A key made here and a certificate from KSeF, without files: "Odnów certyfikat"."""
    request.actor.require(Right.SEND)
    if kind not in _KINDS:
        raise Http404
    company = get_company(request.actor.company_id)
    form = EnrollmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wish = CertificateWish(
            name=form.cleaned_data["name"], kind=_KINDS[kind], password=form.cleaned_data["password"]
        )
        try:
            is_issued = ksef_enrollment.request_certificate(actor=request.actor, company=company, wish=wish)
        except (RuleBroken, NotConnected, KSeFError) as error:
            form.add_error(None, _why(error))
        else:
            _tell_issued(request, is_issued=is_issued)
            return redirect("accounts:ksef", company.slug)
    with tenant_transaction(request.actor.company_id, user_id=request.actor.user_id):
        page = get_ksef_page(actor=request.actor, company=company)
        context = {"form": form, "page": page, "kind": kind}
        return render(request, "accounts/ksef/enroll.html", context)


@require_POST
@own_transactions
def finish(request: TenantRequest) -> HttpResponse:
    """Ask KSeF again for a certificate that was not ready at once."""
    request.actor.require(Right.SEND)
    company = get_company(request.actor.company_id)
    try:
        is_issued = ksef_enrollment.finish_request(actor=request.actor, company=company)
    except (RuleBroken, NotConnected, KSeFError) as error:
        messages.error(request, _why(error))
    else:
        _tell_issued(request, is_issued=is_issued)
    return redirect("accounts:ksef", company.slug)


@require_POST
@recently_confirmed(form="accounts:ksef")
@own_transactions
def revoke(request: TenantRequest) -> HttpResponse:
    request.actor.require(Right.SEND)
    company = get_company(request.actor.company_id)
    try:
        ksef_enrollment.revoke_certificate(
            actor=request.actor, company=company, serial=request.POST.get("serial", "")
        )
    except (RuleBroken, NotConnected, KSeFError) as error:
        messages.error(request, _why(error))
    else:
        messages.success(request, _("Certyfikat unieważniony w KSeF."))
    return redirect("accounts:ksef", company.slug)


def _why(error: RuleBroken | NotConnected | KSeFError) -> str:
    if isinstance(error, RuleBroken):
        return say(error)
    if isinstance(error, NotConnected):
        return _("Nie ma teraz dostępu do KSeF: połącz się albo odnów dostęp.")
    return explain(error).text


def _tell_issued(request: TenantRequest, *, is_issued: bool) -> None:
    if is_issued:
        messages.success(request, _("KSeF wydał certyfikat. Jest zapisany i od razu używany."))
    else:
        messages.info(request, _("KSeF jeszcze przygotowuje certyfikat. Zajrzyj tu za kilka minut."))
