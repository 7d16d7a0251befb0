# Set-up is part of the first command: on a machine with python3, make and a package index nothing else is needed.
PYTHON ?= python3
BIN := .venv/bin
SEED ?=
SECONDS ?= 600
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help hello setup lock test check quick bench simulate fuzz clean

help:
	@echo "make hello     run five copies of a web server in a cell on this machine"
	@echo "make test      everything CI runs"
	@echo "make quick     the quick tests alone"
	@echo "make check     style, types, layers"
	@echo "make bench     the benchmarks of this release, as JSON"
	@echo "make lock      pin what pyproject.toml asks for"
	@echo "make simulate  a cell under injected faults; SEED=n repeats one run"
	@echo "make fuzz      BCL under a fuzzer, for SECONDS=n; what it finds is kept as crash-..."

# What people need to run borgpy: every package by its hash, the one that builds borgpy itself included.
.venv/.run: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# What people need to work on it, too.
.venv/.dev: .venv/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

setup: .venv/.dev

# What is pinned already stays as long as it fits. The files name no package index, whichever one this machine uses.
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url \
	--no-emit-find-links --no-emit-trusted-host --no-emit-options --build-deps-for editable
lock: setup
	CUSTOM_COMPILE_COMMAND="make lock" $(LOCK) -o requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

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
	$(BIN)/python -m benchmarks.online --json
	$(BIN)/python -m benchmarks.c2m --json
	$(BIN)/python -m benchmarks.gpu --policy all --seeds 2 --json
	$(BIN)/python -m benchmarks.bcl --json

simulate: setup
	SEED=$(SEED) $(BIN)/pytest -q -m simulation

# The fuzzer has no packages for every machine, and only developers need it.
fuzz: setup
	$(BIN)/python -m pip install --quiet "atheris>=2.3"
	$(BIN)/python -m tests.fuzz.fuzz_bcl --seconds $(SECONDS)

clean:
	rm -rf .venv build dist
