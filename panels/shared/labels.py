"""Short texts that several pages share: class names, parts and level of a split, test sets, numbers."""

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, Bundle
from core.config import CLASSIFICATION
from panels.shared.theme import CLASS_TITLES, percent

NOT_AVAILABLE = "–"
"""What stands in a table where there is no figure."""
SPLITS_SECTION = "Slice-level and patient-level splits"
"""Title of the Models page's section that compares the two, also in its address."""
PART_TITLES = {"test": "Test", "validation": "Validation", "train": "Training"}


def short_title(class_name: str) -> str:
    """Return the first word of a class's title: "pituitary" -> "Pituitary"."""
    return CLASS_TITLES[class_name].split()[0]


def short_split_level(bundle: Bundle) -> str:
    """Return "patient-level" if a bundle's split keeps patients apart, else "slice-level"."""
    return "patient-level" if bundle.card["data"]["by_patient"] else "slice-level"


def split_level(bundle: Bundle) -> str:
    """Return the level of a bundle's split, with the caveat of one by slice."""
    level = short_split_level(bundle)
    return level if bundle.card["data"]["by_patient"] else f"{level} (leaks: optimistic)"


def describe_test_set(bundle: Bundle) -> str:
    """Return a sentence on the test set behind a bundle's scores; a second one if Analyse uses another by default."""
    metrics = bundle.test_metrics
    sentence = (
        f"{bundle.card['title']}: {metrics['slices']} test slices of {metrics['patients']} patients; the split is "
        f"{split_level(bundle)}."
    )
    default = DEFAULT_CLASSIFIER if CLASSIFICATION in bundle.tasks else DEFAULT_SEGMENTER
    return sentence if bundle.name == default else f"{sentence} Analyse uses {default} by default."


def mean_text(mean: float, std: float | None, *, is_share: bool) -> str:
    """Write a mean and its standard deviation: "94.9 % ± 1.2" for a share, "0.757 ± 0.011" for another figure.

    Args:
        mean: in [0, 1].
        std: of the same figure; None where there is only one value.
        is_share: whether to write percent.
    """
    if is_share:
        return percent(mean) + ("" if std is None else f" ± {std * 100:.1f}")
    return f"{mean:.3f}" + ("" if std is None else f" ± {std:.3f}")


def count_text(share: float, total: int) -> str:
    """Write a share as a count: "609 of 614 (99.2 %)"."""
    return f"{round(share * total)} of {total} ({percent(share)})"


def minutes_text(seconds: float) -> str:
    """Write a duration in whole minutes: "31 min"."""
    return f"{seconds / 60:,.0f} min"
