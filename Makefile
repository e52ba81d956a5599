# `make help` lists what can be made. Everything happens in .venv, set up on first use and again
# when pyproject.toml has changed. PYTHON= chooses the interpreter, ARGS= is handed on.

MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.PHONY: help serve bundle setup test whole proof format bench checks fuzz engines load kill conformance wheel clean

# What browsers load is built where npm is; the pages work whole without it.
BUNDLE = server/foedera/web/static/query.js
WITH_BUNDLE = $(if $(shell command -v npm 2>/dev/null),$(BUNDLE))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

serve: .venv/.runtime $(WITH_BUNDLE) ## serve the dataset; PORT=8080, ARGS="FOLDER --reload"
	@exec .venv/bin/foedera serve $(if $(PORT),--port $(PORT)) $(ARGS)

bundle: $(BUNDLE) ## build the scripts of the query page; needs npm, and nothing needs them

setup: .venv/.dev ## make .venv with all that development needs

test: .venv/.dev $(WITH_BUNDLE) ## check style and types, then run the tests; ARGS="-k wheel"
	.venv/bin/python -m ruff check
	.venv/bin/python -m ruff format --check
	.venv/bin/python -m mypy
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

whole: .venv/.dev ## prove of all things what `make test` proves of a sample, and what takes long
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --whole \
	    -m whole $(ARGS)
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --whole \
	    tests/test_crawl.py tests/test_dataset.py tests/test_iris.py tests/test_pages.py \
	    tests/test_query_page.py tests/test_safety.py \
	    -m "not whole" $(ARGS)

proof: .venv/.dev ## print the table of facts, questions, links and evidence; SHARED_FOLDER=...
	.venv/bin/python tests/table.py

format: .venv/.dev ## lay out the code, and mend what can be mended
	.venv/bin/python -m ruff check --fix
	.venv/bin/python -m ruff format

bench: .venv/.dev ## measure the site against the oxigraph server
	.venv/bin/python tests/bench.py $(ARGS)
	.venv/bin/python tests/bench_queries.py $(QUERIES_ARGS)

checks: .venv/.dev ## measure checking over generated data; ARGS="--triples 1000000"
	.venv/bin/python tests/bench_checks.py $(ARGS)

fuzz: .venv/.dev ## compare incremental checks with full ones; ARGS="--real 100 --shapes 500"
	.venv/bin/python tests/fuzz.py $(ARGS)

engines: .venv/.dev ## compare the engines over random shapes; ARGS="--rounds 5000"
	.venv/bin/python tests/fuzz_engines.py $(ARGS)

load: .venv/.dev ## runaway queries for a minute, and pings beside; ARGS="--seconds 10"
	.venv/bin/python tests/load.py $(ARGS)

kill: .venv/.dev ## end answers in their middle, and see what clients make of it; ARGS="--rounds 20"
	.venv/bin/python tests/kill.py $(ARGS)

conformance: .venv/.dev ## run the W3C's SPARQL tests over HTTP; ARGS="--only REGEX"
	.venv/bin/python tests/conformance.py $(ARGS)

wheel: .venv/.dev ## build the sdist and, from it, the wheel, into dist/
	.venv/bin/python -m build

clean: ## remove .venv, caches and what was built; releases in .foedera stay
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache server/web/node_modules
	rm -f $(BUNDLE) server/foedera/web/static/land.svg
	find server tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BUNDLE): server/web/package-lock.json server/web/build.mjs $(wildcard server/web/src/*.js)
	@echo "Building the query editor: a few seconds, once"
	@cd server/web && npm ci $(NPM) && node build.mjs \
	    || echo "The query editor could not be built; the pages work without it" >&2

# Nothing that a package would run at its installation is needed here.
NPM = --ignore-scripts --no-audit --no-fund --silent --prefer-offline --fetch-retries=1

# Two stamps, so that serving installs no development tools and neither runs pip twice.
.venv/.runtime: pyproject.toml | .venv/bin/pip
	@echo "Setting up .venv: this takes a minute, once"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.dev: pyproject.toml | .venv/bin/pip
	@echo "Setting up .venv with the development tools: this takes a minute, once"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ .venv/.runtime

# Tried by running them: a name on the PATH may be too old, or lack the parts that make a venv.
.venv/bin/pip:
	@for python in $(or $(PYTHON),python3.11 python3 python3.12 python3.13 python3.14); do \
	    "$$python" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    && exec "$$python" -m venv .venv; \
	done; \
	echo "Foedera needs Python 3.11 or newer, with its venv module (Debian: python3-venv)." >&2; \
	echo "Name one with: make PYTHON=/path/to/python3" >&2; \
	exit 1
