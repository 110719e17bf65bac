# Everything a person or a machine does with this tree. `make` alone lists the goals.
SHELL := /bin/bash
PYTHON ?= python3
# One more than the cores of the smallest machine, because many tests wait for processes and connections.
PYTEST_WORKERS ?= 3
BIN := .venv/bin
# A stamp holds the time of the last install: a second run compares two dates and goes on.
RUN_STAMP := .venv/.installed-run
TEST_STAMP := .venv/.installed-test
# RQ changed much between 2 and 3; the oldest supported one gets a virtual environment of its own.
OLD_RQ_STAMP := .venv-rq2/.installed
PIP_INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-input --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint types layers format torture constraints clean

help: ## list the goals
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(RUN_STAMP) ## create .venv with what the product needs to run

demo: $(RUN_STAMP) ## start everything with a sample company, send mails through, keep running until Ctrl-C
	@$(BIN)/careerrelay demo $(DEMO_OPTIONS)

test: check pytest ## all that CI runs: lint, types, layers, tests with real servers

check: lint types layers ## the checks that run nothing

lint: $(TEST_STAMP) ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(TEST_STAMP) ## mypy, strict, on packages and tests
	@$(BIN)/mypy

layers: $(TEST_STAMP) ## import-linter: imports run downwards only
	@$(BIN)/lint-imports

.PHONY: pytest
# A worker that has nothing left takes from the others. The many processes that are started find what is compiled.
pytest: export PYTHONDONTWRITEBYTECODE :=
pytest: $(TEST_STAMP)
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal -m "not torture" $(PYTEST_OPTIONS)

format: $(TEST_STAMP) ## let ruff write the format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

torture: $(TEST_STAMP) $(OLD_RQ_STAMP) ## the heavy tests with their full counts (long), and the oldest RQ
	@$(BIN)/python -m pytest -m torture -o timeout=0 $(PYTEST_OPTIONS)
	@.venv-rq2/bin/python -m pytest tests/core/test_wake.py tests/careerrelay/test_redis_worker.py

constraints: $(TEST_STAMP) ## write constraints.txt from what is installed
	@{ echo "# Exact versions of everything that runtime, tests and tools use; \`make constraints\` writes this file anew."; \
	   $(BIN)/pip freeze --local --exclude-editable | grep -viE '^(careerrelay|pip|setuptools)'; } > constraints.new
	@mv constraints.new constraints.txt

clean: ## remove .venv, caches and the demo's data
	rm -rf .venv .venv-rq2 .mypy_cache .ruff_cache .import_linter_cache .hypothesis var/demo

# Debian ships python3 without ensurepip: root can add it, anybody else is told how.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "CareerRelay needs Python 3.11 or newer; $(PYTHON) is older (set PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null; } \
	  || { echo "python3 lacks venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

$(RUN_STAMP): pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing into .venv (about a minute the first time) ..."
	@$(PIP_INSTALL) --editable .
	@touch $@

$(OLD_RQ_STAMP): pyproject.toml constraints.txt
	@echo "Installing into .venv-rq2 with RQ 2.12 ..."
	@$(PYTHON) -m venv .venv-rq2
	@grep -v '^rq==' constraints.txt > .venv-rq2/constraints.txt
	@.venv-rq2/bin/pip install --quiet --disable-pip-version-check --no-input \
	  --constraint .venv-rq2/constraints.txt --editable '.[test]' 'rq==2.12.0'
	@touch $@

$(TEST_STAMP): pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing into .venv with test and check tools ..."
	@$(PIP_INSTALL) --editable '.[test,dev]'
	@touch $(RUN_STAMP) $@
