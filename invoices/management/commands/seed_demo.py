"""`manage.py seed_demo`: people, companies and a year of invoices for a demo installation."""

from __future__ import annotations

import logging
from typing import Any, override

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.selectors import DEMO_PEOPLE
from invoices.services.demo_clock import NoSimulator
from invoices.services.demo_seed import seed_demo
from invoices.services.demo_world import CERTIFICATE_PASSWORD, PASSWORD


class Command(BaseCommand):
    help = "Fill the demo with people and a year of invoices; done before, it changes nothing."

    @override
    def handle(self, *_arguments: Any, **_options: Any) -> None:
        if not settings.KSEF_IS_SIMULATED:
            raise CommandError(
                "Only a demo installation (DEMO=1) that uses the KSeF simulator can be seeded."
            )
        # A thousand requests of an invented year are no news; only what goes wrong is.
        logging.disable(logging.INFO)
        try:
            seed_demo(now=timezone.now())
        except NoSimulator as error:
            raise CommandError(f"The KSeF simulator does not answer at {error}; start it first.") from error
        finally:
            logging.disable(logging.NOTSET)
        self.stdout.write(f"Demo people, all with the password {PASSWORD}:")
        for person in DEMO_PEOPLE:
            self.stdout.write(f"  {person.email:<20} {person.name}, {person.role}")
        self.stdout.write(f"Alicja's certificate for KSeF has the password {CERTIFICATE_PASSWORD}")
