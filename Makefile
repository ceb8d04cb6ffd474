# Atelier: `make run` opens the lab, `make test` runs the tests; both set up what they need in .venv first.
#
#   PYTHON=python3.12   the Python to use (3.11 or newer)
#   CPU=1               torch without CUDA, several gigabytes smaller on Linux: make run CPU=1

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
ifdef CPU
PIP_TORCH := --extra-index-url https://download.pytorch.org/whl/cpu
endif
# BLAS threads that wait for one another slow these small products down; runs set their preset's number.
export OMP_NUM_THREADS ?= 1

.PHONY: run test lint format bench constraints clean
.DEFAULT_GOAL := run

run: $(VENV)/ready
	$(BIN)/python main.py

test: $(VENV)/ready-dev
	$(BIN)/python -m pytest

lint: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/ready-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/ready
	$(BIN)/python -m benchmarks

# After a change of the ranges in pyproject.toml: install, then write down every version that was chosen.
constraints: $(VENV)/ready-dev
	(sed -n '/^#/p' constraints.txt; $(PIP) freeze --exclude-editable | sed 's/+cpu$$//; s/+cu[0-9]*$$//') > .constraints
	mv .constraints constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Atelier needs Python 3.11 or newer; $(PYTHON) is not. Name another one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "No virtual environment could be made. On Debian/Ubuntu: sudo apt install python3-venv"; exit 1; }

$(VENV)/ready: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) install --quiet -c constraints.txt $(PIP_TORCH) -e .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready
	$(PIP) install --quiet -c constraints.txt $(PIP_TORCH) -e '.[dev]'
	@touch $@
