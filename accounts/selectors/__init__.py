"""Reading users, companies and the state of their access to KSeF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from accounts.models import Company, HelpAnswer, KSeFCredential, OfflineCertificate, User
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    import uuid
    from datetime import date, datetime

    from roles.access import Actor

DEMO_DOMAIN = "demo.kwit"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo as the log-in page introduces them; `url_value` is the address before the @."""

    name: str
    role: str
    description: str
    url_value: str

    @property
    def email(self) -> str:
        return f"{self.url_value}@{DEMO_DOMAIN}"


DEMO_PEOPLE = (
    DemoPerson(
        name="Alicja Nowak",
        role="Administrator",
        description="Właścicielka Instalacji Nowak: wystawia, wysyła, ustawia, zarządza.",
        url_value="alicja",
    ),
    DemoPerson(
        name="Beata Zawada",
        role="Księgowy",
        description="Księgowa Instalacji Nowak: wystawia i wysyła do KSeF, także za innych.",
        url_value="beata",
    ),
    DemoPerson(
        name="Cezary Mazur",
        role="Wystawca",
        description="Monter w Instalacjach Nowak: wystawia i zatwierdza, ale nie wysyła.",
        url_value="cezary",
    ),
    DemoPerson(
        name="Zofia Lis",
        role="Administrator",
        description="Prowadzi inną firmę, Pracownię Fotografii: jej faktur nikt powyżej nie zobaczy.",
        url_value="zofia",
    ),
)


@dataclass(frozen=True, slots=True)
class CompanyLink:
    id: uuid.UUID
    name: str
    slug: str
    nip: str


@dataclass(frozen=True, slots=True)
class Connection:
    """How the actor stands towards KSeF in the company's environment; no secret in it."""

    environment: str
    kind: str
    kind_label: str
    since: datetime
    # When it ends without its user; None for a method that logs in anew by itself.
    access_until: datetime | None
    certificate_until: datetime | None
    offline_until: datetime | None
    # The last day of tokens by law, for who uses one.
    tokens_until: date | None
    # KSeF took the credential once and refuses it now: it must be replaced.
    is_refused: bool

    def has_lapsed(self, now: datetime) -> bool:
        """Whether the week is over and the password is wanted again (S33)."""
        return self.access_until is not None and self.access_until <= now


def display_name(user: User) -> str:
    return str(user)


def list_companies(user_id: uuid.UUID) -> list[CompanyLink]:
    """The companies this person may enter, by name."""
    companies = Company.objects.filter(memberships__user_id=user_id, memberships__is_active=True)
    return [
        CompanyLink(id=company.id, name=company.name, slug=company.slug, nip=company.nip)
        for company in companies.order_by("name")
    ]


def get_company(company_id: uuid.UUID) -> Company:
    return Company.objects.get(id=company_id)


def find_connection(*, actor: Actor, environment: str) -> Connection | None:
    """The actor's own credential in this environment; a colleague's is never seen (S53)."""
    credential = KSeFCredential.objects.filter(
        user_id=actor.user_id, environment=environment, is_active=True
    ).first()
    if credential is None:
        return None
    offline = OfflineCertificate.objects.filter(user_id=actor.user_id, environment=environment).first()
    return Connection(
        environment=environment,
        kind=credential.kind,
        kind_label=str(credential.get_kind_display()),
        since=credential.created_at,
        access_until=credential.lasts_until,
        certificate_until=credential.certificate_until,
        offline_until=offline.certificate_until if offline else None,
        tokens_until=settings.KSEF_TOKENS_UNTIL if credential.kind == KSeFCredential.Kind.TOKEN else None,
        is_refused=credential.refused_at is not None,
    )


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """An authentication certificate as one person keeps it in one of their companies."""

    credential_id: uuid.UUID
    company_id: uuid.UUID
    user_id: uuid.UUID
    fingerprint: str
    subject: str
    serial: str
    valid_until: datetime | None
    company_name: str


def find_offline_certificate(*, actor: Actor, environment: str) -> OfflineCertificate | None:
    """The actor's own offline certificate (S53); its key stays sealed."""
    return OfflineCertificate.objects.filter(user_id=actor.user_id, environment=environment).first()


def list_own_certificates(user_id: uuid.UUID, *, environment: str) -> list[OwnCertificate]:
    """The person's authentication certificates of one environment in all their companies, by the company's name.

    Each company is entered in turn, so no transaction may be open.
    """
    found = []
    for company in Company.objects.filter(memberships__user_id=user_id, memberships__is_active=True).order_by(
        "name"
    ):
        with tenant_transaction(company.id, user_id=user_id):
            row = KSeFCredential.objects.filter(
                user_id=user_id, environment=environment, kind=KSeFCredential.Kind.CERTIFICATE
            ).first()
        if row is not None:
            found.append(
                OwnCertificate(
                    credential_id=row.id,
                    company_id=company.id,
                    user_id=user_id,
                    fingerprint=row.fingerprint,
                    subject=row.subject,
                    serial=row.serial,
                    valid_until=row.certificate_until,
                    company_name=company.name,
                )
            )
    return found


def find_help_answer(*, actor: Actor, article: str) -> bool | None:
    """Whether the article helped this person; None while they have not said."""
    answer = HelpAnswer.objects.filter(user_id=actor.user_id, article=article).first()
    return answer.is_helpful if answer else None


def find_demo_user(person: str) -> User | None:
    """A person of the demo by the first part of the address, "alicja" for alicja@demo.kwit."""
    return User.objects.filter(email=f"{person}@{DEMO_DOMAIN}", is_active=True).first()
