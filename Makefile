# `make demo` and `make test` set up everything they need: Python 3.11+ and make are enough to begin with.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One process a core; a file stays in one process, since it may share a browser or a database server. Their order is
# that of tests/conftest.py.
# Rewritten asserts are kept between runs, also where Python is told to keep nothing.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder
# mypy keeps one core busy for most of a minute: while tests wait for a server it has that for nothing. Either may fail.
beside_types = $(BIN)/mypy & $(1); tests=$$?; wait $$! && exit $$tests

.PHONY: demo run bench test test-all coverage lint types format clean

demo: $(READY)
	$(BIN)/aftercare demo $(ARGS)

run: $(READY)
	$(BIN)/aftercare run

# 65 minutes; ARGS=--quick takes four. ARGS=--readme also writes benchmarks/README.md.
# DATA=FOLDER, whose files benchmarks/_matching_tasks.py names, measures the matcher as well: 20 minutes more.
bench: $(READY)
	$(BIN)/python benchmarks/sending.py $(ARGS)
	$(BIN)/python benchmarks/check_ins.py $(ARGS)
	$(BIN)/python benchmarks/broadcast.py $(ARGS)
	$(BIN)/python benchmarks/staff.py $(ARGS)
	$(if $(DATA),$(BIN)/python benchmarks/matching.py $(DATA) $(ARGS))

test: $(READY) lint
	$(call beside_types,$(PYTEST) -m "not slow" $(ARGS))

# Twice as slow, so not part of every test run. Fails under 90 %.
coverage: $(READY)
	$(PYTEST) -m "not slow" --cov $(ARGS)

test-all: $(READY) lint
	$(call beside_types,$(PYTEST) $(ARGS))

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The marker is newer than what it was made from, or it is made again. constraints.txt pins every version.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. If it has another name: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable ".[dev]"
	@# On all cores, which pip does on one; the libraries' own tests, and what only installs or benchmarks, can wait.
	$(BIN)/python -m compileall -qq -j 0 -x '/(tests?|pip|setuptools|pkg_resources|scipy|sklearn)/' $(VENV)/lib || true
	touch $(READY)

clean:
	rm -rf $(VENV) .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
