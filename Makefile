# make demo: open the capture that comes with scaptui.   make test: run the tests.
# Needs Python 3.11 or newer, make, and pip's access to a package index; everything lands in .venv.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
TREE := build/tree

.PHONY: help demo test check format lint types contracts tree docs bench screenshots clean

help:
	@echo "make demo         install into $(VENV) and open the demo capture"
	@echo "make test         install with the developers' tools and run the tests"
	@echo "make check        lint, format, types, import contracts, lists in the documents"
	@echo "make format       let ruff put the sources in order"
	@echo "make bench        index 2M events, beside sysdig's plain pass"
	@echo "make screenshots  draw screenshots/ anew"
	@echo "make clean        remove $(VENV) and everything generated"

demo: $(VENV)/.installed
	@$(BIN)/scaptui --demo

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

# What the commit hooks check, on every file: ruff, types, import contracts, documents.
check: $(VENV)/.installed-dev
	$(BIN)/pre-commit run --all-files --color never

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed-dev tree
	$(BIN)/basedpyright

contracts: $(VENV)/.installed-dev tree
	PYTHONPATH=$(TREE) $(BIN)/lint-imports --no-cache

# The packages lie in core/, tui/ and keymaps/; tools that look for scaptui/core get links.
tree:
	@rm -rf $(TREE) && mkdir -p $(TREE)/scaptui
	@ln -s ../../../src/scaptui/__init__.py ../../../src/scaptui/__main__.py ../../../core ../../../tui \
		../../../keymaps $(TREE)/scaptui/

docs: $(VENV)/.installed-dev
	$(BIN)/python .ci/check_docs.py

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/index_rate.py

screenshots: $(VENV)/.installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[screenshots]'
	$(BIN)/python screenshots/make.py

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find core tui keymaps src tests benchmarks screenshots .ci -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "scaptui needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed
