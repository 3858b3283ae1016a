# Every task of the project; `make` alone lists them. Needs make and any Python >= 3.12 (chosen by itself, or PYTHON=...).

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help
help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: install
install: $(STAMP)  ## make .venv and install the project into it (again only when pyproject.toml changes)

$(STAMP): pyproject.toml
	@[ -x $(BIN)/python ] || { python=$$(bash tools/find-python) && "$$python" -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

.PHONY: demo
demo: $(STAMP)  ## fit lme4's sleepstudy, print the tables, write demo/report.html
	@mkdir -p demo
	$(BIN)/bayesmixed fit "Reaction ~ Days + (Days | Subject)" sleepstudy --report demo/report.html
	@echo "Report: demo/report.html"

.PHONY: test
test: $(STAMP)  ## run all tests and the examples in the docstrings
	$(BIN)/python -m pytest -n auto --dist loadfile --doctest-modules src tests

.PHONY: quick
quick: $(STAMP)  ## run the tests that do not sample at length
	$(BIN)/python -m pytest --doctest-modules src tests -m "not slow"

.PHONY: lint
lint: $(STAMP)  ## check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: format
format: $(STAMP)  ## rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: check
check: lint test  ## lint and test: what a change must pass

.PHONY: docs
docs: $(STAMP)  ## build the documentation into docs/_build; its code runs, warnings are errors
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	$(BIN)/sphinx-build -W --keep-going -b html docs docs/_build
	@echo "Documentation: docs/_build/index.html"

.PHONY: bench
bench: $(STAMP)  ## time the project beside its peers (three hours with R; what is done already is kept)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/bench_page.py

.PHONY: calibration
calibration: $(STAMP)  ## check ranks and intervals of simulated data (an hour; what is done already is kept)
	$(BIN)/python benchmarks/calibration.py
	$(BIN)/python benchmarks/calibration_page.py

.PHONY: fuzz
fuzz: $(STAMP)  ## 100,000 hostile formulas, 10,000 changed files, 20,000 names and spellings, frames, responses (an hour)
	$(BIN)/python benchmarks/fuzz.py

.PHONY: interrupts
interrupts: $(STAMP)  ## press Ctrl-C at 40 random moments of every command (half an hour)
	$(BIN)/python -W ignore benchmarks/interrupts.py

.PHONY: package
package: dist  ## build sdist and wheel into dist/, check them, try the wheel with the newest dependencies
	bash tools/try-wheel highest

.PHONY: oldest
oldest: dist  ## try the wheel with the oldest dependencies that it allows
	bash tools/try-wheel lowest-direct

.PHONY: dist
dist: $(STAMP)
	$(BIN)/python -m pip install --quiet --editable '.[package]'
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m twine check --strict dist/*

.PHONY: clean
clean:  ## remove what the tasks made, .venv included
	rm -rf $(VENV) demo build dist docs/_build docs/jupyter_execute docs/reference/generated .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
