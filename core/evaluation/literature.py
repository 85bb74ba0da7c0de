"""Figures by patient on this data set: those of published work, and those of the bundles to stand beside them."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.bundles.bundle import Bundle


@dataclass(frozen=True)
class PublishedResult:
    """What a publication reports of patients that were not trained on.

    Attributes:
        authors: and year, as one cites them.
        title: of the paper, or what the source is.
        doi: where there is one.
        method: the network.
        given: what it is shown beside the slice, or that it is the slice alone.
        official_folds: whether the data set's own five folds were used; None where that is not known here.
        said_of_split: what it says of how patients were divided, in its words, and where; None where not known here.
        accuracy: share of slices whose class is named rightly, or None.
        dice: mean Dice of the tumour, or None.
    """

    authors: str
    title: str
    doi: str | None
    method: str
    given: str
    official_folds: bool | None
    accuracy: float | None = None
    dice: float | None = None
    said_of_split: str | None = None


_SLICE = "the slice"

PUBLISHED_RESULTS: tuple[PublishedResult, ...] = (
    PublishedResult(
        "Cheng et al., 2015",
        "Enhanced Performance of Brain Tumor Classification via Tumor Region Augmentation and Partition",
        "10.1371/journal.pone.0140381",
        "bag of words of the enlarged tumour region",
        "the slice and the tumour's region",
        None,
        accuracy=0.9128,
        said_of_split="“the 233 patients were randomly partitioned into five subsets of roughly equal size”, each "
        "class's patients evenly, and “slices from the same patient will not exist in the training and testing set "
        "simultaneously” (Experimental settings); by the data set's author, but that these are the folds published "
        "with it is not said",
    ),
    PublishedResult(
        "Deepak and Ameer, 2019",
        "Brain tumor classification using deep CNN features via transfer learning",
        "10.1016/j.compbiomed.2019.103345",
        "GoogLeNet features",
        _SLICE,
        None,
        accuracy=0.980,
    ),
    PublishedResult(
        "Díaz-Pernas et al., 2021",
        "A Deep Learning Approach for Brain Tumor Classification and Segmentation Using a Multiscale Convolutional "
        "Neural Network",
        "10.3390/healthcare9020153",
        "multiscale convolutional network",
        _SLICE,
        None,
        accuracy=0.973,
        dice=0.828,
    ),
    *(
        PublishedResult("a public project", "software, no paper", None, method, _SLICE, True, accuracy, dice)
        for method, accuracy, dice in (
            ("EfficientNet-B3 guided by Grad-CAM", 0.9646, None),
            ("ensemble of nine networks", 0.9764, None),
            ("Mask R-CNN", None, 0.763),
        )
    ),
)


@dataclass(frozen=True)
class PatientLevelResult:
    """A bundle's figures by patient.

    Attributes:
        name: of the bundle.
        folds: how many of the official folds they are means over.
        accuracy, dice: mean and, over several folds, standard deviation; None where it has no such answer.
    """

    name: str
    folds: int
    accuracy: tuple[float, float | None] | None
    dice: tuple[float, float | None] | None


def patient_level_results(bundles: Iterable[Bundle]) -> list[PatientLevelResult]:
    """The bundles that were tested by patient: on several folds where their card has them, else on their own."""
    found = []
    for bundle in bundles:
        across = bundle.card.get("metrics", {}).get("cross_validation")
        if across:
            values = [across.get(name) for name in ("accuracy", "dice_mean")]
            accuracy, dice = ((one["mean"], one["std"]) if one else None for one in values)
            found.append(PatientLevelResult(bundle.name, len(across["folds_done"]), accuracy, dice))
        elif bundle.card["data"]["by_patient"] and bundle.test_metrics:
            values = [bundle.test_metrics.get(name) for name in ("accuracy", "dice_mean")]
            accuracy, dice = ((one, None) if one is not None else None for one in values)
            found.append(PatientLevelResult(bundle.name, 1, accuracy, dice))
    return found
