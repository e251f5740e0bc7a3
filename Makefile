# `make grade` and `make test` do all set-up in .venv; nothing else in the checkout changes.
# BENCH holds options of a benchmark: make bench BENCH='--only kit floor'.
# WORKERS is how many tests run at a time; the tests of one file share what they grade.
# TORCH_INDEX adds a wheel index for torch: on Linux without a GPU the CPU build, as the README says.
PYTHON ?= python3
TORCH_INDEX ?=
WORKERS ?= 2

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope
READY := .venv/.ready
PIP_INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

.PHONY: help install grade test test-slow test-all test-oldest test-newest lint build bench \
  bench-memory bench-desk hostile-report diagnosis-report bench-recommenders clean

help:
	@echo 'make grade      grade the sample class on the sample data, print the table'
	@echo 'make test       the fast tests'
	@echo 'make test-all   the slow tests too (real training, nbgrader)'
	@echo 'make test-oldest    the fast tests on the lowest releases that pyproject.toml allows'
	@echo 'make test-newest    the fast tests on the newest ones'
	@echo 'make lint       ruff and mypy'
	@echo 'make build      solutions/*.py -> solution and student notebooks'
	@echo 'make bench      grading beside nbgrader and otter, CPU seconds a submission'
	@echo 'make bench-memory   memory and cost over a class of 1,000'
	@echo 'make bench-desk     collect, export and pages of a class of 1,000'
	@echo 'make hostile-report    what every attack gained, beside nbgrader'
	@echo 'make diagnosis-report  how well mistakes are named, beside two baselines'
	@echo 'make bench-recommenders  the recommender beside its peers: table and picture in docs/'
	@echo 'make clean      remove .venv, the marks of the demo and caches; your own marks stay'

install: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo 'The kit needs Python 3.10 to 3.13: make PYTHON=python3.11 $(MAKECMDGOALS)'; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(PIP_INDEX) -c constraints.txt --editable '.[dev]'
	@touch $(READY)

grade: $(READY)
	$(BIN)/autograder grade tests/sample_class --data sample --isolation basic --output demo-marks

test: $(READY)
	$(PYTEST) -m 'not slow'

test-slow: $(READY)
	$(PYTEST) -m slow --durations=15

test-all: test test-slow

# A Python that the lowest releases have wheels for: make PYTHON=python3.10 test-oldest
test-oldest:
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python tests/oldest.py > .venv-oldest/constraints.txt
	.venv-oldest/bin/python -m pip install --quiet $(PIP_INDEX) -c .venv-oldest/constraints.txt \
	  --editable '.[dev]'
	.venv-oldest/bin/python -m pytest -n $(WORKERS) --dist loadscope -m 'not slow'

test-newest:
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --upgrade $(PIP_INDEX) --editable '.[dev]'
	.venv-newest/bin/python -m pytest -n $(WORKERS) --dist loadscope -m 'not slow'

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

build: $(READY)
	$(BIN)/autograder build

bench: .venv/.bench
	$(BIN)/python benchmarks/grading.py $(BENCH)

bench-desk: $(READY)
	$(BIN)/python benchmarks/desk.py

bench-memory: .venv/.bench
	$(BIN)/python benchmarks/memory.py $(BENCH)

hostile-report: $(READY)
	$(BIN)/python tests/wall/hostile/report.py --nbgrader $(HOSTILE)

diagnosis-report: $(READY)
	$(BIN)/python tests/rules/diagnosis/report.py $(DIAGNOSIS)

bench-recommenders: .venv/.recommenders
	OMP_NUM_THREADS=1 $(BIN)/python -m recommenders bench $(RECOMMENDERS)

.venv/.recommenders: $(READY)
	$(BIN)/python -m pip install --quiet $(PIP_INDEX) -c constraints.txt --editable '.[dev,recommenders]'
	@touch $@

.venv/.bench: $(READY)
	$(BIN)/python -m pip install --quiet $(PIP_INDEX) -c constraints.txt --editable '.[dev,bench]'
	@touch $@

clean:
	rm -rf .venv .venv-oldest .venv-newest demo-marks .pytest_cache .mypy_cache .ruff_cache *.egg-info
