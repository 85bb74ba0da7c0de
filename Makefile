# make run           set up and open the app
# make dev           the same; the app follows changes of the code
# make test          set up, check the code and run the tests; those on the data set where SLICESCOPE_DATA is set
# make browser-test  the tests that drive the app in Chromium
# make fuzz          feed the readers odd files for SECONDS (1200)
# make lint          only check the code
# make translations  take up the messages of the code into the catalogues of locale/, and compile them
# make setup         install what preparing the data set and training need
# make clean         remove caches; make distclean also removes the virtual environments
#
# PYTHON chooses the Python (3.11, 3.12 or 3.13), VENV the folder of the virtual environment.
export PYTHON ?= python3
export VENV ?= .venv

# As the shell has it, so that a path may hold spaces and letters of any kind.
python := "$$VENV"/bin/python
install := @bash scripts/setup_venv.sh

.PHONY: run dev test lint browser-test fuzz translations setup clean distclean

run:
	$(install) requirements.txt
	@$(python) -m streamlit run app.py

dev:
	$(install) requirements.txt
	@$(python) -m streamlit run app.py --server.fileWatcherType auto

# In the order of tests/conftest.py, which begins the longest files first.
test: lint
	@$(python) -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint:
	$(install) requirements-dev.txt
	@$(python) -m ruff format --check .
	@$(python) -m ruff check .
	@$(python) -m mypy

browser-test:
	$(install) requirements-dev.txt
	@$(python) -m pytest -m browser -n 2 --dist loadfile --maxfail 10

fuzz:
	$(install) requirements-dev.txt
	@$(python) scripts/fuzz.py $(or $(SECONDS),1200)

translations:
	$(install) requirements-dev.txt
	@$(python) scripts/translations.py

setup:
	$(install) requirements-train.txt

clean:
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis test-results
	@find . -path './.venv*' -prune -o -path "./$$VENV" -prune -o -name __pycache__ -prune -exec rm -rf {} +

distclean: clean
	@bash scripts/remove_venv.sh "$$VENV" .venv-*
