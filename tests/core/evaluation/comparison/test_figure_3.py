"""The derivation of the report's Figure 3: what remains agrees with every number, and nothing else does."""

import itertools

import numpy as np
import pytest

from core import course_report
from core.evaluation.comparison.figure_3 import derive_figure_3
from core.metrics import classification


def rounded(value: float) -> float:
    """To two decimals, halves up, as the report's table."""
    return np.floor(value * 100 + 0.5) / 100


def test_one_matrix_remains_and_it_is_the_reports() -> None:
    derived = derive_figure_3()
    assert derived.classes == ("glioma", "meningioma", "pituitary")
    assert derived.matrices.tolist() == [[[274, 12, 0], [17, 119, 6], [0, 4, 182]]]
    assert [step.left for step in derived.steps] == [1, 13 * 24 * 5, 2, 1]


def test_it_agrees_with_every_number_of_table_4_and_of_the_text() -> None:
    (matrix,) = derive_figure_3().matrices
    found = classification.classification_report(matrix, derive_figure_3().classes)
    for name, row in course_report.TABLE_4.items():
        figures = found["per_class"][name]
        assert figures["support"] == row.support
        for measure in ("precision", "recall", "f1"):
            assert rounded(figures[measure]) == pytest.approx(getattr(row, measure))
    assert rounded(found["accuracy"]) == pytest.approx(course_report.TABLE_4_ACCURACY)
    support = matrix.sum(axis=1)
    for place, compute in enumerate((classification.precision, classification.recall, classification.f1)):
        values = compute(matrix)
        assert rounded(values.mean()) == pytest.approx(course_report.TABLE_4_MACRO[place])
        assert rounded(np.average(values, weights=support)) == pytest.approx(course_report.TABLE_4_WEIGHTED[place])
    assert classification.error_count(matrix) == course_report.CNN_TEST_WRONG
    assert matrix[1].sum() - matrix[1, 1] == course_report.CNN_MENINGIOMAS_WRONG
    assert matrix[1, 0] > matrix[1, 2], "meningiomas are mostly confused with gliomas"
    assert matrix[0, 1] >= len(course_report.TABLE_3), "Table 3's gliomas are among those called meningioma"


def test_no_matrix_is_left_out() -> None:
    """A slow search over the gliomas' and pituitaries' diagonals finds the same rows of errors."""
    glioma, meningioma, pituitary = (course_report.TABLE_4[name] for name in course_report.TABLE_4_ORDER)
    diagonals = [
        (first, third)
        for first, third in itertools.product(range(glioma.support + 1), range(pituitary.support + 1))
        if rounded(first / glioma.support) == pytest.approx(glioma.recall)
        and rounded(third / pituitary.support) == pytest.approx(pituitary.recall)
        and glioma.support - first + pituitary.support - third == course_report.CNN_TEST_WRONG - 23
    ]
    assert diagonals == [(274, 182)]
    assert rounded((meningioma.support - 23) / meningioma.support) == meningioma.recall


def test_counts_of_the_report_agree_with_one_another() -> None:
    for name, row in course_report.TABLE_1.items():
        assert row.total == row.train + row.test
        assert row.test == course_report.TABLE_4[name].support
    total, *parts = course_report.TABLE_5.values()
    assert total == sum(parts) == sum(row.total for row in course_report.TABLE_1.values())
    assert sum(row.test for row in course_report.TABLE_1.values()) == course_report.CNN_TEST_SLICES
    assert sum(row.parameters for row in course_report.TABLE_2) == course_report.CNN_PARAMETERS
