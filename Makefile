# What there is to do; `make help` lists it. Each target sets up by itself what it needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
MADE   := $(VENV)/made
JARS   := .kafka/made
PAGES  := services/baton/console/static/made/made
READY  := $(MADE) $(JARS) $(PAGES)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo up kafka scenario replay test test-fast coverage check docs bench faults screenshots lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1   \2/p' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv with `baton` in it, fetch Kafka, make the pages' parts; instant when it is done already
	@echo "Set up: .venv/bin/baton is ready. Next: make demo"

demo: $(READY) ## Watch baton flag what two reviews describe, on a real Kafka (two minutes, ends by itself)
	@$(BIN)/baton demo

up: $(READY) ## Run everything here in the foreground: Kafka, topics, workers, clock
	@$(BIN)/baton up $(ARGS)

kafka: $(READY) ## Run a Kafka alone in the foreground, on loopback (ARGS="--port 9092")
	@$(BIN)/python -m baton.localkafka $(ARGS)

scenario: $(MADE) ## Play one scenario without Kafka: make scenario FILE=tests/scenarios/….toml
	@test -n "$(FILE)" || { echo "Say which: make scenario FILE=tests/scenarios/….toml" >&2; exit 2; }
	@$(BIN)/baton replay "$(FILE)"

replay: $(MADE) ## Replay a recorded log without Kafka: make replay LOG=….ndjson
	@test -n "$(LOG)" || { echo "Say which: make replay LOG=….ndjson" >&2; exit 2; }
	@$(BIN)/baton replay "$(LOG)"

test: $(READY) check ## Everything: the checks, and all tests, those with a real Kafka too
	@dev/need compose
	@dev/need chromium
	@$(BIN)/pytest

test-fast: $(MADE) $(PAGES) ## The tests that need no Kafka
	@$(BIN)/pytest -m "not broker"

coverage: $(MADE) ## Branch coverage of the rules and the engine: what is below 100 % is shown, and fails
	@$(BIN)/coverage run -m pytest -q -m "not broker" $(COVERING)
	@$(BIN)/coverage report

check: $(MADE) ## Lint, format, types, layers, spelling; changes nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(BIN)/validate-pyproject pyproject.toml

docs: $(MADE) ## Remake docs/rules.md from the rules and policy.toml
	@$(BIN)/python -m baton.cli.rules_page > docs/rules.md.new
	@mv docs/rules.md.new docs/rules.md

bench: $(READY) ## Measure, and print each figure with machine, versions and command
	@$(BIN)/python -m bench $(ARGS)

screenshots: $(MADE) $(PAGES) ## Remake docs/screenshots: every page of the console, on a desktop and on a phone
	@dev/need chromium
	@$(BIN)/python -m tests.browser.screenshots docs/screenshots

faults: $(READY) ## Break workers, three brokers and the clock a hundred times, and count (SEED=1; an hour, less: ARGS="--faults 20")
	@$(BIN)/python -m tests.faults.harness --seed "$(or $(SEED),1)" --page docs/failure-semantics.md $(ARGS)

lock: $(MADE) ## Remake requirements.txt and requirements-dev.txt from pyproject.toml (UPGRADE=1: the newest)
	$(LOCK) --output-file requirements.txt pyproject.toml
	$(LOCK) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

clean: ## Remove what setup and runs made here: .venv, .kafka, .baton, caches
	rm -rf $(dir $(PAGES)) dev/pages/node_modules
	rm -rf $(VENV) .kafka .baton dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find streams schemas services tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The tests that find no new thing at each run: what only chance reaches is not covered.
COVERING = tests/rules tests/engine tests/scenarios tests/access/test_operator.py --ignore=tests/engine/test_properties.py

# The lock names no host: packages come from wherever this machine's pip is told to look.
LOCK = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options $(if $(UPGRADE),--upgrade)

# From the lock, by hash; then baton itself, editable, by the build backend that is in the lock.
$(MADE): requirements-dev.txt pyproject.toml dev/need
	@PYTHON=$(PYTHON) dev/need python
	@echo "Making $(VENV) from requirements-dev.txt …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

# Copied, so that the project does not depend on what else happens in Maven's own folder.
$(JARS): dev/pom.xml dev/need
	@dev/need java
	@dev/need maven
	@echo "Fetching Kafka into .kafka/lib …"
	@rm -rf .kafka/lib
	@mvn --quiet --batch-mode -Dstyle.color=never --file dev/pom.xml dependency:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$(CURDIR)/.kafka/lib"
	@touch $@

# What the console's pages bring to a browser, from dev/pages/package-lock.json, by hash.
$(PAGES): dev/pages/package.json dev/pages/package-lock.json dev/pages/baton.scss dev/pages/make dev/need
	@dev/need node
	@echo "Making the console's pages from dev/pages/package-lock.json …"
	@dev/pages/make $(dir $@)
	@touch $@
