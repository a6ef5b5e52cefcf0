"""Two companies of the same shape with a row in every table; every text bears the canary word of its company."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from django.db.models.functions import Now
from django.test import override_settings

from accounts.models import AccessTimer, Company, User
from accounts.services.access_timers import raise_due_notices
from accounts.services.companies import add_member, update_company
from accounts.services.help_answers import answer_help
from accounts.services.invitations import invite_person
from accounts.services.ksef_certificates import save_offline_certificate
from accounts.services.ksef_connecting import connect_with_self_signed_certificate
from accounts.services.ksef_enrollment import CertificateWish, request_certificate
from invoices import outbox
from invoices.domain.inbox import Move
from invoices.domain.vat import VatRate
from invoices.models import OutboxEntry, PurchaseInvoice, ReceivedDocument, UPOPage
from invoices.services import outcomes
from invoices.services.approval import approve_invoice
from invoices.services.contractors import save_contractor
from invoices.services.drafting import save_draft
from invoices.services.gathering import Way, choose_way
from invoices.services.receiving import request_check
from invoices.services.reconciliation import Stranger
from invoices.services.sorting import move_document
from invoices.services.submission import submit_invoice
from ksef.exchange.certificates import CertificateKind
from ksef.exchange.invoices import SubjectType
from ksef.gateway import InvoiceStatus
from roles.access import Right
from roles.audit import log_refusal
from roles.models import Membership, Role
from roles.services.roles import create_role
from tests.builders import BUYER_NIP, CONTRACTOR, draft, line, run_outbox, today
from tests.certificates import issue
from tests.people import People, Person, details, make_people
from tests.queue import age_queue, run_queue

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator

    from invoices.models import Invoice
    from tests.servers import Simulator

PASSWORD = "kanarek-hasla-zofii-2026"
# Stands in every text of both companies, so that every page shows what it does with it.
HOSTILE = (
    """"><script>kanarek()</script><img src=x onerror=kanarek()>' onmouseover='kanarek()"""
    """ javascript:kanarek() {{ 7|add:7 }}{% debug %} </textarea></title>"""
)
SHORT_HOSTILE = """"><script>kanarek()</script>"""


@dataclass(frozen=True, slots=True)
class Possessions:
    """What one company owns, by id."""

    slug: str
    canary: str
    contractor: uuid.UUID
    unused_contractor: uuid.UUID
    draft: uuid.UUID
    approved: uuid.UUID
    queued: uuid.UUID
    accepted: uuid.UUID
    # A page of the UPO of a package.
    session_upo: uuid.UUID
    rejected: uuid.UUID
    # Refused because its number is in KSeF already.
    taken: uuid.UUID
    # Somebody of the company who is connected to KSeF.
    colleague: uuid.UUID
    # A membership that may be changed, the role it has, one that has ended, a role that nobody has, an invitation.
    member: uuid.UUID
    role_of_member: uuid.UUID
    former: uuid.UUID
    role: uuid.UUID
    invitation: uuid.UUID
    # What KSeF brought: still on the list, in the VAT register, a purchase invoice.
    received: uuid.UUID
    registered: uuid.UUID
    purchase: uuid.UUID


@dataclass(frozen=True, slots=True)
class World:
    people: People
    # May look at alicja's company only.
    wanda: Person
    # Was one of them once.
    darek: Person
    mine: Possessions
    hers: Possessions

    def person(self, name: str) -> Person:
        found: Person = getattr(self.people, name, None) or getattr(self, name)
        return found


def make_world(simulator: Simulator) -> World:
    """Alicja's company with beata and cezary, zofia's with herself; through services, committed as they commit."""
    simulator.reset()
    people = make_people()
    with portal_pointed_at(simulator):
        mine = _furnish(people.alicja, simulator, issuer=people.cezary, canary="kanarekalicji")
        hers = _furnish(people.zofia, simulator, issuer=people.zofia, canary="kanarekzofii")
        # Last, because nothing takes it out of the queue any more.
        mine, hers = _with_queued(people.alicja, mine), _with_queued(people.zofia, hers)
        connect_with_self_signed_certificate(actor=people.beata.actor, company=people.beata.company)
        beatas = Membership.objects.get(user_id=people.beata.user.id)
        mine = replace(mine, colleague=people.beata.user.id, member=beatas.id, role_of_member=beatas.role_id)
    for person in (people.beata, people.cezary):
        _rename(person.user, mine.canary)
    people.zofia.user.set_password(PASSWORD)
    people.zofia.user.save()
    for person in people:
        # As signing up leaves it.
        EmailAddress.objects.create(user=person.user, email=person.user.email, verified=True, primary=True)
    wanda, darek = _viewer(people.alicja, "Wanda"), _viewer(people.alicja, "Darek")
    Membership.objects.filter(user_id=darek.user.id).update(is_active=False)
    mine = replace(mine, former=Membership.objects.get(user_id=darek.user.id).id)
    return World(people, wanda, darek, mine, hers)


