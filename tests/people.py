"""The people of the tests: alicja owns, beata may send, cezary may not, zofia belongs to another company."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.test import Client

from accounts.models import Company, User
from accounts.services.companies import CompanyDetails, add_member, create_company
from roles.access import ACCOUNTANT, ISSUER, Actor, find_actor
from roles.tenancy import tenant_transaction

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a company, and a browser that is logged in."""

    user: User
    company: Company

    @property
    def actor(self) -> Actor:
        actor = find_actor(user_id=self.user.id, company_id=self.company.id)
        assert actor is not None
        return actor

    @contextmanager
    def entered(self) -> Iterator[Actor]:
        """Act inside the company, as a request of this person would."""
        actor = self.actor
        with tenant_transaction(actor.company_id, user_id=actor.user_id):
            yield actor

    @property
    def client(self) -> Client:
        """A browser as a log-in by password has just left it."""
        client = Client()
        client.force_login(self.user)
        prove(client, self.user)
        return client


@dataclass(frozen=True, slots=True)
class People:
    alicja: Person
    beata: Person
    cezary: Person
    zofia: Person

    def __iter__(self) -> Iterator[Person]:
        return iter((self.alicja, self.beata, self.cezary, self.zofia))


def prove(client: Client, user: User, *, at: float | None = None) -> None:
    """Leave the trace of a password given at this time, now by default, as the page of confirmation does."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": at or time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def make_people() -> People:
    """Two companies of the same shape, through the services that a person would use."""
    alicja, beata, cezary, zofia = (_user(name) for name in ("Alicja", "Beata", "Cezary", "Zofia"))
    mine = create_company(user_id=alicja.id, details=details(name="Instalacje Alicja", nip="5260250274"))
    hers = create_company(user_id=zofia.id, details=details(name="Pracownia Zofia", nip="1132191233"))
    add_member(company_id=mine.id, user_id=beata.id, role_name=ACCOUNTANT)
    add_member(company_id=mine.id, user_id=cezary.id, role_name=ISSUER)
    return People(Person(alicja, mine), Person(beata, mine), Person(cezary, mine), Person(zofia, hers))


def details(*, name: str, nip: str) -> CompanyDetails:
    return CompanyDetails(
        name=name,
        nip=nip,
        address_line1="ul. Próbna 1",
        address_line2="00-001 Warszawa",
        bank_account="61109010140000071219812874",
    )


def _user(name: str) -> User:
    return User.objects.create_user(email=f"{name.lower()}@example.test", full_name=f"{name} Testowa")
