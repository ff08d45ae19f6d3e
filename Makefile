# Two commands set everything up: `make demo` runs the main job, `make test` passes the tests.
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := .tools/bin/uv
PYTEST_FLAGS ?= -n 2
WRITE ?= --write

.PHONY: demo test check format bench bench-drift bench-drift-peers bench-replay lock agents drive torture clean

demo: .venv/.demo
	$(BIN)/accord demo

test: .venv/.dev check
	$(BIN)/pytest $(PYTEST_FLAGS)

check: .venv/.dev
	$(BIN)/ruff check --no-cache .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/size_caps.py

format: .venv/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev
	$(BIN)/python -m bench

# The agents that the tests drive: pinned with hashes, installed without running their scripts.
agents: .tools/agents/.installed

.tools/agents/.installed: locks/agents/package.json locks/agents/package-lock.json
	mkdir -p .tools/agents
	cp $^ .tools/agents/
	cd .tools/agents && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# Drives each of them; the table in docs/agents.md must be what came of it (WRITE= checks alone).
drive: .venv/.dev .tools/agents/.installed
	@mkdir -p bench/out
	ACCORD_REQUIRE_AGENTS=1 $(BIN)/pytest -n 2 tests/agents/test_real_agents.py \
	    --junitxml bench/out/agents.xml
	$(BIN)/python tools/agents_table.py bench/out/agents.xml $(WRITE)

# 200 tasks, the drive and the agents killed 60 times each, on one machine and then on three, whose
# database is killed as well; disks fill up and clocks jump. Some 30 minutes each.
torture: .venv/.dev
	TORTURE=200,60 $(BIN)/pytest -n 0 tests/engine/test_torture.py
	TORTURE_MACHINES=200,60 $(BIN)/pytest -n 0 tests/engine/test_torture_machines.py

# CLONES is a folder of clones, each called as in bench/drift.toml; MUTANTS="--mutants 20" draws
# fewer of these, COMMITS="--commits 20" lands fewer: each runs the tests of its project.
bench-drift: .venv/.dev
	$(BIN)/python -m bench.drift $(CLONES)
	$(BIN)/python -m bench.drift_executed $(CLONES) $(MUTANTS)
	$(BIN)/python -m bench.drift_reproved $(CLONES) $(COMMITS)

bench-replay: .venv/.dev
	$(BIN)/python -m bench.replay $(CLONES) $(if $(PAIRS),--pairs $(PAIRS))

# The peers are installed, pinned, for the time of the measurement; PEERS= gives other sizes.
bench-drift-peers: .venv/.dev
	$(BIN)/python -m bench.drift_peers $(PEERS)

# The lock holds names, versions and hashes, and no address: it installs from whichever registry
# the machine is set up to use.
lock: $(UV)
	$(UV) --system-certs pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
	    pyproject.toml --group demo -o locks/demo.txt
	$(UV) --system-certs pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
	    pyproject.toml --all-extras --group dev -c locks/demo.txt -o locks/dev.txt

clean:
	rm -rf .venv .tools

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Accord needs Python 3.11 or newer; set PYTHON=python3.x" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv

.venv/.demo: $(UV) $(BIN)/python locks/demo.txt pyproject.toml
	$(UV) --system-certs pip install -q --python $(BIN)/python --require-hashes -r locks/demo.txt
	$(UV) --system-certs pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.demo locks/dev.txt
	$(UV) --system-certs pip install -q --python $(BIN)/python --require-hashes -r locks/dev.txt
	@touch $@