@contextmanager
def portal_pointed_at(simulator: Simulator) -> Iterator[None]:
    addresses = {
        name: (f"{simulator.url}{path}/v2", f"{simulator.url}{path}")
        for name, path in (("simulator", ""), ("demo", "/demo"), ("production", "/production"))
    }
    with override_settings(KSEF_SIMULATOR_URL=simulator.url, KSEF_ADDRESSES=addresses):
        yield


def _furnish(owner: Person, simulator: Simulator, *, issuer: Person, canary: str) -> Possessions:
    _rename(owner.user, canary)
    with owner.entered() as actor:
        facts = details(name=f"{canary} firma {HOSTILE}", nip=owner.company.nip)
        update_company(
            actor=actor,
            details=replace(
                facts, address_line1=f"{canary} ulica {HOSTILE}", address_line2=f"{canary} miasto {HOSTILE}"
            ),
        )
    contractor, unused = (
        _contractor(owner, f"{canary} nabywca {HOSTILE}"),
        _contractor(owner, f"{canary} zbędny {HOSTILE}"),
    )
    first = _invoice(owner, contractor, canary)
    approved = _invoice(owner, contractor, canary)
    with issuer.entered() as actor:
        approve_invoice(actor=actor, invoice_id=approved.id)
    connect_with_self_signed_certificate(actor=owner.actor, company=owner.company)
    accepted = _sent(owner, contractor, canary)
    run_outbox()
    _package(owner, contractor, canary)
    run_queue()
    with owner.entered():
        session_upo = UPOPage.objects.get().id
    rejected = _sent(owner, contractor, canary)
    _reject(code=450)
    taken = _sent(owner, contractor, canary)
    number = f"{owner.company.nip}-20261122-0123456789AB-CD"
    _reject(code=440, stranger=Stranger(ksef_number=number, xml=f"<{canary}/>".encode()))
    log_refusal(actor=owner.actor, action=canary, right="none")
    _keep_certificates(owner, simulator, canary)
    received, registered, purchase = _receive(owner, simulator, canary)
    return Possessions(
        slug=owner.company.slug,
        canary=canary,
        contractor=contractor,
        unused_contractor=unused,
        draft=first.id,
        approved=approved.id,
        queued=first.id,
        accepted=accepted.id,
        session_upo=session_upo,
        rejected=rejected.id,
        taken=taken.id,
        colleague=owner.user.id,
        **_people_of(owner, canary),
        received=received,
        registered=registered,
        purchase=purchase,
    )


def _receive(owner: Person, simulator: Simulator, canary: str) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
    """Three costs from somebody else's program; afterwards the parameter is off, and so nothing is queued."""
    simulator.control("POST", "options", {"storage": 0, "hwm_lag": 0})
    for number in ("A", "B", "C"):
        text = f"{canary} {SHORT_HOSTILE}"
        body = {
            "seller": BUYER_NIP,
            "sellerName": text,
            "buyer": owner.company.nip,
            "number": f"{number} {text}",
        }
        simulator.control("POST", "invoices", body)
    with owner.entered() as actor:
        request_check(actor=actor, since=today(), until=today())
    Company.objects.filter(id=owner.company.id).update(fetches_at_login=False)
    run_outbox()
    Company.objects.filter(id=owner.company.id).update(fetches_at_login=True)
    with owner.entered() as actor:
        first, second, third = ReceivedDocument.objects.exclude(role=SubjectType.SELLER).order_by("number")
        move_document(actor=actor, document_id=second.id, move=Move.REGISTERED)
        move_document(actor=actor, document_id=third.id, move=Move.PURCHASED)
        return first.id, second.id, PurchaseInvoice.objects.get().id


def _with_queued(owner: Person, possessions: Possessions) -> Possessions:
    # A package that waits, too: its documents are beyond anybody's reach.
    _package(owner, possessions.contractor, possessions.canary)
    return replace(possessions, queued=_sent(owner, possessions.contractor, possessions.canary).id)


