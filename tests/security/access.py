"""The written table of who gets what at which address; a new address fails the tests until it stands here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.builders import today

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.security.world import Possessions

COLLEAGUES: Final = ("alicja", "beata", "cezary", "wanda")
# Administrator, accountant, issuer (who may not send), viewer.
ALL = (200, 200, 200, 200)
ALL_REDIRECTED = (302, 302, 302, 302)
NOBODY = (404, 404, 404, 404)
ISSUERS = (200, 200, 200, 403)
ISSUERS_REDIRECTED = (302, 302, 302, 403)
SENDERS = (200, 200, 403, 403)
SENDERS_REDIRECTED = (302, 302, 403, 403)
ADMINISTRATOR = (200, 403, 403, 403)
ADMINISTRATOR_REDIRECTED = (302, 403, 403, 403)

INVOICE = frozenset({"invoices_invoice", "invoices_invoiceline"})
APPROVAL = frozenset(
    {"invoices_invoice", "invoices_invoiceevent", "invoices_invoicedocument", "invoices_numbercounter"}
)
REOPENING = frozenset({"invoices_invoice", "invoices_invoiceevent"})
SUBMISSION = frozenset(
    {"invoices_invoice", "invoices_invoiceevent", "invoices_submission", "invoices_outboxentry"}
)
INVITATION = frozenset({"accounts_invitation", "roles_auditentry"})
ROLE = frozenset({"roles_role", "roles_auditentry"})
MEMBERSHIP = frozenset({"roles_membership", "roles_auditentry"})
EXPORT = frozenset({"roles_auditentry"})
RECEIVED = frozenset({"invoices_receiveddocument", "invoices_receivedevent"})
USED = frozenset({"accounts_ksefcredential", "accounts_accesstimer"})
CREDENTIAL = frozenset(
    {"accounts_ksefcredential", "accounts_accessstate", "accounts_accesstimer", "roles_auditentry"}
)

# An id that belongs to nothing.
NOBODYS: Final = "00000000-0000-4000-8000-000000000007"

# What the ids in the addresses of "Użytkownicy" are called.
_ARGUMENTS: Final = {
    "member": "membership_id",
    "former": "membership_id",
    "role": "role_id",
    "invitation": "invitation_id",
}

type Fields = dict[str, Any]


def _nothing(_objects: Possessions) -> Fields:
    return {}


def invoice_form(objects: Possessions) -> Fields:
    """The editor as a browser sends it, complete."""
    return {
        "action": "save",
        "version": "1",
        "contractor": str(objects.contractor),
        "issue_date": today().isoformat(),
        "method": "net",
        "exemption_kind": "act",
        "payment_form": "6",
        "due_date": today().isoformat(),
        "line_name": "Usługa",
        "line_unit": "szt.",
        "line_quantity": "2",
        "line_price": "50",
        "line_discount": "",
        "line_rate": "23",
    }


def contractor_form(_objects: Possessions) -> Fields:
    return {
        "kind": "domestic",
        "tax_id": "7010416384",
        "name": "Nowa nazwa",
        "country": "PL",
        "address_line1": "ul. Nowa 1",
        "address_line2": "00-003 Warszawa",
        "email": "",
    }


def company_form(_objects: Possessions) -> Fields:
    return {"name": "Inna nazwa", "address_line1": "ul. Inna 1", "address_line2": "", "bank_account": ""}


def new_company_form(objects: Possessions) -> Fields:
    return company_form(objects) | {"nip": "7010416384"}


def deletion(_objects: Possessions) -> Fields:
    return {"version": "1"}


def bad_token(_objects: Possessions) -> Fields:
    return {"token": "not-a-token-of-this-company"}


def unknown_environment(_objects: Possessions) -> Fields:
    return {"environment": "elsewhere"}


def unsaved_method(_objects: Possessions) -> Fields:
    return {"method": "token"}


def parameters(_objects: Possessions) -> Fields:
    return {"scope": "receive"}


def help_answer(_objects: Possessions) -> Fields:
    return {"is_helpful": "yes", "comment": ""}


def practice_method(_objects: Possessions) -> Fields:
    return {"kind": "practice"}


def profile_form(_objects: Possessions) -> Fields:
    return {"full_name": "Nowe Nazwisko"}


def wrong_password(_objects: Possessions) -> Fields:
    return {"password": "nie-to-haslo", "fingerprint": "0" * 64}


def wrong_code(_objects: Possessions) -> Fields:
    return {"code": "00000000"}


def renewal(_objects: Possessions) -> Fields:
    return {"action": "renew"}


def moved(objects: Possessions) -> Fields:
    return {"move": "archived", "document": str(objects.received)}


def posting(_objects: Possessions) -> Fields:
    return {"deduction": "part", "period": f"{today():%Y-%m}"}


def fetching(_objects: Possessions) -> Fields:
    return {"since": today().isoformat(), "until": today().isoformat()}


def purchase_form(_objects: Possessions) -> Fields:
    return {"category": "materials", "paid_on": today().isoformat()}


def passkey_form(_objects: Possessions) -> Fields:
    return {"name": "klucz", "credential": "{}"}


def change_of_plan(_objects: Possessions) -> Fields:
    return {"plan": "efaktury", "seen": "plus"}


def invitation_form(objects: Possessions) -> Fields:
    return {"email": "nowa.osoba@example.test", "role": str(objects.role)}


def member_form(objects: Possessions) -> Fields:
    return {"role": str(objects.role), "seen": str(objects.role_of_member), "confirmed": "yes"}


def role_form(_objects: Possessions) -> Fields:
    return {"name": "Inna rola", "version": "1", "send": "on"}


@dataclass(frozen=True, slots=True)
class Row:
    """One address, one method: what each colleague gets, and what an allowed request changes."""

    name: str
    method: str
    statuses: tuple[int, int, int, int]
    # The object in the address, by its name in Possessions.
    target: str = ""
    form: Callable[[Possessions], Fields] = _nothing
    changes: frozenset[str] = field(default=frozenset())
    # What may change besides: that an access was used, which is written down every few minutes.
    notes: frozenset[str] = field(default=frozenset())

    @property
    def id(self) -> str:
        return f"{self.method}-{self.name}-{self.target}"

    @property
    def _argument(self) -> str:
        if self.name.startswith("users:"):
            return _ARGUMENTS[self.target]
        if self.name.startswith(("inbox:", "purchases:")):
            return "document_id" if self.name.startswith("inbox:") else "purchase_id"
        if self.name == "accounts:ksef_remind":
            return "user_id"
        if self.name == "invoices:session_upo":
            return "page_id"
        return "contractor_id" if self.name.startswith("contractors:") else "invoice_id"

    def url(self, objects: Possessions, *, slug: str = "") -> str:
        """The address inside the company of these objects, or with them inside another one's."""
        arguments: dict[str, Any] = {"company": slug or objects.slug}
        if self.name == "accounts:ksef_enroll":
            arguments["kind"] = "offline"
        if self.target:
            arguments[self._argument] = getattr(objects, self.target)
        return reverse(self.name, kwargs=arguments)


