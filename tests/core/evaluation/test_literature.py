"""Our figures by patient beside published ones: from several folds where there are, else from the bundle's own."""

from core.bundles.bundle import open_bundle
from core.evaluation.literature import PUBLISHED_RESULTS, patient_level_results
from tests.core import tiny


def test_a_bundle_split_by_slice_does_not_stand_beside_published_figures(tmp_path) -> None:
    bundle = tiny.classifier(tmp_path)
    tiny.change_card(bundle, metrics={"test": {"accuracy": 0.99}})
    assert patient_level_results([open_bundle(bundle.name, tmp_path)]) == []


def test_one_fold_stands_as_one_and_several_as_their_mean(tmp_path) -> None:
    bundle = tiny.unified(tmp_path)
    assert patient_level_results([bundle]) == [], "not evaluated"
    tiny.change_card(bundle, metrics={"test": {"accuracy": 0.95, "dice_mean": 0.75}})
    (one,) = patient_level_results([open_bundle(bundle.name, tmp_path)])
    assert (one.folds, one.accuracy, one.dice) == (1, (0.95, None), (0.75, None))
    across = {
        "folds_done": [1, 2],
        "accuracy": {"mean": 0.9, "std": 0.01, "folds": []},
        "dice_mean": {"mean": 0.7, "std": 0.02, "folds": []},
    }
    tiny.change_card(bundle, metrics={"test": {"accuracy": 0.95}, "cross_validation": across})
    (one,) = patient_level_results([open_bundle(bundle.name, tmp_path)])
    assert (one.folds, one.accuracy, one.dice) == (2, (0.9, 0.01), (0.7, 0.02))


def test_no_paper_is_said_to_have_used_the_official_folds_without_its_word_for_it() -> None:
    papers = [one for one in PUBLISHED_RESULTS if one.doi]
    assert len(papers) == 3
    assert all(one.official_folds is None for one in papers)
    assert "five subsets" in papers[0].said_of_split
    assert all(one.official_folds for one in PUBLISHED_RESULTS if not one.doi)


def test_published_figures_are_shares() -> None:
    for one in PUBLISHED_RESULTS:
        figures = [value for value in (one.accuracy, one.dice) if value is not None]
        assert figures
        assert all(0.7 < value < 1 for value in figures)
