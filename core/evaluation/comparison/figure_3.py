"""The report's Figure 3, its confusion matrix, derived from the numbers that it states beside the picture.

Table 4 has the slices of each class, and its precision, recall and F1 with two decimals; section 7.0.3 has the slices
that are wrong. ``derive_figure_3`` tries every matrix of whole numbers.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from core import course_report
from core.metrics import classification
from core.translation.messages import mark

_ROUNDING = 0.005 + 1e-9
"""How far a value may be from what is stated with two decimals."""
_ROWS = {name: course_report.TABLE_4[name] for name in course_report.TABLE_4_ORDER}
_WRONG_BY_CLASS = {"meningioma": course_report.CNN_MENINGIOMAS_WRONG}


@dataclass(frozen=True)
class Step:
    """One step of the derivation.

    Attributes:
        numbers: the report's numbers that it uses.
        left: candidates that agree with these and with all before: matrices by their diagonal alone in the first step.
    """

    numbers: str
    left: int


@dataclass(frozen=True)
class Derivation:
    """The matrices that agree with every number of the report.

    Attributes:
        classes: order of rows (true) and columns (predicted), that of Table 4.
        steps: from the diagonal to the last condition.
        matrices: (n, classes, classes) counts that agree with every number.
    """

    classes: tuple[str, ...]
    steps: tuple[Step, ...]
    matrices: np.ndarray


def derive_figure_3() -> Derivation:
    """Search all matrices of whole numbers that agree with the report's numbers."""
    diagonals = _diagonals()
    matrices = np.concatenate([_matrices(diagonal) for diagonal in diagonals])
    steps = [
        Step(mark("slices of each class, recall, all errors, errors of meningiomas: diagonals"), len(diagonals)),
        Step(mark("these rows: matrices"), len(matrices)),
    ]
    for title, measure, compute in (
        (mark("precision"), "precision", classification.precision),
        (mark("F1"), "f1", classification.f1),
    ):
        stated = np.array([getattr(row, measure) for row in _ROWS.values()])
        matrices = matrices[(np.abs(compute(matrices) - stated) <= _ROUNDING).all(axis=1)]
        steps.append(Step(title, len(matrices)))
    return Derivation(course_report.TABLE_4_ORDER, tuple(steps), matrices)


def _diagonals() -> list[tuple[int, ...]]:
    """Return the slices of each class classified correctly that recall and the stated errors allow."""
    choices = []
    for name, row in _ROWS.items():
        stated = _WRONG_BY_CLASS.get(name)
        correct = range(row.support + 1) if stated is None else (row.support - stated,)
        choices.append([count for count in correct if abs(count / row.support - row.recall) <= _ROUNDING])
    wanted = course_report.CNN_TEST_SLICES - course_report.CNN_TEST_WRONG
    return [diagonal for diagonal in itertools.product(*choices) if sum(diagonal) == wanted]


def _matrices(diagonal: tuple[int, ...]) -> np.ndarray:
    """Return every matrix of three classes with this diagonal and Table 4's slices a row, (n, 3, 3)."""
    wrong = [row.support - correct for row, correct in zip(_ROWS.values(), diagonal, strict=True)]
    found = []
    for first, second, third in itertools.product(*(range(count + 1) for count in wrong)):
        found.append(
            [
                [diagonal[0], first, wrong[0] - first],
                [second, diagonal[1], wrong[1] - second],
                [third, wrong[2] - third, diagonal[2]],
            ]
        )
    return np.array(found)
