# Everything one does with CollabDocs. `make run` is the main job, `make test` the gate.
PYTHON ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE ?= 1

EDITOR_SOURCES := $(wildcard editor/src/*.ts editor/src/*/*.ts editor/*.json editor/*.mjs)
MONGO_TESTS = $(wildcard documents/tests/test_oplog*.py documents/tests/test_api_*.py) documents/tests/test_copies.py \
	accounts tests/mongo
UNIT_TESTS = accounts collabdocs documents realtime clients/python/tests
SYSTEM_TESTS = tests --ignore=tests/browser --ignore=tests/faults
STATIC_SOURCES := $(shell find static -type f -not -path 'static/editor/*')

.PHONY: run test test-all audit style editor-style types imports editor-test one-lane other-lane unit-test system-test browser-test fault-test mongo-test real-mongo-test image-test faults loadtest packages requirements clean

run: .venv/.runs static/editor/.built staticfiles/.collected ## install what is missing, migrate, serve
	$(BIN)/python manage.py migrate --verbosity 0
	exec $(BIN)/python -m collabdocs.serve

# Two lanes side by side, with data of their own: each keeps one processor busy. What looks at clocks has both to itself.
test: packages .venv/.develops static/editor/.built staticfiles/.collected ## all that must pass, in under 30 minutes
	$(MAKE) --output-sync=target --jobs=2 style types imports editor-test
	$(MAKE) --output-sync=target --jobs=2 one-lane other-lane MONGO_TESTS="$(MONGO_TESTS)" PYTEST_ARGS="$(PYTEST_ARGS)"
	$(MAKE) fault-test PYTEST_ARGS="$(PYTEST_ARGS)"

ASIDE := tests/security tests/packaging # of the system's tests, what the other lane takes

one-lane:
	$(MAKE) unit-test DATA_DIR=$(CURDIR)/var/one
	$(MAKE) system-test DATA_DIR=$(CURDIR)/var/one SYSTEM_TESTS="$(SYSTEM_TESTS) $(ASIDE:%=--ignore=%)"

other-lane:
	$(MAKE) mongo-test DATA_DIR=$(CURDIR)/var/other
	$(MAKE) browser-test DATA_DIR=$(CURDIR)/var/other
	$(MAKE) system-test DATA_DIR=$(CURDIR)/var/other SYSTEM_TESTS="$(ASIDE)"

test-all: export SMALL_MODEL = long
test-all: export RANDOM_MODEL = 1500
test-all: export CONVERGENCE_SEEDS = 30000
test-all: export SEEDS = 1000
test-all: export SCHEMA_EXAMPLES = 400
test-all: export LOST_REPLIES = 100
test-all: MONGO_TESTS = documents accounts realtime collabdocs tests
test-all: PYTEST_ARGS += -o timeout=3600
test-all: test image-test faults ## the same with many more seeds and deeper models, the image, and all faults; hours

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

unit-test: .venv/.develops static/editor/.built staticfiles/.collected ## each app's own tests
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest $(UNIT_TESTS) $(PYTEST_ARGS)

system-test: .venv/.develops static/editor/.built staticfiles/.collected ## real servers and services
	$(BIN)/python -m pytest $(SYSTEM_TESTS) $(PYTEST_ARGS)

browser-test: .venv/.develops static/editor/.built staticfiles/.collected ## real browsers
	$(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

fault-test: .venv/.develops staticfiles/.collected ## a few of the faults, for a short time
	$(BIN)/python -m pytest tests/faults $(PYTEST_ARGS)

mongo-test: packages .venv/.develops static/editor/.built ## log, accounts, permissions and API on an emulated MongoDB
	$(BIN)/python -m tests.mongo $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.mongo $(BIN)/python -m pytest $(MONGO_TESTS) $(PYTEST_ARGS)

real-mongo-test: .venv/.develops static/editor/.built ## the same on the server that DATABASE_URL names, and what needs a real one
	REAL_MONGO=1 LOST_REPLIES=100 $(BIN)/python -m tests.mongo $(BIN)/python manage.py makemigrations --check --dry-run
	REAL_MONGO=1 LOST_REPLIES=100 $(BIN)/python -m tests.mongo $(BIN)/python -m pytest $(MONGO_TESTS) tests/test_crash.py $(PYTEST_ARGS)

image-test: .venv/.develops ## build the image for real, on stand-ins for its bases, and run it; as root on Debian
	tests/packages.sh buildah debootstrap
	$(BIN)/python -m pytest tests/packaging/image.py $(PYTEST_ARGS)

audit: .venv/.develops editor/node_modules/.installed ## ask for known holes in what is used; needs the registries' own services
	$(BIN)/pip-audit --strict --disable-pip --no-deps -r requirements-dev.txt
	cd editor && npm audit --audit-level=high

faults: packages .venv/.develops editor/node_modules/.installed ## hurt a running system in every way, for long, and write var/faults.md: FAULTS="F1 --mode cluster --seed 7"
	PYTHONPATH=clients/python $(BIN)/python -m tests.faults --seconds 60 --report var/faults.md $(FAULTS)

loadtest: USERS = 100
loadtest: DURATION = 60
loadtest: SPAWN_RATE = 20
loadtest: HOST = http://127.0.0.1:8000
loadtest: .venv/.develops ## users at a running server, one with RATE_LIMITS=off: USERS=300 DURATION=60 HOST=http://127.0.0.1:8000 SPAWN_RATE=20
	PYTHONPATH=clients/python $(BIN)/python -m loadtest --host $(HOST) --users $(USERS) --seconds $(DURATION) --spawn-rate $(SPAWN_RATE) $(ARGS)

requirements: .venv/.develops ## compile the pinned lists from what requirements*.in asks for
	$(BIN)/uv pip compile --quiet --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --no-emit-index-url --no-header requirements-otel.in -o requirements-otel.txt
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
