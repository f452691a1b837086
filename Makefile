.PHONY: run test check bench bench-evidence contract screenshots lock setup setup-dev faults soak soak-real install uninstall deb

run: setup
	.venv/bin/lull run --config config/demo.yaml

test: setup-dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/pytest

check: setup
	.venv/bin/lull check --config config/demo.yaml

bench: setup-dev
	.venv/bin/python -m tests.bench $(if $(DATA),--evidence $(DATA))

# DATA: a recording of wristbands with labels (columns in tests/bench/evidence.py). One JSON line, nothing else.
bench-evidence:
	@./setup.sh dev 1>&2
	@.venv/bin/python -m tests.bench.evidence $(DATA)

# All pages, light and dark, phone and tablet, into build/screenshots.
screenshots: setup-dev
	.venv/bin/python -m tests.web.screenshots

# The AsyncAPI document and the table of topics, from the types that the code itself uses.
contract: setup-dev
	.venv/bin/python -m tests.mqtt.write_contract

setup:
	./setup.sh

setup-dev:
	./setup.sh dev

# Newest versions, one for every Python and processor, with the hashes of all their files.
COMPILE = printf 'hatchling>=1.27\neditables\n' | build/lock/bin/uv --no-config pip compile --quiet --universal \
	--upgrade --fork-strategy fewest --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -

lock: setup
	.venv/bin/python -m venv build/lock
	build/lock/bin/pip install --quiet uv
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

# Real faults: what a listener would have noticed. ONLY="sink": some rows.
faults: setup-dev
	.venv/bin/python -m tests.faults $(if $(ONLY),--only "$(ONLY)")

soak: setup-dev
	.venv/bin/python -m tests.soak.virtual --hours 24

soak-real: setup-dev
	.venv/bin/python -m tests.faults.soak --minutes 30

install:
	packaging/install.sh

uninstall:
	packaging/install.sh remove

deb:
	packaging/build-deb.sh
