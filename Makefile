# The one door: `make run` opens the app, `make test` runs every test, `make check` what is quick. Each sets up what it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-oracles

.PHONY: run test weights check static fix browser node clean reproduce oracles container

run: $(VENV)/.app
	$(BIN)/python app.py --open

# Two processes: while one waits for its browser, the other computes.
test: static browser node weights
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: static node
	$(BIN)/python -m pytest -m "not slow and not browser"

static: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The experiment behind the README's table; SA_MERGE_SPEECH names the folder with dev-child and dev-adult.
reproduce: $(VENV)/.app
	$(BIN)/python -m training.reproduce $(OPTIONS)

# Our tensors beside those of mergekit, of the authors' script (SA_MERGE_SCRIPT=/path/to/sa_merge.py) and of numpy.
oracles: $(VENV)/.app $(PEERS)/.ready
	PYTHONPATH=.:tests $(BIN)/python -m oracles.run --peers $(PEERS) $(OPTIONS)

# The Dockerfile where no engine runs: its steps in a Debian of its own, as root. OPTIONS="--lend PATH" shows it a file or folder of
# this machine while it builds, such as pip's settings.
container:
	$(PYTHON) tests/container/replay.py $(OPTIONS)

# mergekit is LGPL and pins what the app does not: it has an environment of its own and is only run.
$(PEERS)/.ready: requirements.txt
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install -q "$$(grep '^torch==' requirements.txt)"
	$(PEERS)/bin/python -m pip install -q mergekit==0.1.5
	touch $@

# torch goes first, alone: whatever comes after it must find it there and not choose another build.
$(VENV)/.app: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q "$$(grep '^pip==' requirements.txt)"
	$(BIN)/python -m pip install -q "$$(grep '^torch==' requirements.txt)"
	$(BIN)/python -m pip install -q -r requirements.txt
	touch $@

$(VENV)/.dev: $(VENV)/.app requirements-dev.txt
	$(BIN)/python -m pip install -q -r requirements-dev.txt
	touch $@

# Before the first test: none of them should have to wait for a download.
weights: $(VENV)/.app
	$(BIN)/python -m explorer fetch

# The browser tests drive Debian's chromium, the page's modules are tested with its nodejs; both are installed where this user may.
browser: NEEDS = chromium
browser: PACKAGES = chromium fonts-dejavu-core
node: NEEDS = node
node: PACKAGES = nodejs
browser node:
	@command -v $(NEEDS) >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then SUDO=; else SUDO="sudo -n"; fi; \
	  command -v apt-get >/dev/null && $$SUDO true 2>/dev/null && \
	  $$SUDO apt-get update -q && $$SUDO apt-get -o DPkg::Lock::Timeout=300 install -y -q --no-install-recommends $(PACKAGES); \
	} || { echo "The tests need $(NEEDS): install it (Debian: apt-get install $(firstword $(PACKAGES))), then run make again."; exit 1; }

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
