"""``manage.py moralis_doctor``: try the whole configuration for real."""

import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from allauth_moralis.doctor import report
from allauth_moralis.doctor.findings import Finding, Status, examine
from allauth_moralis.doctor.plan import probes


class Command(BaseCommand):
    help = (
        "Try the whole configuration of sign-in by wallet for real: the backend, the cache, "
        "sessions, nodes, and the pages as they are served. Writes nothing that stays. The exit "
        "status is 1 if something does not work."
    )
    requires_system_checks = ()  # they are the first thing that is tried

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--url",
            help="The site's own address, such as https://example.com: pages are then asked for "
            "there, through whatever stands before the site.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON document.")
        parser.add_argument(
            "--fail-on-warning", action="store_true", help="Exit with 1 if there is a warning, too."
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 - Django's signature
        url = options["url"]
        if url is not None and not _is_address(url):
            raise CommandError("--url must be an address, such as https://example.com.")
        findings = []
        for probe in probes(url):
            finding = examine(probe)
            findings.append(finding)
            if not options["json"]:
                self._show(finding)
        bad = {Status.FAILED, Status.WARNING} if options["fail_on_warning"] else {Status.FAILED}
        ok = not any(finding.status in bad for finding in findings)
        if options["json"]:
            self.stdout.write(report.document(findings, ok=ok))
        else:
            self.stdout.write(f"\n{report.summary(findings)}")
        if not ok:
            sys.exit(1)

    def _show(self, finding: Finding) -> None:
        styles = {Status.FAILED: self.style.ERROR, Status.WARNING: self.style.WARNING}
        style = styles.get(finding.status, str)
        self.stdout.write("\n".join(map(style, report.lines(finding))))
        self.stdout.flush()  # a dead service takes its time


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
