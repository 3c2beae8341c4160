# Each target sets up what it needs: the environment is made on first use.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
EXTRAS ?= dev,trajectory,search,dashboard
CONSTRAINTS ?= -c constraints.txt
# Processes that share the tests; 0 for this process alone, as a debugger needs.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

.PHONY: train test test-slow test-cluster lint types clean help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 14

$(INSTALLED): setup.cfg constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# Python compiles what is used, a quarter of it
	$(BIN)/pip install --disable-pip-version-check -q --no-compile $(CONSTRAINTS) torch==2.13.0 -e ".[$(EXTRAS)]"
	@# mypy and editors cannot follow the finder of an editable install; they follow a link
	@ln -sfn $(CURDIR) $$($(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/softsym
	@touch $@

train: $(INSTALLED) ## train the quickstart experiment and show what it found (ARGS="key=value ...")
	$(BIN)/python train.py $(ARGS)

test: $(INSTALLED) ## run the tests, except slow ones and those on a SLURM
	$(PYTEST) $(ARGS)

test-slow: $(INSTALLED) ## run the slow tests
	$(PYTEST) -m "slow and not cluster" $(ARGS)

test-cluster: $(INSTALLED) ## run the tests on a SLURM that they start
	$(PYTEST) --dist loadfile -m cluster tests/cluster $(ARGS)

lint: $(INSTALLED) ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## check types
	$(BIN)/mypy

clean: ## remove the environment and what tools left behind; runs under outputs/ stay
	rm -rf $(VENV) *.egg-info build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
