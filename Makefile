# Everything one does with CollabDocs. `make run` is the main job, `make test` the gate.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE ?= 1

EDITOR_SOURCES := $(wildcard editor/src/*.ts editor/src/*/*.ts editor/*.json editor/*.mjs)
MONGO_TESTS ?= $(wildcard documents/tests/test_oplog*.py documents/tests/test_api_*.py) documents/tests/test_copies.py accounts
RACES := documents/tests/test_oplog_races.py
ON_ONE_FILE := $(RACES)::test_processes_on_one_document $(RACES)::test_processes_on_several_documents \
	$(RACES)::test_a_second_writer_that_holds_the_file_is_waited_for
STATIC_SOURCES := $(shell find static -type f -not -path 'static/editor/*')

.PHONY: run test test-all style editor-style types imports editor-test python-test mongo-test packages requirements clean

run: .venv/.runs static/editor/.built staticfiles/.collected ## install what is missing, migrate, serve
	$(BIN)/python manage.py migrate --verbosity 0
	exec $(BIN)/python -m collabdocs.serve

test: packages style types imports editor-test python-test ## all that must pass, in under 30 minutes

test-all: export SMALL_MODEL = long
test-all: export RANDOM_MODEL = 1500
test-all: export CONVERGENCE_SEEDS = 30000
test-all: export SEEDS = 1000
test-all: export SCHEMA_EXAMPLES = 400
test-all: PYTEST_ARGS += -o timeout=3600
test-all: test ## the same, with many more seeds and deeper models

packages: ## install what the tests need and a fresh Debian machine lacks
	tests/packages.sh

style: .venv/.develops editor-style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

editor-style: editor/node_modules/.installed
	cd editor && npm run --silent style

types: .venv/.develops editor/node_modules/.installed
	$(BIN)/mypy
	cd clients/python && ../../$(BIN)/mypy
	cd editor && npm run --silent types

imports: .venv/.develops
	$(BIN)/lint-imports --no-cache

editor-test: editor/node_modules/.installed
	cd editor && npm test

python-test: .venv/.develops static/editor/.built staticfiles/.collected
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest $(PYTEST_ARGS)

mongo-test: packages .venv/.develops static/editor/.built ## log, accounts, permissions and API on an emulated MongoDB
	$(BIN)/python -m tests.mongo $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.mongo $(BIN)/python -m pytest $(MONGO_TESTS) $(ON_ONE_FILE:%=--deselect %) $(PYTEST_ARGS)

requirements: .venv/.develops ## compile the pinned lists from what requirements*.in asks for
	$(BIN)/uv pip compile --quiet --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --no-emit-index-url --no-header requirements-dev.in -o requirements-dev.txt

clean: ## remove what was built; documents in var/ stay
	rm -rf .venv staticfiles static/editor editor/node_modules tests/mongo/jars

.venv/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CollabDocs needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/.runs: requirements.txt .venv/.made
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/.develops: requirements-dev.txt .venv/.runs
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	touch $@

editor/node_modules/.installed: editor/package-lock.json
	cd editor && npm ci --silent --no-audit --no-fund
	touch $@

static/editor/.built: editor/node_modules/.installed $(EDITOR_SOURCES)
	cd editor && npm run --silent build
	touch $@

staticfiles/.collected: .venv/.runs static/editor/.built $(STATIC_SOURCES)
	$(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0
	touch $@
