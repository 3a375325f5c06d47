"""One target under libFuzzer: ``python -m tests.fuzz.libfuzzer TARGET [libFuzzer's arguments]``."""

import logging
import os
import sys

import atheris

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

# What is imported in here is followed line by line; of a response, also what has it before us.
FOLLOWED = ["allauth_moralis"]
if "response" in sys.argv:
    FOLLOWED += ["http.client", "requests", "urllib3"]
with atheris.instrument_imports(include=FOLLOWED):
    import django

    django.setup()
    from . import answers, targets  # noqa: F401 - they register the targets
    from .inputs import TARGETS, site


def main() -> None:
    _, name, *arguments = sys.argv
    # libFuzzer starts itself again to merge what it has found, by what it takes for its own path.
    program = f"{sys.executable} -m tests.fuzz.libfuzzer {name}"
    logging.disable()  # nobody reads a million lines
    target = TARGETS[name]

    def one_input(data: bytes) -> None:
        target(data)

    atheris.Setup([program, *arguments], one_input)
    with site():
        atheris.Fuzz()


if __name__ == "__main__":
    main()