def _package(owner: Person, contractor: uuid.UUID, canary: str) -> None:
    """Two documents that have become one package."""
    for _document in range(2):
        _sent(owner, contractor, canary)
    age_queue()
    with override_settings(BATCH_FROM=1):
        assert choose_way(owner.company.id, owner.user.id) is Way.PACKAGE


def _keep_certificates(owner: Person, simulator: Simulator, canary: str) -> None:
    """An offline certificate that ends soon, the notice that says so, and an answer about the help."""
    pair = issue(simulator, kind="Offline", nip=owner.company.nip, valid_days=10)
    with owner.entered() as actor:
        save_offline_certificate(actor=actor, certificate=pair.certificate, key=pair.key)
        answer_help(actor=actor, article="ksef", is_helpful=False, comment=f"{canary} {HOSTILE}")
    simulator.control("POST", "options", {"certification": 10**6})
    request_certificate(
        actor=owner.actor,
        company=owner.company,
        wish=CertificateWish(name="Certyfikat w drodze", kind=CertificateKind.OFFLINE, password=PASSWORD),
    )
    AccessTimer.objects.update(notice_at=Now())
    raise_due_notices()


def _people_of(owner: Person, canary: str) -> dict[str, uuid.UUID]:
    """A role, an invitation to it, and the owner's own membership."""
    with owner.entered() as actor:
        role = create_role(actor=actor, name=f"{canary} {SHORT_HOSTILE}", rights=frozenset({Right.ISSUE}))
        unused = create_role(actor=actor, name=f"{canary} nikt", rights=frozenset())
    invitation = invite_person(actor=owner.actor, email=f"{canary}@example.test", role_id=role.id)
    membership = Membership.objects.get(user_id=owner.user.id)
    return {
        "member": membership.id,
        "role_of_member": membership.role_id,
        "former": membership.id,
        "role": unused.id,
        "invitation": invitation.id,
    }


def _viewer(owner: Person, name: str) -> Person:
    """Somebody in a role that no ready one is: made the way the role editor will."""
    with owner.entered() as actor:
        rights = [Right.VIEW.value]
        Role.objects.get_or_create(
            name="Podgląd", defaults={"company_id": actor.company_id, "rights": rights}
        )
    user = User.objects.create_user(email=f"{name.lower()}@example.test", full_name=f"{name} Testowa")
    add_member(company_id=owner.company.id, user_id=user.id, role_name="Podgląd")
    return Person(user, owner.company)


def _rename(user: User, canary: str) -> None:
    user.full_name = f"{canary} {user.full_name} {SHORT_HOSTILE}"
    user.save()


def _contractor(person: Person, name: str) -> uuid.UUID:
    texts = replace(CONTRACTOR, name=name, address_line1=name, address_line2=name)
    with person.entered() as actor:
        return save_contractor(actor=actor, details=texts).id


def _invoice(person: Person, contractor: uuid.UUID, canary: str) -> Invoice:
    content = replace(
        draft(
            line(name=f"{canary} pozycja {HOSTILE}"),
            line(name=f"{canary} druga {HOSTILE}", rate=VatRate.EXEMPT),
            contractor_id=contractor,
        ),
        note=f"{canary} uwaga {HOSTILE}",
        exemption_kind="act",
        exemption_text=f"{canary} podstawa {HOSTILE}",
    )
    with person.entered() as actor:
        return save_draft(actor=actor, draft=content)


def _sent(person: Person, contractor: uuid.UUID, canary: str) -> Invoice:
    invoice = _invoice(person, contractor, canary)
    with person.entered() as actor:
        approve_invoice(actor=actor, invoice_id=invoice.id)
        return submit_invoice(actor=actor, invoice_id=invoice.id)


def _reject(*, code: int, stranger: Stranger | None = None) -> None:
    """KSeF says no to the one document that waits, perhaps because a stranger bears its number."""
    claim = outbox.claim(OutboxEntry.objects.get().id)
    assert claim is not None
    work = outcomes.load_work(claim)
    assert work is not None
    outcomes.begin_post(work, session_reference="20261122-SO-0000000000-0000000000-00")
    outcomes.record_rejected(
        work,
        status=InvoiceStatus(
            reference="20261122-EE-0000000000-0000000000-00",
            code=code,
            description=f"Błąd weryfikacji semantyki dokumentu faktury {HOSTILE}",
            details=(f"kanarek powodu {HOSTILE}",),
            ksef_number=None,
            invoice_hash=work.sha256,
            invoicing_mode=None,
            acquisition_date=None,
            original_ksef_number=None,
            original_session_reference=None,
        ),
        stranger=stranger,
    )
