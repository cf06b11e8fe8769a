# Needs python3 3.11 or newer and nothing else; bare `make` lists the targets.
# Settings (docs/settings.md) come from the environment or as variables: make demo PORT=9000

RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(or $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$name -c '$(RECENT)' 2>/dev/null; then echo $$name; break; fi; done),python3)
UV_VERSION := 0.13.9
BIN := .venv/bin
NPM_CI := npm ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=30000

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: .venv/.synced web-current ## Run a shop with products, prices and stock on http://127.0.0.1:8000
	@exec $(BIN)/entrepot demo

.PHONY: serve
serve: .venv/.synced web-current ## Run the hub on your own data
	@exec $(BIN)/entrepot serve

.PHONY: migrate
migrate: .venv/.synced ## Bring the database at DATABASE_URL to this version
	@exec $(BIN)/entrepot migrate

.PHONY: test
test: .venv/.synced browser ## Run every test (make test ARGS='-k stock')
	$(BIN)/pytest $(ARGS)

.PHONY: check
check: .venv/.synced ## Check format, lint, types, layers, the schema file and the console's types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/entrepot schema --check
	@if command -v npm >/dev/null && [ -f web/package.json ]; then \
		set -ex; cd web; [ node_modules/.package-lock.json -nt package-lock.json ] || $(NPM_CI); npm run --silent check; \
	fi

.PHONY: fix
fix: .venv/.synced ## Format, and mend what ruff can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: bench
bench: .venv/.synced ## Measure each workload beside its physical limit
	@exec $(BIN)/python -m bench $(ARGS)

.PHONY: web
web: ## Build the console and GraphiQL into web/dist (needs npm)
	cd web && $(NPM_CI) && npm run build
	@touch web/dist/index.html

.PHONY: clean
clean: ## Remove what was built; data in DATA_DIR stays
	rm -rf .venv web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# web/dist from the present sources. The hub runs without it too, so nothing here stops the target that asked.
.PHONY: web-current
web-current:
	@stale() { \
		[ ! -f web/dist/index.html ] || [ -n "$$(find web \( -name node_modules -o -path web/dist \) -prune \
			-o -type f -newer web/dist/index.html -print | head -n 1)" ]; \
	}; \
	if [ ! -f web/package.json ] || ! stale; then :; \
	elif ! command -v npm >/dev/null; then echo "no npm here: going on without a fresh console" >&2; \
	elif ! $(MAKE) --no-print-directory web; then echo "the console was not built: going on without a fresh one" >&2; \
	fi

# The browser that tests of the console drive. Where it is missing and we may, it is installed; else we say how.
.PHONY: browser
browser:
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		! command -v $$name >/dev/null || exit 0; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium >/dev/null && exit 0; \
	fi; \
	echo "tests of the console need Chromium: sudo apt-get install --no-install-recommends chromium" >&2

# uv lives in the environment it fills; `uv sync` leaves it alone.
.venv/bin/uv:
	@$(PYTHON) -c '$(RECENT)' 2>/dev/null || { \
		found=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo missing); \
		echo "Entrepot needs Python 3.11 or newer; $(PYTHON) is $$found. To name another: make PYTHON=python3.13" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) lacks the venv module; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.synced: pyproject.toml uv.lock | .venv/bin/uv
	UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --locked --quiet --python $(BIN)/python
	@touch $@
