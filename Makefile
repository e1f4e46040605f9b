# LIO. `make run` and `make test` are all that a newcomer needs; `make` alone lists the rest.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input install -qq --no-deps --require-hashes
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help run test check demo stop bench soak lock

help:
	@echo "make run      start LIO: database, web and worker, until Ctrl-C (LIO_PORT=8001 for another port)"
	@echo "make test     run every check and test"
	@echo "make check    style, types, Django's own checks, missing migrations"
	@echo "make demo     load the demo into an empty database, and show its sign-in"
	@echo "make stop     stop everything that belongs to this checkout"
	@echo "make bench    measure speed (docs/operations.md)"
	@echo "make soak     races, kills and malformed input in full numbers; takes long"
	@echo "make lock     resolve requirements*.in anew into requirements*.txt"

run: $(VENV)/.runtime
	@$(PY) -m lio.run

# Compiled files are kept: without them each process of the tests compiles everything anew.
test soak: export PYTHONDONTWRITEBYTECODE :=

test: $(VENV)/.dev database
	$(PY) -m ruff check .
	$(PY) -m mypy .
	$(PY) -m pytest -n 2 --dist loadgroup

check: $(VENV)/.dev database
	$(PY) -m ruff check .
	$(PY) -m mypy .
	$(PY) manage.py check
	$(PY) manage.py makemigrations --check --dry-run

demo: $(VENV)/.runtime database
	@$(PY) manage.py migrate --verbosity=0 --no-input
	@$(PY) manage.py demo

stop:
	@if [ -x $(PY) ]; then $(PY) -m lio.run stop; else echo "Nothing was installed here yet."; fi

bench: $(VENV)/.dev database
	$(PY) -m bench

soak: $(VENV)/.dev database
	LIO_SOAK=1 $(PY) -m pytest

# The embedded server, where no other one is named.
.PHONY: database
database: $(VENV)/.runtime
	@if [ -z "$$DATABASE_URL" ]; then $(PY) -m lio.embedded start >/dev/null; fi

# ---------------------------------------------------------------- what is installed

$(VENV)/bin/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "LIO needs Python 3.11 or newer; name it with PYTHON=/path/to/python3." >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$found --version) ..."; \
	if ! $$found -m venv $(VENV); then \
		rm -rf $(VENV); echo "This Python cannot make virtual environments (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; \
	fi

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing what LIO runs on (about a minute, once) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what checking LIO takes ..."
	@$(PIP) -r requirements-dev.txt
	@touch $@

# The lock is made for the oldest Python that we support, and names no index.
LOCK := pip compile --quiet --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: $(VENV)/bin/python
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(PY) -m venv "$$tools" \
	&& "$$tools/bin/python" -m pip --disable-pip-version-check install --quiet uv \
	&& "$$tools/bin/uv" $(LOCK) requirements.in -o requirements.txt \
	&& "$$tools/bin/uv" $(LOCK) requirements-dev.in -o requirements-dev.txt \
	&& "$$tools/bin/uv" $(LOCK) requirements-s3.in -o requirements-s3.txt \
	&& ! grep -nE '://|^--' requirements.txt requirements-dev.txt requirements-s3.txt

