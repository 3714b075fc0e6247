# Each command creates .venv and installs what it needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# OpenMP threads that spin while they wait slow down every other process on a small machine.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help demo test test-all check format bench serve notebooks clean
.DEFAULT_GOAL := help

help:
	@echo "make demo       compose bundles from 1.47 million real grocery lines, in minutes"
	@echo "make serve      start the HTTP service with the demo's model (docs at /docs)"
	@echo "make test       run the fast tests (at most ten minutes)"
	@echo "make test-all   run all tests, including the slow ones"
	@echo "make check      check format, lint, types, imports between packages and names"
	@echo "make format     rewrite the code in the project's format"
	@echo "make bench      measure speed, memory and quality (hours; protocols A, C and E need data in BUNDLEGRAPH_BENCHMARK_DATA)"
	@echo "make notebooks  open the notebooks with the demo's graph"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("bundlegraph needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[all]' --group dev
	@touch $(READY)

demo: $(READY)
	$(BIN)/bundlegraph demo

serve: $(READY)
	$(BIN)/bundlegraph demo --serve

test: $(READY)
	$(BIN)/python -m pytest -m "not slow"

test-all: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/test_names.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.closed_forms
	$(BIN)/python -m benchmarks.ablations
	for protocol in A B C E F; do $(BIN)/python -m benchmarks.quality $$protocol --seeds 5 || exit 1; done

notebooks: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt jupyterlab
	BUNDLEGRAPH_HOME=$${BUNDLEGRAPH_HOME:-.bundlegraph-demo} $(BIN)/jupyter lab notebooks

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
