# Everything a newcomer needs: `make run` and `make test`. uv is used where it is on the PATH.

VENV   := .venv
BIN    := $(VENV)/bin
PROGRAM := $(VENV)/.program
STAMP  := $(VENV)/.installed
UV     := $(shell command -v uv 2>/dev/null)
PYTHON ?= python3
JOBS   ?= 4

# A process that writes no bytecode compiles every file anew, and the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-tryton test-fava test-mail check lock audit bench campaign messages pictures clean

run: $(PROGRAM)
	$(BIN)/banqup demo --open

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# Real receivers, each in an environment of its own: they share nothing with ours but the wire.

test-tryton: $(STAMP) build/tryton/house/house.json
	$(BIN)/python -m pytest -m tryton

test-fava: $(STAMP) build/fava/.installed
	$(BIN)/python -m pytest -m fava

# Against the mail server of the system (Debian: dovecot-imapd).

test-mail: $(STAMP)
	$(BIN)/python -m pytest -m "mail and not campaign"

build/tryton/house/house.json: build/tryton/.installed tests/support/tryton_setup.py
	rm -rf build/tryton/house
	build/tryton/venv/bin/python tests/support/tryton_setup.py build/tryton/house

build/%/.installed: tests/support/%.txt
	@mkdir -p build/$*
ifneq ($(UV),)
	$(UV) venv --quiet --clear --python $(PYTHON) build/$*/venv
	$(UV) pip install --quiet --python build/$*/venv/bin/python -r $<
else
	rm -rf build/$*/venv
	$(PYTHON) -m venv build/$*/venv
	build/$*/venv/bin/python -m pip install --quiet -r $<
endif
	@touch $@

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.vocabulary
	$(BIN)/python -m tools.explicit_any
	$(BIN)/python -m tools.supply
	$(BIN)/python -m tools.guarantees

# The versions that a release is built and installed with, each with its hashes:
#   pip install --require-hashes -r requirements/release.txt && pip install --no-deps banqup-tui

lock: $(STAMP)
	$(UV) pip compile pyproject.toml --quiet --universal --upgrade --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-annotate --no-header -o requirements/release.txt

# Needs the network: known holes in what the lock names, and what it is made of (CycloneDX, build/bill-of-materials.json).

audit: build/audit/.installed
	build/audit/venv/bin/pip-audit --requirement requirements/release.txt --disable-pip --require-hashes --progress-spinner off
	build/audit/venv/bin/cyclonedx-py requirements requirements/release.txt --pyproject pyproject.toml \
	  --output-reproducible --of JSON -o build/bill-of-materials.json

build/audit/.installed: requirements/audit.txt
	@mkdir -p build/audit
	$(PYTHON) -m venv --clear build/audit/venv
	build/audit/venv/bin/python -m pip install --quiet -r requirements/audit.txt
	@touch $@

bench: $(STAMP)
	$(BIN)/python -m benchmarks

LOCALES := banqup_tui/locale

messages: $(STAMP)
	@mkdir -p build
	PYTHONPATH=. $(BIN)/pybabel -q extract -F babel.cfg -k NP_:1c,2 --no-location --sort-output --project=banqup-tui --version= \
	  --copyright-holder=banqup-tui --msgid-bugs-address= -o build/banqup.pot banqup_tui
	$(BIN)/pybabel -q update -i build/banqup.pot -d $(LOCALES) -D banqup --no-fuzzy-matching --ignore-obsolete --no-wrap
	$(BIN)/pybabel -q compile -d $(LOCALES) -D banqup

pictures: $(STAMP)
	$(BIN)/python -m tools.pictures

campaign: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) -m campaign

# The program alone; then, for tests and checks, what they need beside it. What is installed already is used.

$(PROGRAM): pyproject.toml
	@echo "Installing banqup-tui and the libraries it needs into $(VENV) ..."
ifneq ($(UV),)
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	$(UV) pip install --python $(BIN)/python --editable .
else
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python 3.11 or newer with its venv module is needed: install python3-venv, or uv, then run make again." >&2; exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check --editable .
endif
	@touch $(PROGRAM)

$(STAMP): $(PROGRAM)
	@echo "Installing what the tests and checks need ..."
ifneq ($(UV),)
	$(UV) pip install --python $(BIN)/python --group dev
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --disable-pip-version-check --group dev
endif
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build dist
