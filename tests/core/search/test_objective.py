"""A trial: it trains its setting, reports every epoch and reads no test slice."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.dataset import splits
from core.search.objective import make_trial
from core.training.data import examples
from tests.core import tiny
from tests.core.search import trials as search_trials


@pytest.fixture
def small_data(tmp_path: Path, configure: Callable[..., None]) -> Path:
    made = tiny.data_set(60, side=48)
    configure(splits=made.write_table(tmp_path / "splits.csv"))
    return made.write(tmp_path / "figshare.h5")


def test_a_trial_trains_the_setting_and_reports_every_epoch(
    small_data: Path, tmp_path: Path, configure: Callable[..., None]
) -> None:
    search_trials.write_plan(tmp_path / "searches", space={})
    configure(searches=tmp_path / "searches")
    reported: list[tuple[int, float]] = []
    value = make_trial("report-cnn", small_data)(
        {"filters": 2, "epochs": 3, "batch": 10, "learning_rate": 0.01},
        lambda epoch, best: reported.append((epoch, best)),
    )
    assert [epoch for epoch, _ in reported] == [1, 2, 3]
    assert value == reported[-1][1] == max(best for _, best in reported)
    assert 0 <= value <= 1


def test_a_trial_reads_no_test_slice(small_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = examples.load_examples
    monkeypatch.setattr(
        examples,
        "load_examples",
        lambda store, numbers, recipe, **options: read.extend(numbers) or real(store, numbers, recipe, **options),
    )
    recipe = search_trials.plan().recipe_of({}, name="x", cheap=True)
    examples.read_split_examples(recipe, small_data)
    part = splits.split_parts("fold-1")
    assert sorted(read) == sorted(part.index[part != "test"])
    assert not np.isin(read, part.index[part == "test"]).any()
