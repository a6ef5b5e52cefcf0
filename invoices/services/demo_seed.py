"""Fills an empty demo with a year that really happened: each past invoice was approved here and accepted by KSeF.

The simulator's clock and this process's clock are set to the day of each invoice and back at the end, so that numbers,
events, KSeF numbers and UPOs carry the dates they would have. No row is written past the services.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Final

from django.db.models import Max
from django.db.models.functions import Now

from accounts.models import Company, User
from accounts.selectors import DEMO_PEOPLE, find_demo_user, get_company, list_companies
from accounts.services import ksef_access
from accounts.services.companies import add_member, create_company
from accounts.services.ksef_certificates import CertificateFiles, connect_with_certificate
from accounts.services.ksef_connecting import connect_with_token
from invoices.domain.calendar import WARSAW, warsaw_date
from invoices.domain.snapshot import BuyerKind, ExemptionKind, PaymentForm
from invoices.models import Contractor, Invoice, InvoiceDocument, OutboxEntry
from invoices.services import demo_world, sending
from invoices.services.approval import approve_invoice
from invoices.services.contractors import save_contractor
from invoices.services.demo_clock import simulated_time
from invoices.services.demo_plan import plan_year
from invoices.services.drafting import InvoiceDraft, save_draft
from invoices.services.submission import submit_invoice
from roles.access import ACCOUNTANT, ISSUER, Right, find_actor
from roles.audit import record
from roles.models import AuditEntry
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from datetime import date

    from accounts.services.companies import CompanyDetails
    from invoices.services.contractors import ContractorDetails
    from invoices.services.demo_clock import SimulatedTime
    from invoices.services.demo_plan import Sale
    from roles.access import Actor

_DONE: Final = "demo_seeded"
_AFTER_WORK: Final = time(17, 20, tzinfo=WARSAW)
_NOTE: Final = "Dziękujemy za zaufanie. Gwarancja na wykonane prace: 24 miesiące."


@dataclass(frozen=True, slots=True)
class _Shop:
    """A company of the demo: who approves in turn, who sends what a colleague without the right approved."""

    company: Company
    sellers: tuple[uuid.UUID, ...]
    sender: uuid.UUID
    sales: tuple[Sale, ...]

    def actor(self, user_id: uuid.UUID) -> Actor:
        actor = find_actor(user_id=user_id, company_id=self.company.id)
        if actor is None:
            raise LookupError(user_id)
        return actor


def seed_demo(*, now: datetime, days_back: int = 366) -> bool:
    """Build the demo; False, and nothing touched, when it was built before. Raises NoSimulator.

    Interrupted, it goes on where it stopped: whatever has a date up to the last invoice is there already.
    """
    users = {person.url_value: _user(person.email, person.name) for person in DEMO_PEOPLE}
    shops = _shops(users, today=warsaw_date(now))
    if all(_is_done(shop) for shop in shops):
        return False
    with simulated_time() as simulator:
        _live_through(simulator, shops, since=now - timedelta(days=days_back))
        _leave_work_for_today(simulator, shops[0], now=now)
        _send_costs(simulator, shops[0], now=now)
    for shop in shops:
        owner = shop.actor(shop.sender)
        with _entered(owner):
            record(actor=owner, action=_DONE, detail={})
    return True


def _user(email: str, name: str) -> User:
    found = find_demo_user(email.partition("@")[0])
    return found or User.objects.create_user(email=email, full_name=name, password=demo_world.PASSWORD)


def _shops(users: dict[str, User], *, today: date) -> tuple[_Shop, _Shop]:
    alicja, beata, cezary, zofia = (users[name].id for name in ("alicja", "beata", "cezary", "zofia"))
    plumber = _company(users["alicja"], demo_world.PLUMBER, {beata: ACCOUNTANT, cezary: ISSUER})
    photographer = _company(users["zofia"], demo_world.PHOTOGRAPHER, {})
    return (
        _Shop(
            company=plumber,
            sellers=(alicja, cezary, alicja, beata),
            sender=alicja,
            sales=plan_year(
                today=today,
                customers=demo_world.CUSTOMERS_OF_PLUMBER,
                by_month=demo_world.MONTHS_OF_PLUMBER,
            ),
        ),
        _Shop(
            company=photographer,
            sellers=(zofia,),
            sender=zofia,
            sales=plan_year(
                today=today,
                customers=demo_world.CUSTOMERS_OF_PHOTOGRAPHER,
                by_month=demo_world.MONTHS_OF_PHOTOGRAPHER,
            ),
        ),
    )


def _company(owner: User, details: CompanyDetails, members: dict[uuid.UUID, str]) -> Company:
    found = next((link for link in list_companies(owner.id) if link.nip == details.nip), None)
    if found is not None:
        return Company.objects.get(slug=found.slug)
    company = create_company(user_id=owner.id, details=details)
    for user_id, role_name in members.items():
        add_member(company_id=company.id, user_id=user_id, role_name=role_name)
    return company


def _is_done(shop: _Shop) -> bool:
    with _entered(shop.actor(shop.sender)):
        return AuditEntry.objects.filter(action=_DONE).exists()


def _live_through(simulator: SimulatedTime, shops: tuple[_Shop, ...], *, since: datetime) -> None:
    """Issue and send all past sales, both companies in the one order of time: clocks only go forward."""
    turns = {shop.company.id: cycle(shop.sellers) for shop in shops}
    connected: set[uuid.UUID] = set()
    past = [(sale, shop) for shop in shops for sale in _still_to_come(shop, since=since)]
    for sale, shop in sorted(past, key=lambda pair: pair[0].moment):
        with simulator.at(sale.moment):
            if shop.company.id not in connected:
                _connect_all(simulator, shop)
                connected.add(shop.company.id)
            _issue(shop, sale, seller=next(turns[shop.company.id]))
            _send_due(shop)


def _still_to_come(shop: _Shop, *, since: datetime) -> list[Sale]:
    with _entered(shop.actor(shop.sender)):
        last = Invoice.objects.aggregate(last=Max("created_at"))["last"]
    return [sale for sale in shop.sales if sale.moment > (last or since)]


def _leave_work_for_today(simulator: SimulatedTime, shop: _Shop, *, now: datetime) -> None:
    """Something in every state: rejected, accepted today, waiting for somebody who may send, drafts."""
    owner, colleague, issuer = shop.sellers[0], shop.sellers[3], shop.sellers[1]
    sales = shop.sales[3:8]
    yesterday = datetime.combine(warsaw_date(now) - timedelta(days=1), _AFTER_WORK)
    with simulator.at(yesterday):
        invoice = _issue(shop, replace(sales[0], moment=yesterday), seller=owner)
        _send_from_another_program(shop.actor(owner), shop.company, invoice)
        _send_due(shop)
    with simulator.at(now):
        # Also fresh access: the past one would have run out by now.
        _connect_all(simulator, shop)
        _connect_by_certificate(simulator, shop)
        _issue(shop, replace(sales[1], moment=now), seller=colleague)
        _send_due(shop)
        _draft(shop.actor(issuer), replace(sales[2], moment=now))
        _draft(shop.actor(owner), replace(sales[3], moment=now))
        with _entered(shop.actor(issuer)) as actor:
            waiting = _draft(actor, replace(sales[4], moment=now))
            approve_invoice(actor=actor, invoice_id=waiting.id)


def _send_costs(simulator: SimulatedTime, shop: _Shop, *, now: datetime) -> None:
    """Let others invoice the company; the first log-in finds it (S101). What an interrupted run sent is there."""
    sent = {(entry["seller"], entry["number"]) for entry in simulator.control("GET", "ledger")["accepted"]}
    for supplier in demo_world.SUPPLIERS_OF_PLUMBER:
        number = f"{supplier.number}/{now.year}"
        if (supplier.nip, number) not in sent:
            cost = {
                "seller": supplier.nip,
                "sellerName": supplier.name,
                "buyer": shop.company.nip,
                "buyerName": shop.company.name,
                "number": number,
                "net": supplier.net,
                "vat": supplier.vat,
                "receivedAt": (now - timedelta(days=supplier.days_ago)).isoformat(),
            }
            simulator.control("POST", "invoices", cost)


def _connect_all(simulator: SimulatedTime, shop: _Shop) -> None:
    for user_id in sorted({*shop.sellers, shop.sender}):
        actor = shop.actor(user_id)
        if actor.may(Right.SEND):
            token = simulator.control("POST", "tokens", {"nip": shop.company.nip})["token"]
            connect_with_token(actor=actor, company=shop.company, token=token)


def _connect_by_certificate(simulator: SimulatedTime, shop: _Shop) -> None:
    """The owner uses what the ministry recommends: a certificate, whose password renews her access each week."""
    pair = simulator.control(
        "POST",
        "certificates",
        {
            "nip": shop.company.nip,
            "name": "Certyfikat Alicji",
            "type": "Authentication",
            "password": demo_world.CERTIFICATE_PASSWORD,
        },
    )
    files = CertificateFiles(
        certificate=pair["certificate_pem"].encode(),
        key=pair["key_pem"].encode(),
        password=demo_world.CERTIFICATE_PASSWORD,
    )
    connect_with_certificate(actor=shop.actor(shop.sender), company=shop.company, files=files)


def _issue(shop: _Shop, sale: Sale, *, seller: uuid.UUID) -> Invoice:
    """Draft and approve; a colleague sends it where the seller may not (S86, S88)."""
    actor = shop.actor(seller)
    with _entered(actor):
        invoice = approve_invoice(actor=actor, invoice_id=_draft(actor, sale).id)
    sender = shop.actor(shop.sender)
    if not actor.may(Right.SEND):
        with _entered(sender):
            submit_invoice(actor=sender, invoice_id=invoice.id)
    return invoice


def _draft(actor: Actor, sale: Sale) -> Invoice:
    customer, day = sale.customer, warsaw_date(sale.moment)
    is_paid_at_once = customer.details.kind == BuyerKind.CONSUMER and not customer.exemption
    with _entered(actor):
        draft = InvoiceDraft(
            issue_date=day,
            supply_date=None,
            method=customer.method,
            contractor_id=_contractor(actor, customer.details).id,
            exemption_kind=ExemptionKind.ACT if customer.exemption else "",
            exemption_text=customer.exemption,
            payment_form=PaymentForm.CARD if is_paid_at_once else PaymentForm.TRANSFER,
            due_date=day + timedelta(days=customer.days_to_pay),
            bank_account="" if is_paid_at_once else get_company(actor.company_id).bank_account,
            note="" if customer.exemption else _NOTE,
            lines=sale.lines,
        )
        return save_draft(actor=actor, draft=draft)


def _contractor(actor: Actor, details: ContractorDetails) -> Contractor:
    found = Contractor.objects.filter(name=details.name).first()
    return found or save_contractor(actor=actor, details=details)


def _send_due(shop: _Shop) -> None:
    """Do the queued work of this company here and now, as a worker would; the demo's worker starts later."""
    due = OutboxEntry.objects.filter(company_id=shop.company.id, lease_until=None, not_before__lte=Now())
    while entries := list(due.all()):
        for entry in entries:
            sending.run_entry(entry.id)


def _send_from_another_program(actor: Actor, company: Company, invoice: Invoice) -> None:
    """Let KSeF know another invoice of this number first, so that ours is refused as a duplicate (440)."""
    with _entered(actor):
        xml = bytes(InvoiceDocument.objects.get(invoice_id=invoice.id).xml)
    with ksef_access.gateway_for(company.environment) as gateway:
        access = ksef_access.obtain_access(
            gateway=gateway, company=company, environment=company.environment, user_id=actor.user_id
        )
        session = gateway.open_online_session(access)
        other = xml.replace(b"<SystemInfo>Kwit<", b"<SystemInfo>Inny program<")
        gateway.send_invoice(access, session=session, xml=other)
        gateway.close_online_session(access, session.reference)


@contextmanager
def _entered(actor: Actor) -> Iterator[Actor]:
    with tenant_transaction(actor.company_id, user_id=actor.user_id):
        yield actor
