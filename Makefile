# What a newcomer needs: `make demo` and `make test`. Both set up .venv by themselves, the first time only.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPARK_READY := $(VENV)/.ready-spark
NAME ?=

.DELETE_ON_ERROR:
.PHONY: help demo test test-spark lint bench reference clean setup

help:
	@echo "make demo        a synthetic city, a year of its cases priced: out/demo/report.html"
	@echo "make test        all tests but those that need Spark"
	@echo "make test-spark  the SQL on local Spark, compared with DuckDB (needs Java 17)"
	@echo "make lint        ruff, mypy and the import contracts"
	@echo "make reference  writes docs/reference.md anew from the program"
	@echo "make bench       the benchmarks by name; make bench NAME=dip runs one"
	@echo "make clean       removes what was made, but keeps .venv"

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "yibao needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1 | head -n 1)."; \
		echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python lacks venv; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (once; one to three minutes) ..."
	@start=$$(date +%s); \
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV); \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]' && touch $@ && \
	echo "Set-up took $$(($$(date +%s) - start)) s."

$(SPARK_READY): $(READY)
	@echo "Adding PySpark to $(VENV) (once) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev,spark]' && touch $@

demo: $(READY)
	@$(BIN)/yibao demo

test: $(READY)
	@start=$$(date +%s); status=0; \
	$(BIN)/python -m pytest -n 2 --dist worksteal -o faulthandler_timeout=300 -m "not spark" || status=$$?; \
	echo "Tests took $$(($$(date +%s) - start)) s, set-up not counted."; exit $$status

test-spark: $(SPARK_READY)
	@$(BIN)/python -m pytest -m spark -rs

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(READY)
	@$(BIN)/python -m bench $(NAME)

reference: $(READY)
	@$(BIN)/python -c 'from yibao.cli.reference import reference; print(reference(), end="")' > docs/reference.md

clean:
	rm -rf out build dist spark-warehouse metastore_db derby.log .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
