"""Short texts that several pages share: the level of a split, test sets, metrics, durations."""

from typing import TYPE_CHECKING

from core.bundles.bundle import Bundle
from core.course_report import CurveValue
from core.labels import SHARE_METRICS, split_level, split_level_with_caveat
from core.metrics.glossary import GLOSSARY
from core.translation.messages import mark, tr
from core.translation.numbers import number_text
from panels.shared.theme import escape_markdown, percent, share_interval

if TYPE_CHECKING:
    from core.evaluation.bootstrap import Interval

NOT_AVAILABLE = "–"
"""What stands in a table where there is no figure."""
SPLITS_SECTION = mark("Slice-level and patient-level splits")
"""Title of the Models page's section that compares the two, also in its address."""


def term(name: str, words: str | None = None) -> str:
    """Return a term of the glossary as Markdown that opens its meaning (panels/assets/glossary.js).

    Args:
        name: of ``core.metrics.glossary.GLOSSARY``.
        words: that stand in the text; the term's own title if None.

    Raises:
        KeyError: the glossary does not have it.
    """
    title = tr(GLOSSARY[name].title)
    return f"[{words or title}](#term-{name})"


def bundle_title(bundle: Bundle) -> str:
    """Return a bundle's title as Markdown, as texts name it; choices and tables take ``model_choice.choice_title``."""
    return escape_markdown(bundle.title)


def split_level_of(bundle: Bundle, *, with_caveat: bool = False) -> str:
    """Name the level of a bundle's split, on request with what makes its figures optimistic."""
    data = bundle.card.data
    if not with_caveat:
        return split_level(data.by_patient)
    return split_level_with_caveat(by_patient=data.by_patient, test_stopped_training=data.test_stopped_training)


def describe_test_set(bundle: Bundle) -> str:
    """Return a sentence on the test set behind a bundle's scores."""
    metrics = bundle.test_metrics
    return tr(
        "{bundle}: {slices} test slices of {patients} patients; the split is {level}.",
        bundle=bundle_title(bundle),
        slices=metrics.slices,
        patients=metrics.patients,
        level=split_level_of(bundle, with_caveat=True),
    )


def metric_text(name: str, value: float) -> str:
    """Write a metric of ``core.labels.METRIC_TITLES``: "94.9 %" for an accuracy, "0.757" for a Dice."""
    return percent(value) if name in SHARE_METRICS else number_text(value, ".3f")


def interval_text(name: str, interval: "Interval | None") -> str:
    """Write a metric with its interval: "85.7 % (81.0 to 90.3)", "0.774 (0.721 to 0.820)"; a dash where it is None."""
    if interval is None:
        return NOT_AVAILABLE
    if name in SHARE_METRICS:
        return share_interval(interval)
    return tr("{value:.3f} ({low:.3f} to {high:.3f})", value=interval.value, low=interval.low, high=interval.high)


def mean_text(name: str, mean: float | None, std: float | None = None) -> str:
    """Write a metric's mean and its standard deviation: "94.9 % ± 1.2", "0.757 ± 0.011"; a dash where it is None.

    Args:
        name: of ``core.labels.METRIC_TITLES``.
        mean: in [0, 1], or None.
        std: of the same metric; None where there is only one value.
    """
    if mean is None or std is None:
        return NOT_AVAILABLE if mean is None else metric_text(name, mean)
    spread = number_text(std * 100, ".1f") if name in SHARE_METRICS else number_text(std, ".3f")
    return f"{metric_text(name, mean)} ± {spread}"


def count_text(share: float, total: int) -> str:
    """Write a share as a count: "609 of 614 (99.2 %)"."""
    return tr("{count} of {total} ({share})", count=round(share * total), total=total, share=percent(share))


def stated_value(value: CurveValue) -> str:
    """Write a value that the report states, with the part that it is of where the report says so: "test 0.17"."""
    number = number_text(value.value, ".4g")
    return tr("{part} {number}", part=tr(value.part), number=number) if value.part else number


def duration_text(seconds: float) -> str:
    """Write a duration: "45 s", "29 min", "2 h 5 min"."""
    if seconds < 90:
        return tr("{seconds:.0f} s", seconds=seconds)
    minutes = round(seconds / 60)
    if minutes < 120:
        return tr("{minutes} min", minutes=minutes)
    return tr("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
