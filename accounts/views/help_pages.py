"""Help articles, each with the question whether it helped (S77, S110)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.ksef import HelpAnswerForm
from accounts.selectors import find_help_answer
from accounts.services.help_answers import answer_help
from roles.access import Right

if TYPE_CHECKING:
    from django.http import HttpResponse

    from roles.middleware import TenantRequest


@require_http_methods(["GET", "POST"])
def article(request: TenantRequest, name: str) -> HttpResponse:
    """The article of this name; the addresses name those that there are."""
    request.actor.require(Right.VIEW)
    form = HelpAnswerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer_help(actor=request.actor, article=name, **form.cleaned_data)
        messages.success(request, _("Dziękujemy za odpowiedź."))
        return redirect(f"accounts:help_{name}", request.company.slug)
    context = {
        "form": form,
        "article": name,
        "was_helpful": find_help_answer(actor=request.actor, article=name),
        "may_manage": request.actor.may(Right.USERS),
    }
    return render(request, f"accounts/help/{name}.html", context)
