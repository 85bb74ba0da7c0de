"""The Curves page without a browser: shipped trainings, several at a time, and one that goes on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import histories
from core.bundles import open_bundle
from tests.core.test_histories import HEAD, ROWS
from tests.pages.situations import NOTHING, SITUATIONS, opened, situation
from tests.pages.test_analyse import texts


@pytest.fixture
def here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with situation(getattr(request, "param", NOTHING), tmp_path, monkeypatch):
        yield tmp_path


def sound(app: AppTest) -> AppTest:
    assert not app.exception and not app.error
    return app


@pytest.mark.parametrize("here", SITUATIONS, indirect=True)
@pytest.mark.parametrize("networks", ("Classifiers", "Masks"))
def test_both_kinds_of_networks_open_in_every_situation(here: Path, networks: str) -> None:
    app = sound(opened("curves", networks=networks))
    charts = [chart.proto.id for chart in app.get("plotly_chart")]
    assert len(charts) == {"Classifiers": 3, "Masks": 5}[networks]


def test_what_is_said_follows_from_the_history(here: Path) -> None:
    said = texts(sound(opened("curves")))
    history = histories.of_bundle(open_bundle("report-cnn"))
    assert f"{history.epochs_run} of {history.epochs_planned} epochs" in said
    assert f"Kept: epoch {history.kept}" in said
    assert f"first came within 0.02 of its last value at epoch {histories.settled_epoch(history.table)}" in said


def test_several_runs_lie_over_each_other_and_the_address_names_them(here: Path) -> None:
    app = opened("curves")
    sound(app.multiselect(key="classifiers").set_value(["report-cnn", "report-cnn-patients"]).run())
    said = texts(app)
    assert "**report-cnn**" in said.replace("\\", "") and "**report-cnn-patients**" in said.replace("\\", "")
    log = sound(app.toggle(key="log").set_value(True).run())
    assert '"log"' in log.get("plotly_chart")[0].proto.spec


def test_no_run_chosen_asks_for_one(here: Path) -> None:
    app = opened("curves")
    sound(app.multiselect(key="classifiers").set_value([]).run())
    assert "Choose a run" in app.info[0].value


def test_a_run_under_way_is_offered_and_followed(here: Path) -> None:
    run = here / "runs" / "report-cnn"
    run.mkdir(parents=True)
    (run / "history.csv").write_text(HEAD + ROWS)
    app = sound(opened("curves"))
    name = "report-cnn (run)"
    assert "is training now" in texts(app)
    app.multiselect(key="classifiers").set_value([name])
    sound(app.run())
    assert "2 of" in texts(app)
