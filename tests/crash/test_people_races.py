"""Several administrators at once: one always stays, one invitation lets one person in."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.urls import reverse

from accounts.models import Invitation, User
from roles.access import Right
from roles.models import Membership, Role
from tests.crash.test_races import at_once
from tests.factors import give_password, log_in

if TYPE_CHECKING:
    from tests.people import People, Person

pytestmark = pytest.mark.crash


def two_administrators(people: People) -> tuple[Person, Person]:
    with people.alicja.entered():
        administrator = Role.objects.get(name="Administrator")
    Membership.objects.filter(user=people.beata.user).update(role=administrator)
    return people.alicja, people.beata


def url_of(person: Person, name: str) -> str:
    membership = Membership.objects.get(user=person.user)
    return reverse(name, args=[person.company.slug, membership.id])


@pytest.mark.parametrize("attempt", range(5))
def test_two_administrators_who_shut_each_other_out_leave_one(committed_people: People, attempt: int) -> None:
    """S66: both saw the other one there; the lock lets the second one see what the first has done."""
    alicja, beata = two_administrators(committed_people)
    at_once(
        [
            partial(alicja.client.post, url_of(beata, "users:deactivate")),
            partial(beata.client.post, url_of(alicja, "users:deactivate")),
        ]
    )
    active = Membership.objects.filter(user__in=[alicja.user, beata.user], is_active=True)
    assert active.count() >= 1


@pytest.mark.parametrize("attempt", range(5))
def test_every_way_to_lose_the_last_administrator_at_once(committed_people: People, attempt: int) -> None:
    """S66: leaving, another role, and the role without its right, all by people who each were not the last."""
    alicja, beata = two_administrators(committed_people)
    with alicja.entered():
        roles = {role.name: role for role in Role.objects.all()}
    administrator, issuer = roles["Administrator"], roles["Wystawca"]
    slug = alicja.company.slug
    answers = at_once(
        [
            partial(alicja.client.post, url_of(alicja, "users:deactivate")),
            partial(
                beata.client.post,
                url_of(beata, "users:member"),
                {"role": str(issuer.id), "seen": str(administrator.id), "confirmed": "yes"},
            ),
            partial(
                alicja.client.post,
                reverse("users:role", args=[slug, administrator.id]),
                {"name": "Administrator", "version": "1", "send": "on", "confirmed": "yes"},
            ),
        ]
    )
    assert {answer.status_code for answer in answers} <= {200, 302, 403, 404}
    holders = [
        person
        for person in (alicja, beata)
        if Membership.objects.filter(user=person.user, is_active=True).exists()
        and person.actor.may(Right.USERS)
    ]
    assert holders


def test_an_invitation_accepted_many_times_at_once_is_accepted_once(committed_people: People) -> None:
    """S78: eight clicks, one membership; nobody sees an error of ours."""
    alicja = committed_people.alicja
    with alicja.entered():
        role = Role.objects.get(name="Księgowy")
    form = {"email": "nowa@example.test", "role": str(role.id)}
    alicja.client.post(reverse("users:invite", args=[alicja.company.slug]), form)
    link = re.search(r"/zaproszenie/[\w-]+/", str(mail.outbox[-1].body))
    assert link is not None
    user = User.objects.create_user(email="nowa@example.test", full_name="Nowa Osoba")
    give_password(user)
    clients = [log_in(user) for _ in range(4)]
    answers = at_once([partial(client.post, link[0]) for client in clients])
    assert {answer.status_code for answer in answers} <= {200, 302}
    assert sum(answer.status_code == 302 for answer in answers) == 1
    assert Membership.objects.filter(user=user).count() == 1


def test_two_administrators_invite_the_same_person_once(committed_people: People) -> None:
    """S66: the second one is told; one invitation, one letter."""
    alicja, beata = two_administrators(committed_people)
    with alicja.entered():
        role = Role.objects.get(name="Księgowy")
    url = reverse("users:invite", args=[alicja.company.slug])
    form = {"email": "nowa@example.test", "role": str(role.id)}
    answers = at_once([partial(person.client.post, url, form) for person in (alicja, beata)])
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    with alicja.entered():
        assert Invitation.objects.count() == 1
