"""Rules of the house that a syntax tree can check."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import APPS, PACKAGES, Module, called_name, calls, dotted, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.architecture

PORTAL = [module for module in modules(*APPS) if not module.is_migration]
LONGEST_VIEW = 25
LONGEST_FUNCTION = 60

# Views that open their transactions themselves, because they talk to KSeF inside the request.
OWN_TRANSACTIONS = {
    # A letter goes out after the commit.
    "accounts.views.invitations.invite",
    "accounts.views.invitations.resend",
    "accounts.views.ksef.remind",
    "accounts.views.ksef_access.borrow",
    "accounts.views.ksef_access.certificate",
    "accounts.views.ksef_access.check",
    "accounts.views.ksef_access.end_login",
    "accounts.views.ksef_access.practice",
    "accounts.views.ksef_access.renew",
    "accounts.views.ksef_access.token",
    "accounts.views.ksef_certificates.enroll",
    "accounts.views.ksef_certificates.finish",
    "accounts.views.ksef_certificates.revoke",
    # Many invoices at once: each in a transaction of its own.
    "invoices.views.bulk.approve",
    "invoices.views.bulk.send",
}
# Functions of services that change something without asking the actor, each with its reason.
ASKS_NOBODY = {
    "accounts.services.invitations.accept_invitation": "the token and the address are the right: no member yet",
    "roles.services.administrators.lock_members": "changes nothing; asked by services that asked for the right",
    "roles.services.administrators.keep_an_administrator": "refuses, or changes nothing",
    "accounts.services.companies.create_company": "founding a company needs no right: its founder has none yet",
    "accounts.services.companies.add_member": "set-up code only: people are invited",
    "accounts.services.ksef_access.obtain_access": "a worker, after load_work asked for the right",
    "accounts.services.ksef_access.renew_ahead": "the beat, for an access that its user has in use",
    "accounts.services.ksef_access.forget_access": "a worker that KSeF answered with 401",
    "accounts.services.ksef_access.endpoint_for": "reads settings",
    "accounts.services.ksef_access.gateway_for": "reads settings",
    "invoices.services.drafting.price_lines": "computes, writes nothing",
    "invoices.services.drafting.default_series": "asked by save_draft, which asked for the right",
    "invoices.services.approval.buyer_of": "reads; asked by services that asked for the right",
    "invoices.services.approval.freeze": "makes a document and stores none",
    "invoices.services.submission.queue_submission": "asked by services that asked for the right",
    "invoices.services.sending.run_next": "a worker; the right is asked in load_work and begin_post (S79)",
    "invoices.services.submission.end_recall_window": "asked by services that asked for the right",
    "invoices.services.submission.goes_by_itself": "reads, and asks whether the actor sends automatically",
    "invoices.services.submission.is_on_its_way": "reads",
    "invoices.services.sending.run_entry": "a worker; the right is asked in load_work and begin_post (S79)",
    "invoices.services.sending.deliver": "a worker; the right is asked in load_work and begin_post (S79)",
    "invoices.services.upo.fetch_upo": "a worker; whatever was accepted has a receipt",
    "invoices.services.watch.check_invariants": "the beat; it reads, and what it finds goes to the log alone",
    "invoices.services.fetching.receive": "a worker; the right is asked in load_work (S79)",
    "invoices.services.receiving.check_at_login": "a worker, for whoever has logged in; asks their actor",
    "invoices.services.receiving.schedule_checks": "the beat; the worker asks for the right in load_work",
    "invoices.services.receiving.first_of_month": "computes, writes nothing",
    "invoices.services.failpoints.reach": "changes nothing but the life of a practice worker",
}
# Here a person acts on oneself: no company is entered, and no right could say more than the log-in.
OF_ONESELF = "accounts.identity.services."
# The step-up (V21): what must not be done from a forgotten or stolen session.
CONFIRMED = {
    "accounts.views.invitations.invite",
    "accounts.views.ksef.environment",
    "accounts.views.ksef_access.borrow",
    "accounts.views.ksef_access.certificate",
    "accounts.views.ksef_access.practice",
    "accounts.views.ksef_access.token",
    "accounts.views.ksef_certificates.enroll",
    "accounts.views.ksef_certificates.offline",
    "accounts.views.ksef_certificates.revoke",
    "accounts.views.people.deactivate",
    "accounts.views.people.member",
    "accounts.views.people.reactivate",
    "accounts.views.plan.plan",
    "accounts.views.roles.delete",
    "accounts.views.roles.edit",
    "accounts.views.roles.new",
    "accounts.identity.views.factors.add_app",
    "accounts.identity.views.factors.remove_app",
    "accounts.identity.views.factors.recovery_codes",
    "accounts.identity.views.factors.download_recovery_codes",
    "accounts.identity.views.passkeys.add_passkey",
    "accounts.identity.views.passkeys.edit_passkey",
}
# Modules that only workers call, with a claim in their hands, or only the command that fills the demo.
OUT_OF_REACH = {
    "accounts.services.access_timers",
    "accounts.services.credential_store",
    "accounts.services.mails",
    "accounts.services.resuming",
    "invoices.services.demo_clock",
    "invoices.services.demo_plan",
    "invoices.services.demo_seed",
    "invoices.services._drafts",
    "invoices.services._placing",
    "invoices.services._transition",
    "invoices.services.batch_members",
    "invoices.services.batch_receipts",
    "invoices.services.batch_sending",
    "invoices.services.gathering",
    "invoices.services.arrivals",
    "invoices.services.receiving_pace",
    "invoices.services.outcomes",
    "invoices.services.pacing",
    "invoices.services.reconciliation",
    "invoices.services.ksef_sessions",
    "invoices.services.legal_clock",
    "invoices.services.lighthouses",
    "invoices.services.setbacks",
}


def everywhere(*layers: str) -> Iterator[Module]:
    return (module for module in PORTAL if not layers or module.layer in layers)


def test_no_queries_outside_services_and_selectors() -> None:
    """C9: views, forms and tasks get data from selectors and change it by services; so does the frame."""
    found = [
        module.at(node)
        for module in [
            *everywhere("views", "forms", "tasks"),
            *(m for m in PORTAL if m.name.startswith("config.")),
        ]
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]
    assert found == []


def test_no_way_around_the_manager() -> None:
    """V8: raw SQL, extra() and base managers would skip the tenant's filter."""
    banned = {"raw", "extra", "_base_manager", "_default_manager", "_raw_delete", "RawSQL"}
    found = [
        module.at(call)
        for module in PORTAL
        for call in calls(module.tree)
        if banned & set(called_name(call).replace("()", "").split("."))
    ]
    assert found == []


