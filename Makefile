# Set-up is part of the first command: on a machine with python3, make and a package index nothing else is needed.
PYTHON ?= python3
BIN := .venv/bin
SEED ?=

.PHONY: help hello setup test check quick bench simulate clean

help:
	@echo "make hello     run five copies of a web server in a cell on this machine"
	@echo "make test      everything CI runs"
	@echo "make quick     the quick tests alone"
	@echo "make check     style, types, layers"
	@echo "make bench     the benchmarks of this release, as JSON"
	@echo "make simulate  a cell under injected faults; SEED=n repeats one run"

# What people need to run borgpy.
.venv/.run: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

# What people need to work on it, too.
.venv/.dev: .venv/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

setup: .venv/.dev

hello: .venv/.run
	@$(BIN)/borgcfg up jobspecs/hello_world.borg --wait healthy --verify

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

quick: setup
	$(BIN)/pytest -q -m "not slow and not e2e and not simulation and not postgres"

test: check
	$(BIN)/pytest -q

bench: setup
	$(BIN)/python -m benchmarks.submit --json

simulate: setup
	SEED=$(SEED) $(BIN)/pytest -q -m simulation

clean:
	rm -rf .venv build dist
