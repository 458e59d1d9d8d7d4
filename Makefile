# Outrider's commands. Everything a target needs is set up by the target itself; only Python >= 3.11 and make are assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
VENDOR := src/outrider/kit/pages/vendor
ASSETS := $(VENDOR)/icons.svg
THOROUGH := tests/api/test_fuzz.py tests/people/test_golden.py tests/intake/test_cleaning.py tests/intake/test_ingest.py tests/engagement/test_shapes.py

.DEFAULT_GOAL := help
.PHONY: help setup assets run browser test screenshots lint format bench proof lock clean

help:  ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Outrider needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.x and run make again.")'
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(ASSETS): frontend/package-lock.json frontend/icons.txt frontend/collect.py $(STAMP)
	@echo "Collecting the front-end packages ..."
	@$(BIN)/python frontend/collect.py

setup: $(STAMP) $(ASSETS)  ## Make .venv with the pinned dependencies, and collect the front-end packages

assets: $(ASSETS)  ## Collect the front-end packages (htmx, typeface, icons)

run: $(STAMP) $(ASSETS)  ## Start Outrider with sample data on http://localhost:8080
	@$(BIN)/outrider up

browser: $(STAMP)  ## Find the Chromium of the browser tests, or get one
	@$(BIN)/python -m tests.browser.chromium --install

test: $(STAMP) $(ASSETS) $(if $(findstring --ignore=tests/browser,$(ARGS)),,browser)  ## Run the whole test suite
	@$(BIN)/python -m pytest -n 2 $(ARGS)

screenshots: $(STAMP) $(ASSETS) browser  ## Make the pictures of docs/images
	@$(BIN)/python -m tests.browser.screenshots

lint: $(STAMP)  ## ruff, mypy, sqlfluff, squawk
	@$(BIN)/ruff check src tests bench frontend
	@$(BIN)/ruff format --check src tests bench frontend
	@$(BIN)/mypy
	@$(BIN)/squawk --config .squawk.toml src/outrider/database/migrations/*.sql
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar src

format: $(STAMP)  ## Let ruff write the layout
	@$(BIN)/ruff check --fix-only --quiet src tests bench frontend
	@$(BIN)/ruff format --quiet src tests bench frontend

bench: $(STAMP) $(ASSETS)  ## Print the figures of docs/performance.md (ARGS="--rows 100000" for one size)
	@$(BIN)/python -m bench $(ARGS)

proof: $(STAMP) $(ASSETS)  ## The slow proofs: kills during a 1M-row import and a 20,000-message campaign, thousands of made-up examples
	@$(BIN)/python -m pytest -m proof tests/proof $(ARGS)
	@OUTRIDER_THOROUGH=20 $(BIN)/python -m pytest -n 2 $(THOROUGH)

lock: $(STAMP)  ## Pin the dependencies anew
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
		--extra dev pyproject.toml -o requirements.lock

clean:  ## Remove the virtual environment and what tests left behind
	@rm -rf $(VENV) $(VENDOR) frontend/node_modules .pytest_cache .mypy_cache .ruff_cache .test-home