def test_sql_is_constant() -> None:
    """V29: no SQL is put together from strings; parameters travel apart."""
    found = [
        module.at(call)
        for module in PORTAL
        for call in calls(module.tree)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"execute", "executemany", "mogrify"}
        and call.args
        and not _is_constant_sql(call.args[0])
    ]
    assert found == []


def _is_constant_sql(node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return node.id.isupper()
    if isinstance(node, ast.Call):
        # psycopg.sql quotes what it puts together.
        return dotted(node.func).endswith(".format") and "SQL()" in dotted(node.func)
    return isinstance(node, ast.Constant)


def test_only_the_transition_writes_the_state() -> None:
    """I1: an invoice changes its state by an event and by nothing else."""
    found = [
        module.at(node)
        for module in PORTAL
        if module.name != "invoices.services._transition" and module.layer != "domain"
        for node in ast.walk(module.tree)
        if _writes_state(node)
    ]
    assert found == []


def test_only_the_placing_writes_the_place() -> None:
    """S109: a received document gets to its place by an event and by nothing else."""
    found = [
        module.at(node)
        for module in PORTAL
        if module.name != "invoices.services._placing" and module.layer not in {"domain", "models"}
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Attribute) and target.attr == "place" for target in node.targets)
    ]
    assert found == []


def _writes_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets)
    if not isinstance(node, ast.Call):
        return False
    name = called_name(node)
    if name == "setattr":
        return any(isinstance(part, ast.Constant) and part.value == "state" for part in node.args)
    writes = {"update", "create", "get_or_create", "update_or_create", "Invoice", "bulk_update"}
    return name.rpartition(".")[2] in writes and any(keyword.arg == "state" for keyword in node.keywords)


