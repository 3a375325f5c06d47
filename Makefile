# `make run` and `make test` need Python 3.11 or newer and make; they fetch all else.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# The official client from PyPI has requirements of its own.
CONFORMANCE := .venv-conformance
# allauth's own tests have some, too.
ALLAUTH := .venv-allauth
# As has siwe-django, beside which `make bench` measures.
SIWE := .venv-bench
# The fuzzer is not for every machine.
FUZZ := .venv-fuzz
SECONDS ?= 60
PORT ?= 8000
CHAIN_PORT ?= 8545
# For every Python from 3.11 on. The first lines of the pinned files repeat this command.
PIN = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS)
# The package has a catalogue, and the demo has one. What else is here speaks to developers.
UNTRANSLATED = --ignore '.*' $(patsubst %/,--ignore %,$(filter-out allauth_moralis/ config/ locale/ templates/,$(wildcard */)))

.PHONY: run demo-chain test test-services fuzz scripts screenshots conformance allauth-suite check docs requirements contracts format emulator bench load messages wheel matrix clean
.DEFAULT_GOAL := run

# What the demo runs on, and no more. pip says what it does: on a fresh machine it takes a minute.
$(VENV)/.demo: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt
	@touch $@

# What everything else needs beside it.
$(VENV)/.ready: $(VENV)/.demo requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(VENV)/.demo ## the demo on http://localhost:8000, with the embedded verifier unless told otherwise
	@$(BIN)/python -c 'import socket; socket.create_server(("localhost", $(PORT))).close()' 2>/dev/null || \
		{ echo "Port $(PORT) is in use, or not to be had. Choose another one: make run PORT=8001" >&2; exit 1; }
	$(BIN)/python manage.py migrate --verbosity 0
	$(BIN)/python manage.py runserver localhost:$(PORT)

emulator: $(VENV)/.demo ## a local stand-in of the Moralis Auth API on http://127.0.0.1:8899
	$(BIN)/python manage.py moralis_emulator

demo-chain: $(VENV)/.ready ## a chain with contract wallets of the development wallet; needs Node
	@$(BIN)/python -c 'from tests.chain import npm; raise SystemExit(npm.missing())'
	DJANGO_SETTINGS_MODULE=config.settings $(BIN)/python -m tests.chain.demo $(CHAIN_PORT)

test: $(VENV)/.ready ## a browser where none is there, then every test
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadgroup --cov --cov-report=term $(ARGS)

test-services: $(VENV)/.ready ## the processes of a deployment, by hand: needs PostgreSQL and Redis
	$(BIN)/python -m pytest -m services $(ARGS)

$(CONFORMANCE)/.ready: conformance/requirements.txt
	$(PYTHON) -m venv $(CONFORMANCE)
	$(CONFORMANCE)/bin/python -m pip install --quiet --disable-pip-version-check -r conformance/requirements.txt
	@touch $@

conformance: $(CONFORMANCE)/.ready ## the official clients of the Moralis Auth API against the emulator
	$(CONFORMANCE)/bin/python -m conformance.run

$(ALLAUTH)/.ready: allauth_suite/requirements.txt
	$(PYTHON) -m venv $(ALLAUTH)
	$(ALLAUTH)/bin/python -m pip install --quiet --disable-pip-version-check -r allauth_suite/requirements.txt
	@touch $@

allauth-suite: $(ALLAUTH)/.ready ## allauth's own tests, bare and with our app and mixins: the same must pass
	$(ALLAUTH)/bin/python -m allauth_suite $(PROJECTS)

$(FUZZ)/.ready: tests/fuzz/requirements.txt
	$(PYTHON) -m venv $(FUZZ)
	$(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check -r tests/fuzz/requirements.txt
	@touch $@

fuzz: $(FUZZ)/.ready ## what reads foreign bytes, SECONDS=60 for each target; ARGS="form token" for some, ARGS=--keep for their corpus
	$(FUZZ)/bin/python -m tests.fuzz.run --seconds $(SECONDS) $(ARGS)

matrix: ## the suite on other Pythons, Djangos and allauths; PYTHONS=3.12 DJANGOS=6.1 for some of them
	.ci/matrix

scripts: ## the scripts of our pages: lint, types, and what can be tested without a browser; needs Node
	@command -v npm > /dev/null || \
		{ echo "The scripts of our pages were not checked: that needs Node 20 or newer." >&2; test -z "$$CI"; }
	@! command -v npm > /dev/null || { npm ci --prefix js && npm run check --prefix js; }

check: $(VENV)/.ready docs scripts ## lint, format, imports, types, Django's own checks, the documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" ALLOWED_HOSTS=example.com \
		HTTPS=1 BEHIND_PROXY=1 CACHE_URL=redis://127.0.0.1:6379/1 \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.ready ## the documents in docs/_build/html; a warning or a broken link is an error
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --nitpicky --quiet -d docs/_build/doctrees docs docs/_build/html

screenshots: $(VENV)/.ready ## docs/images/, of every page in every state; needs a free port
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest tests/browser/pictures.py --quiet --liveserver=localhost:$(PORT)

requirements: $(VENV)/.ready ## pins with hashes, of the *.in files; ARGS=--upgrade for the newest of all
	$(PIN) requirements.in -o requirements.txt
	$(PIN) requirements-dev.in -o requirements-dev.txt
	$(PIN) conformance/requirements.in -o conformance/requirements.txt
	$(PIN) allauth_suite/requirements.in -o allauth_suite/requirements.txt
	$(PIN) bench/requirements.in -o bench/requirements.txt
	$(PIN) tests/fuzz/requirements.in -o tests/fuzz/requirements.txt

contracts: $(VENV)/.ready ## the validator and the tests' contracts, compiled anew; needs Node
	$(BIN)/python -m tests.chain.compiler

$(SIWE)/.ready: bench/requirements.txt
	@$(PYTHON) -m venv $(SIWE)
	@$(SIWE)/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt && touch $@ || \
		echo "siwe-django could not be installed, so it is left out." >&2

bench: $(VENV)/.ready $(SIWE)/.ready ## what a sign-in costs, beside others; ARGS=--quick for a first look
	$(BIN)/python -m bench $(ARGS)

load: $(VENV)/.ready ## a crowd that signs in for LOAD_SECONDS=60, or LOAD_SIGN_INS: percentiles, errors, memory
	LOAD_SECONDS=$(LOAD_SECONDS) LOAD_SIGN_INS=$(LOAD_SIGN_INS) $(BIN)/python -m tests.load

messages: $(VENV)/.ready ## the catalogues of translations, after a text was changed; needs GNU gettext
	$(BIN)/django-admin makemessages --all --no-location --no-obsolete --no-wrap $(UNTRANSLATED)
	$(BIN)/django-admin compilemessages $(UNTRANSLATED)

wheel: $(VENV)/.ready
	$(BIN)/python -m build

clean:
	rm -rf $(VENV) .venv-* .fuzz js/node_modules conformance/node_modules tests/chain/node_modules docs/_build build dist *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache
