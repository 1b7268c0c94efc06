# `make` alone tells the targets. Everything installs itself from the lock files, into this folder only.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check unit contract fmt lock bench golden docs clean
.SILENT:
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
# Brownie's plugin would start a chain of its own in every test run; only the contract tests want that.
PYTEST := $(PY) -m pytest -p no:pytest-brownie
# Only the folders that exist.
SOURCES = $(wildcard bot tests benchmarks scripts tooling)

help:  ## Show this list
	awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## Install the Python and npm packages of the lock files (nothing to do: a moment)
	tooling/setup

demo: setup  ## Start a local chain with real Uniswap, crash the price, watch the hedges
	.venv/bin/layerhedge demo

test: check  ## What CI runs: check, then all tests and beside them the contracts' on Anvil
	mkdir -p build
	$(MAKE) -j2 unit contract HOLD=build/contract.log

check: setup  ## Lint, format, types, import rules
	.venv/bin/ruff check --quiet $(SOURCES)
	.venv/bin/ruff format --quiet --check $(SOURCES) || { echo "formatting differs: make fmt"; exit 1; }
	.venv/bin/mypy --no-error-summary bot
	mkdir -p build
	.venv/bin/lint-imports --no-logo --cache-dir build/import-linter >build/import-linter.log || { cat build/import-linter.log; exit 1; }

unit: setup  ## All tests but those of the contracts
	$(PYTEST) -n auto --dist loadfile --ignore=tests/contract --doctest-modules tests bot/core

# HOLD: a file for the output, which is shown when all is done, so that it does not mix with others'.
contract: setup  ## The contracts' tests, by Brownie on an Anvil of its own
	$(if $(HOLD),tooling/brownie-test >$(HOLD) 2>&1; code=$$?; cat $(HOLD); exit $$code,tooling/brownie-test)

fmt: setup  ## Format the code and repair what can be repaired
	.venv/bin/ruff format --quiet $(SOURCES)
	.venv/bin/ruff check --quiet --fix $(SOURCES)

lock:  ## Remake the lock files (needs network)
	tooling/lock

bench: setup  ## Benchmarks, as ratios to floor and peer
	$(PY) -m benchmarks

golden: setup  ## Rewrite the golden files and the generated tables of the docs; review the diff
	LAYERHEDGE_GOLDEN=rewrite $(PYTEST) --quiet tests/scenario tests/tidy
	git --no-pager diff --stat -- tests scenarios docs .env.example

docs: setup  ## Prove that the docs name every command, key, metric and error
	$(PYTEST) --quiet tests/tidy

clean:  ## Remove what was built; the installed packages stay
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(SOURCES) -name __pycache__ -prune -exec rm -rf {} +
