"""``manage.py moralis_import_tutorial_users``: import wallets from other packages."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from allauth_moralis.importing import (
    OVERRIDABLE,
    SOURCES,
    Candidate,
    ImportRefused,
    Verdict,
    import_wallets,
)

EXAMPLES = 5  # rows that are shown of each refusal; `--verbosity 2` shows them all

#: The flag that lets a refusal through, and what it links.
FLAGS = {
    Verdict.NO_CHECKSUM: ("--lower-case", "addresses without a checksum in their letter case"),
    Verdict.INACTIVE: ("--inactive", "users who are not active (they stay inactive)"),
    Verdict.PRIVILEGED: (
        "--privileged",
        "staff and superusers, whose accounts a wallet will then open",
    ),
    Verdict.PASSWORD: (
        "--with-password",
        "users with a password, if you know that none of them chose another's address as a name",
    ),
    Verdict.OTHER_WAY_IN: (
        "--with-other-ways-in",
        "users with an e-mail address, a social account or an authenticator, if you know the same",
    ),
}
DONE = (Verdict.LINK, Verdict.LINKED)
#: Rows that are counted but not listed.
UNNAMED = (*DONE, Verdict.NOT_AN_ADDRESS)


class Command(BaseCommand):
    help = (
        "Let users of Moralis' Django tutorial (or of django-siwe-auth or siwe-django) sign in "
        "with their wallet here, by giving them a social account. Writes nothing without --apply."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", choices=list(SOURCES), default="tutorial")
        parser.add_argument("--apply", action="store_true", help="Write, in one transaction.")
        for verdict in OVERRIDABLE:
            flag, meaning = FLAGS[verdict]
            parser.add_argument(
                flag,
                action="append_const",
                const=verdict,
                dest="allowed",
                help=f"Link {meaning}.",
            )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        counts: Counter[Verdict] = Counter()

        def report(candidate: Candidate, verdict: Verdict) -> None:
            counts[verdict] += 1
            if options["verbosity"] > 1 or (verdict not in UNNAMED and counts[verdict] <= EXAMPLES):
                # In ASCII: a name is whatever somebody chose, and this is a terminal.
                self.stdout.write(
                    f"{verdict.value}: {candidate.address!a}, user {candidate.user.pk!a}"
                )

        try:
            source = SOURCES[options["source"]]()
            import_wallets(
                source,
                allowed=frozenset(options["allowed"] or ()),
                apply=options["apply"],
                report=report,
            )
        except ImportRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        # Names that do not even start like an address were not read at all.
        counts[Verdict.NOT_AN_ADDRESS] += max(source.rows.count() - counts.total(), 0)
        self._summarize(counts, options)

    def _summarize(self, counts: Counter[Verdict], options: dict[str, Any]) -> None:
        if options["verbosity"] < 2 and any(  # noqa: PLR2004 - as Django counts it
            counts[verdict] > EXAMPLES for verdict in Verdict if verdict not in UNNAMED
        ):
            self.stdout.write(f"({EXAMPLES} of each; --verbosity 2 shows them all)")
        self.stdout.write("")
        for verdict in Verdict:
            if counts[verdict] or verdict in DONE:
                flag = f" ({FLAGS[verdict][0]})" if verdict in FLAGS else ""
                self.stdout.write(
                    f"{counts[verdict]:>9}  {verdict.value:<15} {verdict.label}{flag}"
                )
        self.stdout.write("")
        if options["apply"]:
            self.stdout.write(self.style.SUCCESS(f"{counts[Verdict.LINK]} wallets were linked."))
        else:
            self.stdout.write("This was a dry run; nothing was written. Add --apply to write.")
