"""Patient-level results of bundles, over folds or on their own split, and published results."""

from core.bundles.bundle import open_bundle
from core.evaluation.comparison.literature import PUBLISHED_RESULTS, patient_level_results
from tests.core import tiny


def test_a_bundle_with_a_slice_level_split_is_not_compared_with_published_results(tmp_path) -> None:
    bundle = tiny.classifier(tmp_path)
    tiny.change_card(bundle, metrics={"test": {**tiny.made_up_test_metrics(bundle), "accuracy": 0.99}})
    assert patient_level_results([open_bundle(bundle.name, tmp_path)]) == []


def test_a_result_is_of_one_fold_or_the_mean_over_several(tmp_path) -> None:
    bundle = tiny.unified(tmp_path)
    assert patient_level_results([bundle]) == [], "not evaluated"
    test = {**tiny.made_up_test_metrics(bundle), "accuracy": 0.95, "dice_mean": 0.75}
    tiny.change_card(bundle, metrics={"test": test})
    (result,) = patient_level_results([open_bundle(bundle.name, tmp_path)])
    assert (result.folds, result.accuracy, result.dice) == (1, (0.95, None), (0.75, None))
    cross_validation = {
        "folds_done": [1, 2],
        "slices": [570, 655],
        "training_seconds": {"1": 10.0, "2": 10.0},
        "recipe": "a digest",
        "without_letter_twins": {"slices": [500, 600]},
        "accuracy": {"mean": 0.9, "std": 0.01, "folds": [0.89, 0.91]},
        "dice_mean": {"mean": 0.7, "std": 0.02, "folds": [0.68, 0.72]},
    }
    tiny.change_card(bundle, metrics={"test": test, "cross_validation": cross_validation})
    (result,) = patient_level_results([open_bundle(bundle.name, tmp_path)])
    assert (result.folds, result.accuracy, result.dice) == (2, (0.9, 0.01), (0.7, 0.02))


def test_no_paper_counts_as_using_the_official_folds_without_saying_so() -> None:
    papers = [result for result in PUBLISHED_RESULTS if result.doi]
    assert len(papers) == 3
    assert all(paper.official_folds is None for paper in papers)
    assert "five subsets" in papers[0].split_quote
    assert all(result.official_folds for result in PUBLISHED_RESULTS if not result.doi)


def test_published_results_are_shares() -> None:
    for result in PUBLISHED_RESULTS:
        values = [value for value in (result.accuracy, result.dice) if value is not None]
        assert values
        assert all(0.7 < value < 1 for value in values)
