# `make` lists the targets. Each of them prepares .venv first, which costs a moment when nothing changed.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check check-style check-types check-imports check-templates check-django bench chaos browser live lock

BIN := .venv/bin
TEMPLATES := $(shell find templates -name '*.html' -o -name '*.txt' 2>/dev/null)
# Tools that import the settings need them to be complete, not to be true.
THROWAWAY := SECRET_KEY=check KWIT_KEYS=check:$(shell printf '0%.0s' {1..42})0= \
	DATABASE_URL=postgresql://kwit@127.0.0.1/kwit REDIS_URL=redis://127.0.0.1/0

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: ## Prepare .venv (Python 3.12 or newer) and the libraries that PDFs need
	@.ci/setup

demo: setup ## Run the whole portal here, with an embedded database and a KSeF simulator (PORT, SIM_PORT, VAR_DIR)
	@exec $(BIN)/python -m config.demo

test: setup ## Run all tests but the live ones (ARGS="-k name" narrows them)
	@.ci/setup browser
	@$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile -m "not live" $(ARGS)

check: check-style check-types check-imports check-templates check-django ## Format, lint, types, imports, templates, migrations

check-style: setup
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check .

check-types: setup
	$(THROWAWAY) $(BIN)/mypy .

check-imports: setup
	$(BIN)/lint-imports

check-templates: setup
	@echo djade --check templates
	@$(BIN)/djade --check --target-version 6.1 $(TEMPLATES)
	$(BIN)/djlint --check --lint templates

check-django: setup
	$(THROWAWAY) $(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	$(THROWAWAY) $(BIN)/python manage.py check

bench: setup ## Measure what a person waits for, a month-end of ten thousand, and whether a log-in tells who has an account
	@DJANGO_SETTINGS_MODULE=config.settings $(THROWAWAY) $(BIN)/python -m tests.bench
	@MONTH_END=10000 $(BIN)/python -m pytest -q -s tests/integration/test_month_end.py
	@TIMED_TRIES=200 $(BIN)/python -m pytest -q tests/security/test_login_limits.py -k takes_as_long

chaos: setup ## Send thousands of invoices while workers die and KSeF stumbles (SEED, INVOICES, COMPANIES, MINUTES, ARGS)
	@CHAOS_SEED=$(SEED) CHAOS_INVOICES=$(or $(INVOICES),2000) CHAOS_COMPANIES=$(or $(COMPANIES),20) \
		CHAOS_MINUTES=$(or $(MINUTES),0) $(BIN)/python -m pytest -q -s tests/crash/test_chaos.py $(ARGS)

browser: setup ## Run the tests that drive a real browser
	@.ci/setup browser
	@$(BIN)/python -m pytest -m browser tests/browser $(ARGS)

live: setup ## Run the contract tests against KSeF's TEST environment, with invented companies only
	@$(BIN)/python -m pytest -m live $(ARGS)

lock: setup ## Pin requirements/*.in again (needs uv)
	uv pip compile --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --quiet requirements/base.in -o requirements/base.txt
	uv pip compile --universal --python-version 3.12 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-header --quiet requirements/dev.in -o requirements/dev.txt
