# `make run` shows the main job, `make test` proves the project. Both set up first.
# Needs Python 3.11+, make, git and a package index; everything else goes into .venv.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
SET_UP := .venv/set-up
SECOND := .venv/second/set-up

.DEFAULT_GOAL := help
.PHONY: help run test setup lint types sql tests steps second bench soak mutate format lock playbook lineage docs clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup ## a bot's day with an incident in it, from its files to the verdict
	$(BIN)/watchhouse demo

test: setup lint types sql tests ## everything that must hold before a commit

setup: $(SET_UP) ## .venv from the lock file; nothing to do the second time

# The stamp is written last: an interrupted set-up is taken up again from the start.
$(SET_UP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; hint: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

sql: setup
	$(BIN)/sqlfmt --check --no-progressbar -q .

tests: setup
	$(BIN)/pytest -n 2 --dist loadgroup --ignore tests/second

# Forty minutes: over a thousand ingests killed, and one that is kept out for ten minutes; another
# seed gives other histories.
soak: setup ## kill ingest for long: make soak WATCHHOUSE_SOAK_SECONDS=1800 WATCHHOUSE_SOAK_SEED=2
	WATCHHOUSE_SOAK_SECONDS=$${WATCHHOUSE_SOAK_SECONDS:-1200} \
		WATCHHOUSE_HELD_SECONDS=$${WATCHHOUSE_HELD_SECONDS:-600} $(BIN)/pytest -s tests/faults \
		tests/watchhouse/test_known_then.py tests/ingest/test_random_histories.py
	WATCHHOUSE_KILLS=400 $(BIN)/pytest tests/ingest -k killed_at_any_step

steps: setup ## homes built in steps against one build of everything
	WATCHHOUSE_STEPS=1 $(BIN)/pytest -n0 tests/recordings/test_steps.py

second: $(SECOND) ## ingest, publish, build and checks under DuckDB 2.0 as well
	$(BIN)/pytest tests/second

# The first environment with another DuckDB before it.
$(SECOND): $(SET_UP)
	$(BIN)/python -m venv .venv/second
	.venv/second/bin/python -m pip install -q --disable-pip-version-check --no-deps duckdb==2.0.0
	echo "import site; site.addsitedir('$$($(BIN)/python -c 'import site; print(site.getsitepackages()[0])')')" \
		> "$$(.venv/second/bin/python -c 'import site; print(site.getsitepackages()[0])')/first.pth"
	@touch $@

mutate: setup ## negate each check's predicates and move its limits: which test notices
	PYTHONPATH=tests/dbt:tests/recordings $(BIN)/python tests/mutate.py

bench: setup ## our speed beside DuckDB's and the limit's: make bench BENCH="--huge --dlt small"
	$(BIN)/python -m bench $(BENCH)

format: setup ## Python and SQL, in place
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfmt --no-progressbar -q .

lock: ## requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --no-strip-extras --no-emit-index-url \
		--no-emit-find-links --extra dev pyproject.toml -o requirements.lock

playbook: setup ## docs/playbook.md anew from the checks' headers
	$(BIN)/python -m watchhouse.playbook > docs/.playbook.new
	mv docs/.playbook.new docs/playbook.md

lineage: setup ## the picture in docs/architecture.md and dbt's exposures anew
	$(BIN)/python -m watchhouse.lineage

docs: setup ## dbt's own pages about models and checks, in target/static_index.html
	$(BIN)/dbt docs generate --static

clean: ## what tools left behind; the warehouse in var/ and .venv stay
	rm -rf target logs .mypy_cache .pytest_cache .ruff_cache .hypothesis