def test_the_outbox_alone_acts_after_the_commit() -> None:
    """F33: whatever else must happen after a commit belongs in the queue, where nothing gets lost."""
    found = [
        module.at(call)
        for module in PORTAL
        if module.name != "invoices.outbox"
        for call in calls(module.tree)
        if called_name(call).endswith("on_commit")
    ]
    assert found == []


def test_no_float_in_the_domain() -> None:
    """Money and quantities are Decimal; a float would round them."""
    found = [
        module.at(node)
        for module in modules("invoices", "accounts")
        if module.layer in {"domain", "fa3_mapping"}
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert found == []


def views() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions that Django calls with a request."""
    for module in everywhere("views"):
        for name, node in module.public_functions():
            if (
                isinstance(node, ast.FunctionDef)
                and node.args.args[:1]
                and node.args.args[0].arg == "request"
            ):
                yield name, node


def test_views_are_short() -> None:
    """A view parses, calls one service or selector, and answers."""
    longest = {name: _lines(node) for name, node in views()}
    assert {name: lines for name, lines in longest.items() if lines > LONGEST_VIEW} == {}
    assert len(longest) > 20, "the views were found"


def test_views_of_a_company_ask_for_a_right_first() -> None:
    """S78: the first thing a view of a company does is to name the right it stands on."""
    found = [name for name, node in views() if _is_of_a_company(node) and not _asks_first(node)]
    assert found == []


def _is_of_a_company(node: ast.FunctionDef) -> bool:
    annotation = node.args.args[0].annotation
    return annotation is not None and dotted(annotation) == "TenantRequest"


def _asks_first(node: ast.FunctionDef) -> bool:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    first = body[0]
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Call)
        and called_name(first.value) == "request.actor.require"
    )


def test_views_with_own_transactions_are_listed() -> None:
    """All others run in the request's transaction, rendering included; these call KSeF in between."""
    marked = {
        name
        for name, node in views()
        if any("own_transactions" in dotted(decorator) for decorator in node.decorator_list)
    }
    assert marked == OWN_TRANSACTIONS


def test_views_that_ask_for_a_confirmation_are_listed() -> None:
    """V21: a view leaves this list knowingly or not at all."""
    marked = {
        name
        for name, node in views()
        if any("recently_confirmed" in dotted(decorator) for decorator in node.decorator_list)
    }
    assert marked == CONFIRMED


def test_services_ask_the_actor() -> None:
    """S78: every service asks the actor for a right again, or is listed with the reason why not."""
    silent = {
        name
        for module in everywhere("services")
        if module.name not in OUT_OF_REACH and not module.name.startswith(OF_ONESELF)
        for name, node in module.public_functions()
        if not any(called_name(call) == "actor.require" for call in calls(node))
    }
    assert silent == set(ASKS_NOBODY)


def test_requests_reach_no_module_of_the_workers() -> None:
    """What changes an invoice without asking for a right is out of a request's reach."""
    found = [
        module.at(node)
        for module in everywhere("views", "forms", "urls", "selectors")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module in OUT_OF_REACH
    ]
    assert found == []


def test_functions_are_short() -> None:
    """Sixty lines is where reading turns into scrolling."""
    long = {
        name: _lines(node)
        for module in modules(*PACKAGES)
        for name, node in module.functions()
        if _lines(node) > LONGEST_FUNCTION
    }
    assert long == {}


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_says_why_it_exists() -> None:
    assert [
        m.name for m in modules(*PACKAGES, "tests") if m.tree.body and not ast.get_docstring(m.tree)
    ] == []


def test_no_csrf_exemption_and_no_marked_html() -> None:
    """V23, V25: there is no view without CSRF protection, and HTML is made by templates."""
    banned = {"csrf_exempt", "mark_safe", "SafeString", "SafeText", "format_html", "requires_csrf_token"}
    found = [
        module.at(node)
        for module in modules(*PACKAGES)
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Name) and node.id in banned)
        or (isinstance(node, ast.alias) and node.name in banned)
    ]
    assert found == []
