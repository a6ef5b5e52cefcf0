"""What a person may do with an invoice now, by right and state, and what to know before doing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.environments import has_legal_effect
from accounts.selectors import find_connection
from invoices.domain.calendar import next_business_day, warsaw_date
from invoices.domain.deadlines import Basis, offline_mode_of
from invoices.domain.lifecycle import MOVING, Event, Mode, State, is_duplicate, may_be_corrected
from invoices.models import Submission
from invoices.selectors.ksef_wording import explain_problem, explain_rejection, needs_person
from invoices.selectors.offline_wording import mode_label, tell_deadline
from invoices.selectors.outages import list_outages
from invoices.selectors.rendering import format_date
from roles.access import Right, list_holders
from roles.selectors import role_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from invoices.models import Invoice, InvoiceEvent
    from roles.access import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that decides about the next step, read once."""

    invoice: Invoice
    actor: Actor
    slug: str
    events: tuple[InvoiceEvent, ...]
    submission: Submission | None
    has_upo: bool
    # Whether the company sends anything at all (S92).
    sends: bool
    # Whether roles say who sends (S64), or approval itself does (S62).
    roles_decide: bool
    # Whether a print-out asks for the issuer's certificate (S44).
    needs_issuer: bool

    def url(self, name: str) -> str:
        return reverse(f"invoices:{name}", args=[self.slug, self.invoice.id])


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    label: str
    url: str
    icon: str
    is_post: bool = False
    is_primary: bool = False
    # It leads to a page and not to a file.
    opens_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Why the invoice stands where it stands, in the words of a person, and what to do about it."""

    tone: str
    title: str
    what: str = ""
    places: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    todo: str = ""
    url: str = ""
    link: str = ""
    # A moment that a person may watch coming.
    until: str = ""


def list_actions(situation: Situation) -> tuple[Action, ...]:
    """The buttons of the page; what the role does not hold is not offered (S87)."""
    state = State(situation.invoice.state)
    return (
        *_main_actions(situation, state),
        *_downloads(situation, state),
        *_offline(situation, state),
        *_recall(situation, state),
        *_correction(situation, state),
        *_copies(situation, state),
        *_cancellation(situation, state),
    )


def _main_actions(situation: Situation, state: State) -> list[Action]:
    if _may_be_corrected_technically(situation, state):
        return [
            Action(
                label=_("Prześlij poprawkę techniczną"),
                url=situation.url("correct_technically"),
                icon="send",
                is_post=True,
                is_primary=True,
            ),
            *_mending(situation, is_primary=False),
        ]
    if _may_be_sent(situation, state):
        return [
            Action(
                label=_("Wyślij teraz") if state is State.QUEUED else _("Wyślij do KSeF"),
                url=situation.url("send"),
                icon="send",
                is_post=True,
                is_primary=True,
            )
        ]
    if _is_number_taken(situation, state):
        return [
            Action(
                label=_("Porównaj z fakturą w KSeF"),
                url=situation.url("conflict"),
                icon="search",
                is_primary=True,
                opens_page=True,
            )
        ]
    return _mending(situation, is_primary=True) if state is State.REJECTED else []


def _mending(situation: Situation, *, is_primary: bool) -> list[Action]:
    if not situation.actor.may(Right.ISSUE):
        return []
    return [
        Action(
            label=_("Popraw"),
            url=situation.url("reopen"),
            icon="edit",
            is_post=True,
            is_primary=is_primary,
        )
    ]


def _may_be_corrected_technically(situation: Situation, state: State) -> bool:
    """The buyer may hold the document, and KSeF refused nothing but its form (ksef-protocol 10)."""
    if state is not State.REJECTED or situation.invoice.mode == Mode.ONLINE:
        return False
    if not may_be_corrected(_rejection(situation)) or not situation.actor.may(Right.SEND):
        return False
    return situation.sends and _is_connected(situation)


def _offline(situation: Situation, state: State) -> list[Action]:
    """R1: by choice, as long as KSeF cannot have it."""
    if state not in {State.APPROVED, State.QUEUED} or situation.invoice.mode != Mode.ONLINE:
        return []
    is_posted = situation.submission is not None and situation.submission.session_reference
    if is_posted or not situation.sends or not situation.actor.may(Right.APPROVE):
        return []
    mode = offline_mode_of(timezone.now(), list_outages(situation.invoice.environment))
    label = _("Wystaw w trybie %(mode)s") % {"mode": mode_label(mode)}
    return [Action(label=label, url=situation.url("issue_offline"), icon="offline", is_post=True)]


def _may_be_sent(situation: Situation, state: State) -> bool:
    """On demand, or before the time for second thoughts is over."""
    if not situation.actor.may(Right.SEND):
        return False
    if state is State.QUEUED:
        return _is_in_recall_window(situation)
    is_waiting = state is State.APPROVED or (state is State.OFFLINE and situation.submission is None)
    return is_waiting and situation.sends and _is_connected(situation)


def _is_in_recall_window(situation: Situation) -> bool:
    return situation.submission is not None and situation.submission.problem == Submission.RECALL_WINDOW


def _recall(situation: Situation, state: State) -> list[Action]:
    """Back to the draft, while KSeF cannot have seen it and no buyer holds it."""
    if state not in {State.APPROVED, State.QUEUED} or situation.invoice.mode != Mode.ONLINE:
        return []
    is_posted = situation.submission is not None and situation.submission.session_reference
    if is_posted or not situation.actor.may(Right.APPROVE):
        return []
    return [Action(label=_("Cofnij do szkicu"), url=situation.url("recall"), icon="edit", is_post=True)]


def _correction(situation: Situation, state: State) -> list[Action]:
    """S7, S11: what has been issued is changed by a correction and by nothing else."""
    if state not in {State.ACCEPTED, State.EXEMPT} or not situation.actor.may(Right.ISSUE):
        return []
    return [Action(label=_("Skoryguj"), url=situation.url("correct"), icon="edit", is_post=True)]


def _downloads(situation: Situation, state: State) -> list[Action]:
    if state is State.DRAFT:
        return []
    files = [
        Action(
            label=_("PDF"),
            url=situation.url("print_offline" if situation.needs_issuer else "pdf"),
            icon="download",
            is_primary=state is State.ACCEPTED,
            opens_page=situation.needs_issuer,
        ),
        Action(label=_("XML"), url=situation.url("xml"), icon="download"),
    ]
    if situation.has_upo:
        files.append(Action(label=_("UPO"), url=situation.url("upo"), icon="check", opens_page=True))
    return files


def _copies(situation: Situation, state: State) -> list[Action]:
    if state is State.DRAFT or situation.invoice.original_id or not situation.actor.may(Right.ISSUE):
        return []
    return [
        Action(
            label=_("Duplikuj"),
            url=situation.url("duplicate"),
            icon="copy",
            is_post=True,
        )
    ]


def _cancellation(situation: Situation, state: State) -> list[Action]:
    """S7, S10: practice documents can be cancelled; one of legal effect has no such button."""
    if state not in {State.APPROVED, State.ACCEPTED} or has_legal_effect(situation.invoice.environment):
        return []
    if not situation.actor.may(Right.APPROVE):
        return []
    return [Action(label=_("Anuluj"), url=situation.url("cancel"), icon="cancelled", is_post=True)]


def _is_number_taken(situation: Situation, state: State) -> bool:
    """KSeF has another document under this number: mending keeps the number, so only a copy helps."""
    return state is State.REJECTED and is_duplicate(_rejection(situation))


def make_notice(situation: Situation) -> Notice | None:
    """The one thing to know first, or None when all is well."""
    state = State(situation.invoice.state)
    if state is State.REJECTED:
        return _rejected(situation)
    if state is State.APPROVED:
        return _approved(situation)
    if state in MOVING:
        return _moving(situation, state)
    if state is State.ACCEPTED and not situation.has_upo:
        return Notice(
            tone="info", title=_("UPO jest w drodze"), what=_("Pojawi się tu samo, gdy KSeF je wystawi.")
        )
    return _exempt(situation) if state is State.EXEMPT else None


def _exempt(situation: Situation) -> Notice:
    if situation.invoice.deadline_basis == Basis.TOTAL_FAILURE:
        what = _(
            "Ogłoszono awarię całkowitą KSeF: takich faktur nie przesyła się także później (art. 106ng)."
        )
    else:
        what = _("Wystawiono ją konsumentowi, a firma nie wysyła takich faktur do KSeF.")
    return Notice(tone="info", title=_("Ta faktura nie podlega wysłaniu do KSeF"), what=what)


def _rejection(situation: Situation) -> dict[str, Any]:
    """What KSeF said when it last refused the document."""
    return next((event.data for event in reversed(situation.events) if event.type == Event.REJECTED), {})


def _rejected(situation: Situation) -> Notice:
    data = _rejection(situation)
    explanation = explain_rejection(
        code=data.get("code", 0),
        description=data.get("description", ""),
        details=data.get("details", ()),
    )
    return Notice(
        tone="danger",
        title=_("KSeF odrzucił tę fakturę (kod %(code)s)") % {"code": explanation.code},
        what=explanation.what,
        places=explanation.places,
        said=explanation.details,
        facts=(*_original(data.get("original_ksef_number", "")), *_technical_correction(situation)),
        todo=explanation.todo,
    )


def _original(ksef_number: str) -> tuple[str, ...]:
    return (_("Numer KSeF tamtej faktury: %(number)s") % {"number": ksef_number},) if ksef_number else ()


def _technical_correction(situation: Situation) -> Iterator[str]:
    if _may_be_corrected_technically(situation, State.REJECTED):
        yield _(
            "Nabywca może mieć już ten dokument. Jeśli jego treść jest dobra, prześlij poprawkę techniczną: "
            "kody na wydruku nabywcy pozostaną ważne."
        )


def _approved(situation: Situation) -> Notice:
    late = _lateness(situation.invoice)
    if not situation.roles_decide and situation.actor.may(Right.SEND):
        return _not_gone_by_itself(situation, late)
    if not situation.sends:
        explanation = explain_problem("receive_only")
        return Notice(
            tone="info",
            title=_("Faktura nie zostanie wysłana do KSeF"),
            what=explanation.what if explanation else "",
            todo=explanation.todo if explanation else "",
        )
    if not situation.actor.may(Right.SEND):
        names = ", ".join(_names_of_senders(situation))
        return Notice(
            tone="info",
            title=_("Faktura czeka na wysłanie do KSeF"),
            what=_("Twoja rola nie pozwala wysyłać do KSeF. Mogą to zrobić: %(names)s.") % {"names": names},
            todo=late,
        )
    if not _is_connected(situation):
        return Notice(
            tone="warning",
            title=_("Aby wysłać fakturę, połącz się z KSeF"),
            what=_("Każda osoba wysyła do KSeF we własnym imieniu, z własnym tokenem lub certyfikatem."),
            todo=late,
            url=reverse("accounts:ksef", args=[situation.slug]),
            link=_("Połącz z KSeF"),
        )
    return Notice(
        tone="warning" if late else "info",
        title=_("Faktura czeka na wysłanie do KSeF"),
        what=_("Nie pójdzie sama: Ty decydujesz, kiedy ją wysłać."),
        todo=late,
    )


def _not_gone_by_itself(situation: Situation, late: str) -> Notice:
    """S63: approval sends always on plan eFaktury; which of the two conditions fails, and what to do."""
    is_connected = _is_connected(situation)
    failing = []
    if not situation.sends:
        failing.append(_("Zakres współpracy z KSeF to „Tylko odbiór”: administrator może go zmienić."))
    if not is_connected:
        failing.append(_("Nie masz połączenia z KSeF: dodaj certyfikat albo token na swoim koncie."))
    if not failing:
        return Notice(
            tone="warning" if late else "info",
            title=_("Faktura czeka na wysłanie do KSeF"),
            what=_(
                "Gdy ją zatwierdzano, brakowało warunków wysyłki, albo została zatrzymana. Teraz może iść."
            ),
            todo=late or _("Wybierz „Wyślij do KSeF”."),
        )
    return Notice(
        tone="warning",
        title=_("Faktura nie poszła do KSeF"),
        what=_(
            "Na planie eFaktury faktury idą do KSeF same przy zatwierdzeniu. Tym razem brakowało warunku:"
        ),
        facts=tuple(filter(None, (*failing, late))),
        todo=_("Potem wybierz „Wyślij do KSeF” na tej fakturze. Następne pójdą same."),
        url=reverse("accounts:ksef", args=[situation.slug]),
        link=_("Konfiguracja KSeF"),
    )


def _lateness(invoice: Invoice) -> str:
    """KSeF takes a document of an earlier day as offline; then the law sets a deadline (art. 106nda)."""
    if invoice.issue_date >= warsaw_date(timezone.now()):
        return ""
    deadline = invoice.send_by or next_business_day(invoice.issue_date)
    return _("Dzień wystawienia minął, więc pójdzie w trybie offline24. Termin z ustawy: %(day)s.") % {
        "day": format_date(deadline)
    }


def _moving(situation: Situation, state: State) -> Notice | None:
    submission, invoice = situation.submission, situation.invoice
    problem = explain_problem(submission.reason_to_wait) if submission else None
    deadline = tell_deadline(invoice.send_by, invoice.deadline_basis) if state is State.OFFLINE else ""
    if submission is None or problem is None:
        return _waiting_its_turn(situation, state, deadline=deadline)
    if _is_in_recall_window(situation):
        return Notice(
            tone="info",
            title=_("Pójdzie do KSeF sama"),
            what=problem.what,
            facts=(_next_try(submission),),
            until=submission.next_attempt_at.isoformat() if submission.next_attempt_at else "",
        )
    is_stuck = needs_person(submission.reason_to_wait)
    return Notice(
        tone="danger" if is_stuck else "warning",
        title=_("Wysyłanie czeka"),
        what=problem.what,
        facts=tuple(filter(None, (_next_try(submission), deadline))),
        todo=problem.todo,
        url=reverse("accounts:ksef" if is_stuck else "invoices:queue", args=[situation.slug]),
        link=_("Konfiguracja KSeF") if is_stuck else _("Kolejka wysyłki"),
    )


def _waiting_its_turn(situation: Situation, state: State, *, deadline: str) -> Notice | None:
    """Nothing is wrong; where it stands among the others, the queue shows."""
    if state is State.SENDING:
        return None
    title = _("Czeka na swoją kolej")
    if state is State.OFFLINE:
        title = _("Wystawiona w trybie %(mode)s") % {"mode": mode_label(situation.invoice.mode)}
    if situation.submission is None:
        by_itself = _("Nie pójdzie sama: wyślij ją do KSeF przed upływem terminu.")
        return Notice(tone="warning", title=title, what=deadline, todo=by_itself)
    return Notice(
        tone="info",
        title=title,
        what=deadline,
        url=reverse("invoices:queue", args=[situation.slug]),
        link=_("Kolejka wysyłki"),
    )


def _next_try(submission: Submission) -> str:
    if submission.waits_until is None:
        return ""
    return _("Następna próba: %(time)s.") % {"time": f"{timezone.localtime(submission.waits_until):%H:%M:%S}"}


def _is_connected(situation: Situation) -> bool:
    return find_connection(actor=situation.actor, environment=situation.invoice.environment) is not None


def _names_of_senders(situation: Situation) -> list[str]:
    """Colleagues who may send (S88)."""
    holders = list_holders(situation.actor.company_id, Right.SEND)
    return [f"{member.user} ({role_name(member.role)})" for member in holders]
