# Everything the project can do on a machine with Python (3.11 or newer) and make. `make demo` and `make test` are all
# the set-up there is: each installs what it needs first, and does so only once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
INSTALLED := .venv/installed
ARGS ?=
WORKERS ?= logical

.PHONY: help install system demo test lint format bench fuzz mutants docs lock clean

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv with everything in it

$(INSTALLED): requirements.lock pyproject.toml scripts/install.sh
	@PYTHON="$(PYTHON)" INSTALLER="$(INSTALLER)" sh scripts/install.sh

system: ## Install what comes from the system's packages (Chromium, GOST), where this user may
	@sh scripts/system.sh

demo: $(INSTALLED) ## Run gateway and portal with sample data; ARGS="--once" for a single delivery
	@$(BIN)/socert demo $(ARGS)

test: $(INSTALLED) system ## Run all tests with coverage; ARGS="-k name" for some of them
	@mkdir -p build
	@SOCERT_BROWSER=required $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --durations=25 --cov --cov-report=term:skip-covered \
		--cov-report=xml:build/coverage.xml $(ARGS)

lint: $(INSTALLED) ## Check style, types and who imports whom
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED) ## Put the code into the project's style
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

bench: $(INSTALLED) ## Measure, and write build/bench.json
	@mkdir -p build
	@$(BIN)/python -m benchmarks $(ARGS)

fuzz: $(INSTALLED) ## Throw spoilt messages at all that reads them; ARGS="600" for so many seconds
	@$(BIN)/python scripts/fuzz.py $(ARGS)

mutants: $(INSTALLED) ## Break each invariant's rule once and see a test fail; ARGS="8 12" for some
	@$(BIN)/python scripts/mutants.py $(ARGS)

docs: $(INSTALLED) ## Write the reference pages that are made from the code
	@$(BIN)/python scripts/docs.py

lock: $(INSTALLED) ## Choose the newest versions again and write requirements.lock
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--group dev --all-extras pyproject.toml -o requirements.lock \
		--custom-compile-command "make lock"

clean: ## Remove what was installed, built and cached; data folders stay
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
