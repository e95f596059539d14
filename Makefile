# Everything here needs Python 3.11+, git and make; the rest comes into .venv by itself, pinned.

SHELL := /bin/sh
BIN := .venv/bin
# Two workers: more only fight for the processes that the tests themselves start.
WORKERS ?= 2
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint types contracts workflows check bench format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/.ready ## the whole flow on this machine: issue, proposal, approval, draft pull request
	@$(BIN)/draftgate demo

test: .venv/.ready ## all tests
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(PYTEST_ARGS)

lint: .venv/.ready ## ruff: rules and layout
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.ready ## mypy, strict
	$(BIN)/mypy

contracts: .venv/.ready ## import-linter: who may import whom
	$(BIN)/lint-imports

workflows: .venv/.ready ## zizmor and GitHub's schemas over the workflows and action.yml
	$(BIN)/zizmor --offline --no-progress --persona auditor action.yml workflows/*.yml .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows workflows/*.yml .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml

check: lint types contracts workflows ## lint, types, contracts and workflows

bench: .venv/.ready ## the overhead benchmark: wall time that is not the model's, memory, requests
	$(BIN)/python benchmarks/overhead.py

format: .venv/.ready ## rewrites the layout and what ruff can mend safely
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## removes .venv and the caches of the tools
	rm -rf .venv .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache dist

# The stamp makes the second `make` start at once.
.venv/.ready: pyproject.toml uv.lock .ci/uv.txt .ci/setup .ci/get-uv .ci/find-python
	@sh .ci/setup
	@touch $@
