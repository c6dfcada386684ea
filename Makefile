# Two commands for a newcomer: `make demo` and `make test`. Everything is installed into .venv from
# the locked versions in requirements/.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# The demo; CI runs it smaller.
DEMO ?= demo
RECIPE ?= mixer-8-demo
SAMPLE := datasets/sample/jets.h5
RUN := $(DEMO)/$(basename $(notdir $(RECIPE)))

.PHONY: demo test test-long test-cluster lint format docs simulate lock clean

demo: $(VENV)/.core
	$(BIN)/jetmix train $(RECIPE) --data $(SAMPLE) --run $(RUN)
	$(BIN)/jetmix synth $(RUN) --part xcvu13p --clock-ns 5 --data $(SAMPLE) --out $(RUN)/3-synth
	$(BIN)/jetmix report $(RUN) --data $(SAMPLE) --out $(DEMO)/report

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

# what is too long for every change: all reference cases, all architectures, larger models
test-long: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m long

# a sweep on a Slurm of this one machine; needs root, slurm-wlm and munge
test-cluster: $(VENV)/.dev
	$(BIN)/python -m pytest -m cluster tests/cluster

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The site in site/; warnings are errors, and nothing is loaded from the network.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

$(VENV)/.core: requirements/core.lock requirements/build.in
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "jetmix needs Python 3.11; name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Installing jetmix into $(VENV) (a minute or two) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements/core.lock
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.core requirements/simulate.lock requirements/dev.lock
	@echo "Installing the simulator and the tools for tests ..."
	@$(PIP) install --require-hashes -r requirements/simulate.lock
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

$(VENV)/.docs: $(VENV)/.core requirements/docs.lock
	@$(PIP) install --require-hashes -r requirements/docs.lock
	@touch $@

# Pythia and FastJet (GPL), for `jetmix data simulate`.
simulate: $(VENV)/.core
	@$(PIP) install --require-hashes -r requirements/simulate.lock

lock: $(VENV)/.dev
	$(LOCK) pyproject.toml requirements/build.in -o requirements/core.lock
	$(LOCK) -c requirements/core.lock --extra simulate pyproject.toml -o requirements/simulate.lock
	$(LOCK) -c requirements/simulate.lock -c requirements/core.lock --extra dev --extra rtl --extra parquet \
		--extra import --extra cluster pyproject.toml -o requirements/dev.lock
	$(LOCK) -c requirements/dev.lock -c requirements/core.lock --extra docs \
		pyproject.toml -o requirements/docs.lock

clean:
	rm -rf $(VENV) $(DEMO) site build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
