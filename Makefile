# What there is to run. `make setup` needs nothing but Python 3.11 or newer, and a package index that
# your pip can reach; the other targets call it themselves.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
# Recorded prices for the replay and for tests/real. Without them both use what is in the repository.
DATA ?= $(wildcard ../shared/data)

PIP := $(BIN)/python -m pip --disable-pip-version-check
PIN := requirements
RUN_PINS := $(PIN)/build.txt $(PIN)/core.txt $(PIN)/data.txt $(PIN)/report.txt $(PIN)/postgres.txt \
	$(PIN)/solver.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run replay chains test soak crash check lint types layers house unit docs reference \
	pictures pin bench changelog clean paths

help:
	@echo 'make setup      make $(VENV) and install hullmark with everything it needs'
	@echo 'make run        replay a crash through the engine and write out/ (same as make replay)'
	@echo '                DATA=folder takes recorded prices; ARGS="..." goes to hullmark replay'
	@echo 'make chains     play a crash under several chains of liquidation, and write out/chains.json;'
	@echo '                DATA=folder as above; ARGS="..." goes to hullmark chains'
	@echo 'make test       all tests (JOBS=2 at once)'
	@echo 'make check      format, lint, types, layers, house rules, unit tests, docs'
	@echo 'make paths      compare the trigger index with evaluating everyone: PATHS=10000 SEED=1'
	@echo 'make soak       simulate a venue with faults, audited at every step: SEED=1 EVENTS=1000000'
	@echo 'make crash      kill a venue again and again, and count what it lost: ROUNDS=600 SEED=1'
	@echo 'make bench      measure, and hold the figures to their bars; ONLY=name for one'
	@echo 'make docs       build the documentation into site/'
	@echo 'make reference  write docs/reference/ anew from the source'
	@echo 'make pin        resolve requirements/ anew'
	@echo 'make clean      remove what was built; $(VENV) stays'

# --- setup -----------------------------------------------------------------------------------------

setup: $(VENV)/.dev

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; v = sys.version_info; \
	v >= (3, 11) or sys.exit("hullmark: python must be >= 3.11, was %d.%d; name another: make PYTHON=..." % v[:2])'
	@$(PYTHON) -m venv $(VENV) || { echo "hullmark: $(PYTHON) -m venv must work: \
	on Debian and Ubuntu it takes the package python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.run: $(VENV)/.made $(RUN_PINS) pyproject.toml
	$(PIP) install --quiet --require-hashes $(RUN_PINS:%=-r %)
	$(PIP) install --quiet --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run $(PIN)/dev.txt
	$(PIP) install --quiet --require-hashes -r $(PIN)/dev.txt
	@touch $@

# --- run -------------------------------------------------------------------------------------------

run replay: $(VENV)/.run
	$(BIN)/hullmark replay $(if $(DATA),--data "$(DATA)") --out out $(ARGS)

chains: $(VENV)/.run
	@mkdir -p out
	$(BIN)/hullmark chains $(if $(DATA),--data "$(DATA)") --out out/chains.json --picture out/chains.png \
	$(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python tools/bench.py $(if $(ONLY),--only $(ONLY)) $(ARGS)

# --- test ------------------------------------------------------------------------------------------

test: $(VENV)/.dev
	$(if $(DATA),DATA="$(DATA)") $(BIN)/pytest -n $(JOBS) -r s $(ARGS)

soak: $(VENV)/.dev
	@$(BIN)/python tools/soak.py $(if $(SEED),--seed $(SEED)) $(if $(EVENTS),--events $(EVENTS)) $(ARGS)

paths: $(VENV)/.dev
	HULLMARK_PATHS=$(or $(PATHS),10000) $(if $(SEED),HULLMARK_SEED=$(SEED)) $(BIN)/pytest -q -n $(JOBS) \
	tests/laws/test_trigger_index.py

crash: $(VENV)/.dev
	@$(BIN)/python tools/crash.py $(if $(ROUNDS),--rounds $(ROUNDS)) \
	$(if $(SEED),--seed $(SEED)) $(if $(FIRST),--first $(FIRST)) $(ARGS)

check: lint types layers house unit docs

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

house: $(VENV)/.dev
	$(BIN)/pytest -q tests/house

unit: $(VENV)/.dev
	$(BIN)/pytest -q -n $(JOBS) src tests/unit

# --- texts -----------------------------------------------------------------------------------------

docs: $(VENV)/.dev
	$(BIN)/python tools/reference.py --check
	$(BIN)/zensical build --clean --strict

reference: $(VENV)/.dev
	$(BIN)/python tools/reference.py

pictures: $(VENV)/.dev
	$(BIN)/python tools/manipulation.py
	$(BIN)/python tools/margin_map.py
	$(BIN)/python tools/cascade_picture.py
	$(BIN)/python tools/tick_growth.py
	$(BIN)/python tools/stress_picture.py

changelog: $(VENV)/.dev
	$(BIN)/python tools/changelog.py

pin: $(VENV)/.dev
	$(BIN)/python tools/pin.py $(ARGS)

clean:
	rm -rf out site build dist .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
