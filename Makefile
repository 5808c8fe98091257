.DEFAULT_GOAL := help
.PHONY: help demo test coverage chaos bench check docs format german ci full clean
PYTHON ?= python3
BIN := .venv/bin
SECONDS ?= 180
SEED ?= 1

help:  ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

demo: .venv/demo-installed  ## start PostgreSQL and a worker, and watch jobs run
	$(BIN)/python example_project/manage.py demo

test: .venv/dev-installed  ## run the tests: make test ARGS='-k retry'
	$(BIN)/pytest -n auto $(ARGS)

coverage: .venv/dev-installed  ## run the tests and fail below the coverage gate (Python 3.12 or newer)
	$(BIN)/pytest -n auto --cov $(ARGS)

chaos: .venv/dev-installed  ## jobs under a storm of faults: make chaos SECONDS=30 SEED=7
	$(BIN)/python -m tests.chaos --seconds $(SECONDS) --seed $(SEED) $(ARGS)

bench: .venv/bench-installed  ## measure on a durable PostgreSQL: make bench QUICK=1
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(TINY),--tiny)

check: .venv/dev-installed  ## lint, formatting, types, layers, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -W ignore::RuntimeWarning -m django makemigrations --check --dry-run --settings tests.settings.everything

docs: .venv/docs-installed  ## build the documentation as HTML (Python 3.12 or newer)
	$(BIN)/sphinx-build -W --keep-going -b html docs build/docs

format: .venv/dev-installed  ## repair what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

german: .venv/dev-installed  ## bring the German catalogue up to the code (needs gettext)
	.ci/german

ci:  ## everything that CI runs for each change
	.ci/run

full:  ## the same and everything that takes longer
	.ci/full

clean:  ## remove the environment and every cache
	rm -rf .venv .nox .demo .coverage* .hypothesis .*_cache build dist htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/%-installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[$*]'
	@touch $@
