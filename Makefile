# `make` lists what there is. Everything runs in .venv, which the first target that needs it makes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SITE   := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: $(VENV)/torch ## set up, then check, compile and train a real spec; no network needed after set-up
	$(BIN)/anydsl lint specs/digits.anynet
	$(BIN)/anydsl show specs/digits.anynet
	$(BIN)/anydsl compile specs/digits.anynet --stop-at fx | head -n 12
	$(BIN)/anydsl train specs/digits.anynet

.PHONY: test
test: $(VENV)/dev ## set up, then run the tests
	$(BIN)/python -m pytest -n auto

.PHONY: check
check: test ## what CI runs: tests, formatting, types, import contracts, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/python -m anydsl.language.generate --check
	$(BIN)/python docs/generate.py --check
	$(BIN)/python editors/generate.py --check
	$(BIN)/anydsl lint specs
	$(BIN)/anydsl fmt --check specs
	$(SITE) --quiet
	$(BIN)/python release/check.py

.PHONY: check-all
check-all: check ## the same with the tests that take long: random specs by the thousand, nets of 10 GB
	$(BIN)/python -m pytest -m giant

.PHONY: check-wheels
check-wheels: $(VENV)/dev ## install what is released with each extra, each on its own, and use it; downloads gigabytes
	$(BIN)/python release/check.py draw lsp torch timm export study cluster

.PHONY: generate
generate: $(VENV)/dev ## write the parse table, the generated pages of docs/ and the grammars of editors/
	$(BIN)/python -m anydsl.language.generate
	$(BIN)/python docs/generate.py
	$(BIN)/python editors/generate.py

.PHONY: docs
docs: $(VENV)/dev ## build the site of docs/ into build/site
	$(SITE)

.PHONY: tutorial
tutorial: $(VENV)/dev ## type the tutorial in an empty folder, and say how long each command takes
	$(BIN)/python docs/typed.py

.PHONY: bench
bench: $(VENV)/bench ## print the benchmark table
	$(BIN)/anydsl bench

.PHONY: chaos
chaos: $(VENV)/dev ## kill runs and sweeps, fill their disk, take their pictures, …; ten minutes, more with KILLS=50
	$(BIN)/python chaos/run.py --kills $(or $(KILLS),10)

FUZZED := parser formatter resolver checker sampler lsp
.PHONY: fuzz
fuzz: $(VENV)/dev ## look for texts that break each target, ten minutes each; SECONDS_EACH=60 is shorter
	for target in $(FUZZED); do \
	  $(BIN)/python -m fuzz $$target --seconds $(or $(SECONDS_EACH),600) || exit 1; done

.PHONY: fuzz-all
fuzz-all: $(VENV)/dev ## the same for an hour each, and with Atheris, which needs Linux on x86-64
	for target in $(FUZZED); do for engine in hypothesis atheris; do \
	  $(BIN)/python -m fuzz $$target --engine $$engine --seconds $(or $(SECONDS_EACH),3600) \
	    || exit 1; done; done

.PHONY: vscode
vscode: ## build, test and package the extension for VS Code; needs Node.js 20 and npm
	cd editors/vscode && npm ci && npm run build && npm test && npm run package

.PHONY: format
format: $(VENV)/dev ## format the Python and the specs
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/anydsl fmt specs

.PHONY: clean
clean: ## remove the virtual environment and what tools leave behind
	rm -rf editors/vscode/node_modules editors/vscode/dist editors/vscode/anydsl.vsix
	rm -rf $(VENV) build .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp for each set of extras; a changed pyproject.toml installs again.
$(VENV)/%: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$*]'
	$(BIN)/python -m compileall -q anydsl
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
