"""``manage.py moralis_emulator``: a local emulator of the Moralis Auth API."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from allauth_moralis.emulator import CHOICES, AuthService, Behaviour, Emulator


class Command(BaseCommand):
    help = "Run a local emulator of the Moralis Auth API, to work without a key or a network."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8899)
        parser.add_argument("--api-key", help="Accept only this key (default: any).")
        parser.add_argument(
            "--no-single-use",
            action="store_true",
            help="Verify a challenge more than once, as the service may do.",
        )
        parser.add_argument(
            "--domain-rule",
            choices=CHOICES["domain_rule"],
            default="lenient",
            help="Whether a domain may have a port (lenient); the service may refuse it (fqdn).",
        )
        parser.add_argument(
            "--addresses-status",
            type=int,
            choices=CHOICES["addresses_status"],
            default=201,
            help="The HTTP status of a profile's addresses.",
        )
        parser.add_argument(
            "--verify-chain-id",
            choices=CHOICES["verify_chain_id"],
            default="number",
            help="The type of chainId in the response of verify.",
        )
        parser.add_argument(
            "--validator",
            choices=CHOICES["validator"],
            default="0.14",
            help="The version of the validator whose wording to use for invalid fields.",
        )
        parser.add_argument(
            "--control",
            action="store_true",
            help="Accept changes of behaviour, and faults, at POST /_emulator/control.",
        )
        parser.add_argument(
            "--even-without-debug",
            action="store_true",
            help="Start even though DEBUG is off. Never do this where people sign in.",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        if not settings.DEBUG and not options["even_without_debug"]:
            raise CommandError(
                "DEBUG is off, so this looks like a deployment, and the emulator must not be "
                "deployed. Start it with --even-without-debug if you know better."
            )
        service = AuthService(
            api_key=options["api_key"],
            behaviour=Behaviour(
                single_use=not options["no_single_use"],
                domain_rule=options["domain_rule"],
                addresses_status=options["addresses_status"],
                verify_chain_id=options["verify_chain_id"],
                validator=options["validator"],
            ),
        )
        try:
            emulator = Emulator(
                service, host=options["host"], port=options["port"], control=options["control"]
            )
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "there is no such port"
            raise CommandError(f"Cannot listen on this host and port: {reason}.") from error
        self.stdout.write(self.style.WARNING(_BANNER.format(url=emulator.url)))
        self.stdout.flush()  # a pipe would hold it back
        try:
            emulator.serve_forever()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
        finally:
            emulator.close()


_BANNER = """\
This is NOT the Moralis Auth API. It is an emulator, for development and tests.
It forgets everything when it stops, and accepts any API key unless told otherwise.

Listening on {url}. To run the demo with it:

    MORALIS_API_KEY=any MORALIS_BASE_URL={url} make run

Stop it with Ctrl-C."""
