# One-word commands; each makes .venv and installs what it needs.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# Two cores shared by several processes: OpenMP threads that spin at a barrier cost more than they earn.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: help demo test check format bench serve notebooks clean
.DEFAULT_GOAL := help

help:
	@echo "make demo       bundles from 1.47 million real grocery lines, in minutes"
	@echo "make serve      the HTTP service on the demo's model (docs at /docs)"
	@echo "make test       all tests, a real Neo4j included"
	@echo "make check      format, lint, types, direction of imports"
	@echo "make format     rewrite the code in the project's format"
	@echo "make bench      speed, memory and quality figures (hours; protocols A, C and E need BUNDLEGRAPH_BENCHMARK_DATA)"
	@echo "make notebooks  open the notebooks on the demo's graph"

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
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

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