COMPANY_ROWS = (
    Row("dashboard", "GET", ALL),
    Row("invoices:index", "GET", ALL),
    Row("invoices:queue", "GET", ALL),
    Row("invoices:queue_state", "GET", ALL),
    Row("invoices:session_upo", "GET", ALL, "session_upo"),
    Row(
        "invoices:approve_many",
        "POST",
        ISSUERS,
        "",
        lambda objects: {"wybrane": str(objects.draft)},
        APPROVAL | SUBMISSION,
    ),
    Row(
        "invoices:send_many",
        "POST",
        SENDERS,
        "",
        lambda objects: {"wybrane": str(objects.approved)},
        SUBMISSION,
    ),
    Row(
        "invoices:download_many",
        "POST",
        ALL,
        "",
        lambda objects: {"wybrane": str(objects.accepted), "co": ["upo", "xml"]},
        EXPORT,
    ),
    Row("invoices:new", "GET", ISSUERS),
    Row("invoices:new", "POST", ISSUERS_REDIRECTED, "", invoice_form, INVOICE),
    Row("invoices:totals", "POST", ISSUERS, "", invoice_form),
    Row("invoices:show", "GET", (302, 302, 302, 200), "draft"),
    Row("invoices:show", "GET", ALL, "approved"),
    Row("invoices:show", "GET", ALL, "queued"),
    Row("invoices:show", "GET", ALL, "accepted"),
    Row("invoices:show", "GET", ALL, "rejected"),
    Row("invoices:status", "GET", ALL, "draft"),
    Row("invoices:status", "GET", ALL, "queued"),
    Row("invoices:status", "GET", ALL, "accepted"),
    Row("invoices:edit", "GET", ISSUERS, "draft"),
    Row("invoices:edit", "GET", ISSUERS_REDIRECTED, "accepted"),
    Row("invoices:edit", "POST", ISSUERS_REDIRECTED, "draft", invoice_form, INVOICE),
    Row("invoices:edit", "POST", ISSUERS_REDIRECTED, "accepted", invoice_form),
    Row("invoices:duplicate", "POST", ISSUERS_REDIRECTED, "accepted", _nothing, INVOICE),
    Row("invoices:correct", "POST", ISSUERS_REDIRECTED, "accepted", _nothing, INVOICE | {"invoices_series"}),
    Row("invoices:correct", "POST", ISSUERS_REDIRECTED, "draft"),
    Row("invoices:delete", "GET", ISSUERS, "draft"),
    Row("invoices:delete", "GET", ISSUERS_REDIRECTED, "accepted"),
    Row("invoices:delete", "POST", ISSUERS_REDIRECTED, "draft", deletion, INVOICE),
    Row("invoices:delete", "POST", ISSUERS_REDIRECTED, "accepted", deletion),
    # Whoever is connected and sends automatically has it queued as well (S75).
    Row("invoices:approve", "POST", ISSUERS_REDIRECTED, "draft", _nothing, APPROVAL | SUBMISSION),
    Row("invoices:approve", "POST", ISSUERS_REDIRECTED, "accepted"),
    Row("invoices:send", "POST", SENDERS_REDIRECTED, "approved", _nothing, SUBMISSION),
    Row("invoices:send", "POST", SENDERS_REDIRECTED, "draft"),
    # It goes by itself where its issuer's sending is automatic (R2).
    Row("invoices:issue_offline", "POST", ISSUERS_REDIRECTED, "approved", _nothing, SUBMISSION),
    Row("invoices:issue_offline", "POST", ISSUERS_REDIRECTED, "accepted"),
    Row("invoices:correct_technically", "POST", SENDERS_REDIRECTED, "rejected"),
    Row("invoices:recall", "POST", ISSUERS_REDIRECTED, "approved", _nothing, REOPENING),
    Row("invoices:recall", "POST", ISSUERS_REDIRECTED, "queued", _nothing, SUBMISSION),
    Row("invoices:recall", "POST", ISSUERS_REDIRECTED, "accepted"),
    Row("invoices:reopen", "POST", ISSUERS_REDIRECTED, "rejected", _nothing, REOPENING),
    Row("invoices:reopen", "POST", ISSUERS_REDIRECTED, "accepted"),
    Row("invoices:conflict", "GET", ALL, "taken"),
    Row("invoices:conflict", "GET", NOBODY, "accepted"),
    Row("invoices:conflict_xml", "GET", ALL, "taken"),
    Row("invoices:renumber", "POST", ISSUERS_REDIRECTED, "taken", _nothing, REOPENING),
    Row("invoices:renumber", "POST", ISSUERS_REDIRECTED, "rejected"),
    Row(
        "invoices:cancel",
        "POST",
        ISSUERS_REDIRECTED,
        "approved",
        _nothing,
        frozenset({"invoices_invoice", "invoices_invoiceevent"}),
    ),
    Row("invoices:cancel", "POST", ISSUERS_REDIRECTED, "rejected"),
    Row("invoices:pdf", "GET", ALL_REDIRECTED, "draft"),
    Row("invoices:pdf", "GET", ALL, "accepted"),
    Row("invoices:print_offline", "GET", ALL, "approved"),
    Row("invoices:print_offline", "GET", ALL_REDIRECTED, "accepted"),
    Row("invoices:print_offline", "POST", ALL, "approved", wrong_password),
    Row("invoices:xml", "GET", NOBODY, "draft"),
    Row("invoices:xml", "GET", ALL, "accepted"),
    Row("invoices:upo", "GET", NOBODY, "approved"),
    Row("invoices:upo", "GET", ALL, "accepted"),
    Row("invoices:upo_pdf", "GET", NOBODY, "approved"),
    Row("invoices:upo_pdf", "GET", ALL, "accepted"),
    Row("invoices:upo_xml", "GET", NOBODY, "approved"),
    Row("invoices:upo_xml", "GET", ALL, "accepted"),
    Row("contractors:index", "GET", ALL),
    Row("contractors:new", "GET", ISSUERS),
    Row(
        "contractors:new", "POST", ISSUERS_REDIRECTED, "", contractor_form, frozenset({"invoices_contractor"})
    ),
    Row("contractors:edit", "GET", ALL, "contractor"),
    Row(
        "contractors:edit",
        "POST",
        ISSUERS_REDIRECTED,
        "contractor",
        contractor_form,
        frozenset({"invoices_contractor"}),
    ),
    Row(
        "contractors:delete",
        "POST",
        ISSUERS_REDIRECTED,
        "unused_contractor",
        _nothing,
        frozenset({"invoices_contractor"}),
    ),
    Row("contractors:delete", "POST", ISSUERS_REDIRECTED, "contractor"),
    Row("inbox:index", "GET", SENDERS),
    Row("inbox:show", "GET", SENDERS, "received"),
    Row("inbox:show", "GET", SENDERS, "registered"),
    Row("inbox:xml", "GET", SENDERS, "received"),
    Row("inbox:fetch", "GET", SENDERS),
    Row(
        "inbox:fetch",
        "POST",
        SENDERS_REDIRECTED,
        "",
        fetching,
        frozenset({"invoices_receiving", "invoices_outboxentry"}),
    ),
    Row("inbox:move", "POST", SENDERS_REDIRECTED, "", moved, RECEIVED),
    Row(
        "inbox:post",
        "POST",
        SENDERS_REDIRECTED,
        "received",
        posting,
        RECEIVED | {"invoices_vatentry", "invoices_vatentryrate"},
    ),
    Row("inbox:post", "POST", SENDERS_REDIRECTED, "registered", posting),
    Row("register:index", "GET", SENDERS),
    Row("register:export", "GET", SENDERS),
    Row("purchases:index", "GET", SENDERS),
    Row("purchases:show", "GET", SENDERS, "purchase"),
    Row(
        "purchases:show",
        "POST",
        SENDERS_REDIRECTED,
        "purchase",
        purchase_form,
        frozenset({"invoices_purchaseinvoice"}),
    ),
    Row("accounts:settings", "GET", ALL),
    Row(
        "accounts:settings",
        "POST",
        ADMINISTRATOR_REDIRECTED,
        "",
        company_form,
        frozenset({"accounts_company", "roles_auditentry"}),
    ),
    Row("accounts:ksef", "GET", ALL),
    Row("accounts:ksef_environment", "GET", ADMINISTRATOR),
    Row("accounts:ksef_environment", "POST", ADMINISTRATOR, "", unknown_environment),
    Row("accounts:ksef_method", "POST", SENDERS_REDIRECTED, "", unsaved_method),
    Row("accounts:ksef_parameters", "GET", ADMINISTRATOR),
    Row(
        "accounts:ksef_parameters",
        "POST",
        ADMINISTRATOR_REDIRECTED,
        "",
        parameters,
        frozenset({"accounts_company", "roles_auditentry"}),
    ),
    Row(
        "accounts:ksef_remind",
        "POST",
        ADMINISTRATOR_REDIRECTED,
        "colleague",
        _nothing,
        frozenset({"accounts_accessstate", "roles_auditentry"}),
    ),
    Row("accounts:ksef_help", "GET", ALL),
    Row(
        "accounts:ksef_help",
        "POST",
        ALL_REDIRECTED,
        "",
        help_answer,
        frozenset({"accounts_helpanswer"}),
    ),
    Row("accounts:help_roles", "GET", ALL),
    Row("accounts:help_roles", "POST", ALL_REDIRECTED, "", help_answer, frozenset({"accounts_helpanswer"})),
    Row("accounts:help_sending", "GET", ALL),
    Row("accounts:help_sending", "POST", ALL_REDIRECTED, "", help_answer, frozenset({"accounts_helpanswer"})),
    Row("accounts:plan", "GET", ADMINISTRATOR),
    Row(
        "accounts:plan",
        "POST",
        ADMINISTRATOR_REDIRECTED,
        "",
        change_of_plan,
        frozenset({"accounts_company", "roles_auditentry"}),
    ),
    Row("users:index", "GET", ADMINISTRATOR),
    Row("users:invite", "GET", ADMINISTRATOR),
    Row("users:invite", "POST", ADMINISTRATOR_REDIRECTED, "", invitation_form, INVITATION),
    Row("users:resend", "POST", ADMINISTRATOR_REDIRECTED, "invitation", _nothing, INVITATION),
    Row("users:withdraw", "POST", ADMINISTRATOR_REDIRECTED, "invitation", _nothing, INVITATION),
    Row("users:journal", "GET", ADMINISTRATOR),
    Row("users:roles", "GET", ADMINISTRATOR),
    Row("users:new_role", "GET", ADMINISTRATOR),
    Row("users:new_role", "POST", ADMINISTRATOR_REDIRECTED, "", role_form, ROLE),
    Row("users:role", "GET", ADMINISTRATOR, "role"),
    Row("users:role", "POST", ADMINISTRATOR_REDIRECTED, "role", role_form, ROLE),
    Row("users:delete_role", "POST", ADMINISTRATOR_REDIRECTED, "role", role_form, ROLE),
    Row("users:member", "GET", ADMINISTRATOR, "member"),
    Row("users:member", "POST", ADMINISTRATOR_REDIRECTED, "member", member_form, MEMBERSHIP),
    Row("users:deactivate", "POST", ADMINISTRATOR_REDIRECTED, "member", _nothing, MEMBERSHIP),
    Row("users:reactivate", "POST", ADMINISTRATOR_REDIRECTED, "former", _nothing, MEMBERSHIP),
    Row("users:reactivate", "POST", ADMINISTRATOR_REDIRECTED, "member"),
    Row("accounts:connect_token", "GET", SENDERS),
    Row("accounts:ksef_certificate", "GET", SENDERS),
    Row("accounts:ksef_certificate", "POST", SENDERS),
    Row("accounts:ksef_borrow", "POST", SENDERS, "", wrong_password),
    Row("accounts:ksef_renew", "GET", SENDERS),
    Row("accounts:ksef_renew", "POST", SENDERS, "", wrong_password),
    Row("accounts:ksef_check", "POST", SENDERS, notes=USED),
    Row("accounts:ksef_end_login", "POST", SENDERS_REDIRECTED, notes=USED),
    Row("accounts:ksef_offline", "GET", SENDERS),
    Row("accounts:ksef_offline", "POST", SENDERS),
    Row(
        "accounts:ksef_remove_offline",
        "POST",
        SENDERS_REDIRECTED,
        "",
        _nothing,
        frozenset({"accounts_offlinecertificate", "accounts_accesstimer", "roles_auditentry"}),
    ),
    Row("accounts:ksef_enroll", "GET", SENDERS),
    Row("accounts:ksef_enroll", "POST", SENDERS, "", wrong_password),
    Row("accounts:ksef_finish", "POST", SENDERS_REDIRECTED, notes=USED),
    Row("accounts:ksef_revoke", "POST", SENDERS_REDIRECTED, notes=USED),
    # KSeF refuses this token, which the page says.
    Row("accounts:connect_token", "POST", SENDERS, "", bad_token),
    Row(
        "accounts:connect_certificate",
        "POST",
        SENDERS_REDIRECTED,
        "",
        _nothing,
        CREDENTIAL - {"accounts_accessstate"},
    ),
    Row("accounts:disconnect", "POST", SENDERS_REDIRECTED, "", practice_method, CREDENTIAL),
)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """An address outside any company: what a signed-in person gets, and what everybody else."""

    name: str
    method: str
    signed_in: int
    anonymous: int
    arguments: tuple[str, ...] = ()
    form: Callable[[Possessions], Fields] = _nothing


