"""Results on patient-level splits of this data set: published ones, and those of the bundles beside them."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.bundles.bundle import Bundle
from core.translation.messages import mark


@dataclass(frozen=True)
class PublishedResult:
    """A published result on patients that were not in training.

    Attributes:
        authors: and year, as one cites them.
        title: of the paper, or what the source is.
        doi: where there is one.
        method: the network.
        model_input: the network's input, the slice alone or more.
        official_folds: whether the data set's own five folds were used; None where that is unknown.
        split_quote: its own words about how patients were divided, and where they stand; None where unknown.
        accuracy: share of slices classified correctly, or None.
        dice: mean Dice of the tumour, or None.
    """

    authors: str
    title: str
    doi: str | None
    method: str
    model_input: str
    official_folds: bool | None
    accuracy: float | None = None
    dice: float | None = None
    split_quote: str | None = None


_SLICE_ALONE = mark("the slice")

PUBLISHED_RESULTS: tuple[PublishedResult, ...] = (
    PublishedResult(
        "Cheng et al., 2015",
        "Enhanced Performance of Brain Tumor Classification via Tumor Region Augmentation and Partition",
        "10.1371/journal.pone.0140381",
        mark("bag of words of the enlarged tumour region"),
        mark("the slice and the tumour's region"),
        None,
        accuracy=0.9128,
        split_quote=mark(
            "“the 233 patients were randomly partitioned into five subsets of roughly equal size”, each "
            "class's patients evenly, and “slices from the same patient will not exist in the training and testing set "
            "simultaneously” (Experimental settings); by the data set's author, but that these are the folds published "
            "with it is not said"
        ),
    ),
    PublishedResult(
        "Deepak and Ameer, 2019",
        "Brain tumor classification using deep CNN features via transfer learning",
        "10.1016/j.compbiomed.2019.103345",
        mark("GoogLeNet features"),
        _SLICE_ALONE,
        None,
        accuracy=0.980,
    ),
    PublishedResult(
        "Díaz-Pernas et al., 2021",
        "A Deep Learning Approach for Brain Tumor Classification and Segmentation Using a Multiscale Convolutional "
        "Neural Network",
        "10.3390/healthcare9020153",
        mark("multiscale convolutional network"),
        _SLICE_ALONE,
        None,
        accuracy=0.973,
        dice=0.828,
    ),
    *(
        PublishedResult(
            mark("a public project"), "software, no paper", None, method, _SLICE_ALONE, True, accuracy, dice
        )
        for method, accuracy, dice in (
            (mark("EfficientNet-B3 guided by Grad-CAM"), 0.9646, None),
            (mark("ensemble of nine networks"), 0.9764, None),
            ("Mask R-CNN", None, 0.763),
        )
    ),
)


@dataclass(frozen=True)
class PatientLevelResult:
    """A bundle's result on patient-level splits.

    Attributes:
        name: of the bundle.
        folds: number of official folds that the means are over.
        accuracy, dice: mean and, over several folds, standard deviation; None where it has no such task.
    """

    name: str
    folds: int
    accuracy: tuple[float, float | None] | None
    dice: tuple[float, float | None] | None


def patient_level_results(bundles: Iterable[Bundle]) -> list[PatientLevelResult]:
    """Return the results of bundles with a patient-level split: over the card's folds, else on their own split.

    Published results are of single slices: a bundle that reads neighbours has none here.
    """
    results = []
    for bundle in (bundle for bundle in bundles if not bundle.reads_neighbours):
        cross_validation, test = bundle.card.metrics.cross_validation, bundle.card.metrics.test
        if cross_validation:
            figures = [cross_validation.figures.get(name) for name in ("accuracy", "dice_mean")]
            accuracy, dice = ((figure.mean, figure.std) if figure else None for figure in figures)
            folds = len(cross_validation.folds_done)
            results.append(PatientLevelResult(bundle.name, folds, accuracy, dice))
        elif bundle.card.data.by_patient and test:
            values = (test.accuracy, test.dice_mean)
            accuracy, dice = ((value, None) if value is not None else None for value in values)
            results.append(PatientLevelResult(bundle.name, 1, accuracy, dice))
    return results
