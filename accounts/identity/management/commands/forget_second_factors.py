"""`manage.py forget_second_factors ADDRESS`: for a person who lost the phone and the recovery codes.

Whoever runs it has made sure who is asking: from then on the password alone leads to setting up a new factor.
"""

from __future__ import annotations

from typing import Any, override

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.identity.selectors import find_person
from accounts.identity.services.second_factors import forget_all


class Command(BaseCommand):
    help = "Take away all second factors of a person who lost them, and end every session of that person."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the e-mail address of the account")

    @override
    def handle(self, *_arguments: Any, address: str, **_options: Any) -> None:
        person = find_person(address)
        if person is None:
            raise CommandError(f"There is no account {address}.")
        count = forget_all(person)
        self.stdout.write(f"{count} forgotten; all sessions of {person.email} are over.")
