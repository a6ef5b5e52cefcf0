"""What another program of the same taxpayer does in KSeF behind our back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.services.ksef_access import gateway_for, obtain_access

if TYPE_CHECKING:
    from tests.people import Person


def access_of(person: Person) -> str:
    with gateway_for(person.company.environment) as gateway:
        return obtain_access(
            gateway=gateway,
            company=person.company,
            environment=person.company.environment,
            user_id=person.user.id,
        )


def send_elsewhere(person: Person, xml: bytes) -> str:
    """Another program of the same taxpayer sends these bytes; the session it did that in."""
    with gateway_for(person.company.environment) as gateway:
        access_token = access_of(person)
        session = gateway.open_online_session(access_token)
        gateway.send_invoice(access_token, session=session, xml=xml)
    return session.reference
