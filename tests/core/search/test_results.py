"""The results of a search as they are read."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import TrainingError
from core.files import write_table
from core.search import full_size
from core.search.names import TRIALS
from core.search.results import FULL_SIZE, SearchResults, read_search
from tests.core.search.trials import write_plan


def test_the_best_trial_is_the_best_of_its_sampler(done: tuple[Path, SearchResults]) -> None:
    _, results = done
    for sampler in results.samplers:
        rows = results.trials[results.trials["sampler"] == sampler]
        assert results.best(sampler)["value"] == rows["value"].max()
    assert results.best()["value"] == results.trials["value"].max()


def test_a_search_without_trials_is_refused_with_the_command_that_makes_them(tmp_path: Path) -> None:
    write_plan(tmp_path)
    with pytest.raises(TrainingError, match="python -m core search report-cnn"):
        read_search("report-cnn", tmp_path)


def test_files_that_cannot_be_read_are_refused_with_a_sentence(tmp_path: Path) -> None:
    write_plan(tmp_path)
    (tmp_path / "report-cnn" / TRIALS).write_text("")
    with pytest.raises(TrainingError, match="take searches/report-cnn "):
        read_search("report-cnn", tmp_path)


def test_a_full_size_table_is_read_with_its_search(done: tuple[Path, SearchResults]) -> None:
    folder, results = done
    rows = full_size.choose_trials(results, 2)[["sampler", "trial", "value"]].assign(full_value=np.array([0.9, 0.8]))
    path = folder / "report-cnn" / FULL_SIZE
    write_table(path, rows)
    assert read_search("report-cnn", folder).full_size["full_value"].tolist() == [0.9, 0.8]
    path.unlink()