# Where anybody at all is answered with a page.
PUBLIC = {
    "home",
    "healthz",
    "account_login",
    "account_signup",
    "account_inactive",
    "account_email_verification_sent",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    # Whoever is invited has no account yet.
    "invitation",
    # A challenge for whoever wants to log in by a passkey.
    "passkey_challenge",
}

OPEN_ROWS = (
    OpenRow("home", "GET", 302, 200),
    OpenRow("healthz", "GET", 200, 200),
    # Public too, but no worker runs in these tests.
    OpenRow("readyz", "GET", 503, 503),
    OpenRow("new_company", "GET", 200, 302),
    OpenRow("new_company", "POST", 302, 302, (), new_company_form),
    OpenRow("invitation", "GET", 200, 200, ("key-of-nobody",)),
    OpenRow("invitation", "POST", 200, 200, ("key-of-nobody",)),
    OpenRow("demo_login", "POST", 404, 404),
    OpenRow("account_login", "GET", 302, 200),
    OpenRow("account_login", "POST", 302, 200),
    OpenRow("account_logout", "GET", 200, 302),
    OpenRow("account_logout", "POST", 302, 302),
    OpenRow("account_inactive", "GET", 200, 200),
    OpenRow("account_signup", "GET", 302, 200),
    OpenRow("account_signup", "POST", 302, 200),
    OpenRow("account_reauthenticate", "GET", 200, 302),
    OpenRow("account_email", "GET", 200, 302),
    OpenRow("account_email_verification_sent", "GET", 200, 200),
    OpenRow("account_change_password", "GET", 200, 302),
    OpenRow("account_set_password", "GET", 302, 302),
    OpenRow("account_reset_password", "GET", 200, 200),
    OpenRow("account_reset_password_done", "GET", 200, 200),
    OpenRow("account_reset_password_from_key", "GET", 200, 200, ("1", "key-of-nobody")),
    OpenRow("account_reset_password_from_key_done", "GET", 200, 200),
    OpenRow("account_confirm_email", "GET", 200, 200, ("key-of-nobody",)),
    OpenRow("account_confirm_login_code", "GET", 302, 302),
    OpenRow("account_reauthenticate", "POST", 200, 302, (), wrong_password),
    OpenRow("account", "GET", 200, 302),
    OpenRow("account", "POST", 302, 302, (), profile_form),
    OpenRow("end_session", "POST", 302, 302, (NOBODYS,)),
    OpenRow("end_other_sessions", "POST", 302, 302),
    OpenRow("mfa_setup", "GET", 200, 302),
    OpenRow("mfa_authenticate", "GET", 302, 302),
    OpenRow("mfa_authenticate", "POST", 302, 302),
    OpenRow("mfa_add_app", "GET", 200, 302),
    OpenRow("mfa_add_app", "POST", 200, 302, (), wrong_code),
    OpenRow("mfa_remove_app", "GET", 302, 302),
    OpenRow("mfa_remove_app", "POST", 302, 302),
    OpenRow("mfa_recovery_codes", "GET", 200, 302),
    OpenRow("mfa_recovery_codes", "POST", 200, 302, (), renewal),
    OpenRow("mfa_download_recovery_codes", "POST", 302, 302),
    OpenRow("add_passkey", "GET", 200, 302),
    OpenRow("add_passkey", "POST", 200, 302, (), passkey_form),
    OpenRow("edit_passkey", "GET", 404, 302, (NOBODYS,)),
    OpenRow("edit_passkey", "POST", 404, 302, (NOBODYS,)),
    OpenRow("passkey_login", "POST", 302, 302, (), passkey_form),
    OpenRow("passkey_challenge", "POST", 200, 200, ("logowanie",)),
)


@dataclass(frozen=True, slots=True)
class Address:
    """A URL pattern as the resolver has it."""

    name: str
    route: str

    @property
    def is_of_a_company(self) -> bool:
        return "<slug:company>" in self.route


def all_addresses() -> Iterator[Address]:
    """Every address that the resolver knows; one without a name cannot be in the table and fails it."""
    yield from _walk(get_resolver().url_patterns, spaces=(), route="")


def _walk(
    patterns: list[URLPattern | URLResolver], *, spaces: tuple[str, ...], route: str
) -> Iterator[Address]:
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _walk(pattern.url_patterns, spaces=inner, route=here)
        else:
            yield Address(":".join([*spaces, pattern.name or f"nameless {here}"]), here)
