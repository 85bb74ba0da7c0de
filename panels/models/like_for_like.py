"""One network for both questions against the report's two, each on the very slices the report's were tested on."""

from collections.abc import Sequence

import streamlit as st

from core import course_report
from core.bundles.bundle import REPORT_CLASSIFIER, REPORT_SEGMENTER, Bundle
from core.dataset import splits
from panels.shared.theme import percent

ONE = "unified-unet-report"
"""The network for both questions that was trained on the report's split."""


def dice_on_table_5(bundle: Bundle) -> float | None:
    """Mean Dice on Table 5's test slices, of a bundle tested on them or on Table 1's, which they are among."""
    tested = bundle.test_metrics
    found = tested if bundle.card["data"]["split"] == splits.TABLE_5 else tested.get("table_5", {})
    return found.get("dice_mean")


def like_for_like(found: Sequence[Bundle]) -> None:
    """A sentence computed from the cards; nothing where one of the three is missing or not evaluated.

    Args:
        found: the bundles to look among.
    """
    named = {bundle.name: bundle for bundle in found if bundle.test_metrics and "times" in bundle.card}
    if not {ONE, REPORT_CLASSIFIER, REPORT_SEGMENTER} <= named.keys():
        return
    one, classifier, segmenter = named[ONE], named[REPORT_CLASSIFIER], named[REPORT_SEGMENTER]
    ours, theirs = dice_on_table_5(one), dice_on_table_5(segmenter)
    if ours is None or theirs is None:
        return
    times = [bundle.card["times"] for bundle in (one, classifier, segmenter)]
    milliseconds = [time["one_slice_seconds"] * 1000 for time in times]
    where = "" if len({time["machine"] for time in times}) == 1 else ", measured on different machines"
    st.markdown(
        f"**One network against the report's two**, on the same slices: of Table 1's {one.test_metrics['slices']} test "
        f"slices {one.name} names {percent(one.test_metrics['accuracy'])} rightly, {classifier.name} "
        f"{percent(classifier.test_metrics['accuracy'])} (the report states "
        f"{percent(1 - course_report.CNN_TEST_WRONG / course_report.CNN_TEST_SLICES)}); on Table 5's "
        f"{one.test_metrics['table_5']['slices']} its mean Dice is {ours:.3f}, {segmenter.name}'s {theirs:.3f}; a "
        f"slice takes it {milliseconds[0]:.0f} ms, the two together {sum(milliseconds[1:]):.0f} ms{where}."
    )
