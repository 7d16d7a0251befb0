# Set-up is part of the first command: on a machine with python3, make and a package index nothing else is needed.
PYTHON ?= python3
BIN := .venv/bin
SEED ?=
SECONDS ?= 600
TRACES ?=
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help hello setup lock test check quick bench simulate fuzz clean

help:
	@echo "make hello     run five copies of a web server in a cell on this machine"
	@echo "make test      everything CI runs"
	@echo "make quick     the quick tests alone"
	@echo "make check     style, types, layers"
	@echo "make bench     the benchmarks of this release, as JSON; TRACES=DIR packs real workloads, too"
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

BENCH = $(BIN)/python -m benchmarks.
FENZO = $(if $(TRACES),--trace $(TRACES)/fenzo-workload)
OPENB = $(if $(TRACES),--trace $(TRACES)/alibaba-openb-gpu2023)
bench: setup
	$(BENCH)submit --json
	$(BENCH)online --json
	$(BENCH)fill --hosts 10000 $(FENZO) --json
	$(BENCH)fill --hosts 10000 --batch 1 $(FENZO) --json
	$(BENCH)fill --hosts 10000 --variant hostattr $(FENZO) --json
	$(BENCH)fill --hosts 10000 --variant zonesoft $(FENZO) --json
	$(BENCH)fill --hosts 10000 --variant cpumem $(FENZO) --json
	$(BENCH)repack --json
	$(BENCH)repack --tasks 10000 --no-tricks --repeat 1 --json
	$(BENCH)repack --tasks 10000 --one-job --json
	$(BENCH)repack --machines 100000 --sample 100 --repeat 1 --json
	$(BENCH)gpu --policy all --seeds 2 $(OPENB) --json
	$(BENCH)compact --tasks 10000 --policy best_fit --trials 3 --json
	$(BENCH)compact --tasks 10000 --trials 3 --json
ifneq ($(TRACES),)
	$(BENCH)compact --trace $(TRACES) --policy best_fit --json
	$(BENCH)compact --trace $(TRACES) --json
	$(BENCH)compact --trace $(TRACES) --cell openb --json
endif
	$(BENCH)c2m --json
	$(BENCH)bcl --json

simulate: setup
	SEED=$(SEED) $(BIN)/pytest -q -m simulation

# The fuzzer has no packages for every machine, and only developers need it.
fuzz: setup
	$(BIN)/python -m pip install --quiet "atheris>=2.3"
	$(BIN)/python -m tests.fuzz.fuzz_bcl --seconds $(SECONDS)

clean:
	rm -rf .venv build dist
