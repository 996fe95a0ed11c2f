# Two commands matter: `make run` goes from nothing to a verdict, `make test` from nothing to all proofs.
# Both need Python 3.11 or newer, git and make, and reach the package index that pip is set up for.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test check format benchmark clean

run: $(VENV)/.run
	$(BIN)/guiju demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist worksteal
	$(MAKE) --no-print-directory check

# What needs no test to run: style, types, Turtle. Everything is installed by the target below.
check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/turtlefmt --check ontology shapes tests/cases src/guiju

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/turtlefmt ontology shapes tests/cases src/guiju

benchmark: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks.aic

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "需要 Python 3.11 或更新版本：make PYTHON=python3.12 …  Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "缺少 venv 模块（Debian：apt-get install python3-venv）。 The venv module is missing."; exit 1; }

$(VENV)/.run: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test,gates]'
	@touch $@ $(VENV)/.run

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
