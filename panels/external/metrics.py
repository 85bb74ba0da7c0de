"""The gate's metrics with their aims, and what the gate costs on internal data."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.labels import CLASS_LABELS, GATE_METRIC_LABELS
from core.metrics.ranking import wilson_interval
from core.ood.evaluate import AIMS, metric_hits
from core.translation.messages import mark, tr
from panels.shared.labels import term
from panels.shared.theme import percent

_UNITS = {
    "no_tumour_called_tumour": mark("tumour-free slices"),
    "tumour_called_no_tumour": mark("tumours"),
    "class_accuracy_answered": mark("tumours given a class"),
    "answered_tumour": mark("tumours"),
    "answered_no_tumour": mark("tumour-free slices"),
    "non_brain_flagged": mark("images"),
    "figshare_flagged": mark("internal slices"),
    "figshare_called_no_tumour": mark("internal slices"),
}
"""By key of a card's ``metrics.external``: what it is a share of."""


def draw_metrics(table: pd.DataFrame) -> None:
    """Draw each metric with its count and its aim.

    Args:
        table: of ``core.ood.evaluate.with_outcomes``.
    """
    grid = st.grid(4, min_column_width=150, gap="small")
    all_hits = metric_hits(table)
    for name, unit in _UNITS.items():
        hits = all_hits[name]
        with grid.container(border=True, height="stretch", gap=None):
            st.metric(
                GATE_METRIC_LABELS[name].short,
                percent(float(hits.mean())) if len(hits) else "–",
                help=GATE_METRIC_LABELS[name].title,
            )
            caption = tr("{hits} of {count} {unit}", hits=int(hits.sum()), count=len(hits), unit=tr(unit))
            if name in AIMS and len(hits):
                is_met = AIMS[name].short_by(float(hits.mean())) == 0
                sentence = mark("{figure}; aim {aim}") if is_met else mark("{figure}; aim {aim}, **missed**")
                caption = tr(sentence, figure=caption, aim=tr(AIMS[name].words))
            st.caption(caption)
    st.caption(
        tr(
            "What they mean: {false_positive_rate} · {false_negative_rate} · {accuracy} · {coverage} · {ood}",
            false_positive_rate=term("false-positive-rate"),
            false_negative_rate=term("false-negative-rate"),
            accuracy=term("accuracy"),
            coverage=term("coverage"),
            ood=term("ood"),
        )
    )


def draw_aims(bundle: Bundle, table: pd.DataFrame) -> None:
    """State which aims the gate's own thresholds missed on the split test, by how much, and with what interval.

    Args:
        bundle: with a measured gate.
        table: of ``core.ood.evaluate.with_outcomes``, under the gate's own thresholds.
    """
    external = bundle.card.metrics.external
    aims = external.aims if external else {}
    missed = {name: aim for name, aim in aims.items() if aim.short_by > 0}
    if not aims:
        return
    if not missed:
        st.success(
            tr(
                "All {count} aims are met. {use}",
                count=len(aims),
                use=_use_of_the_split(bundle),
            ),
            icon=":material/check:",
        )
        return
    hits = metric_hits(table)
    lines = []
    for name, aim in missed.items():
        low, high = wilson_interval(int(hits[name].sum()), len(hits[name]))
        lines.append(
            tr(
                "**{metric}** {share} (95 % interval {low:.0f} to {high:.0f} %), aim {aim}, missed by "
                "{short_by:.1f} points",
                metric=GATE_METRIC_LABELS[name].short,
                share=percent(aim.reached),
                low=100 * low,
                high=100 * high,
                aim=tr(aim.aim),
                short_by=100 * aim.short_by,
            )
        )
    st.warning(
        tr("Aims missed: {count} of {total}. {use}", count=len(missed), total=len(aims), use=_use_of_the_split(bundle)),
        icon=":material/flag:",
    )
    with st.expander(tr("Each missed aim"), icon=":material/flag:"):
        st.markdown("".join(f"- {line}\n" for line in lines))


def draw_internal_cost(bundle: Bundle) -> None:
    """State what the gate costs on the internal test slices, which all have a tumour.

    Args:
        bundle: with a gate; nothing is drawn where ``metrics.external.figshare_all`` is missing.
    """
    external = bundle.card.metrics.external
    if external is None or external.figshare_all is None:
        return
    outcomes, called_free = external.figshare_all, external.figshare_called_no_tumour_by_class
    refused = outcomes.unusual_image + outcomes.not_a_head_slice
    worst = max(called_free, key=lambda name: called_free[name])
    st.markdown(
        tr(
            "The gate has a cost on internal data. All {slices} internal test slices have a tumour. {alone} After "
            "the gate, {right} are "
            "classified correctly, {wrong} are wrong, and {abstained} abstained ({low_confidence} low confidence, "
            "{refused} flagged OOD). “No tumour found” is most frequent for {worst}: {called_free} of its "
            "slices.",
            slices=outcomes.slices,
            alone=_network_alone(bundle),
            right=percent(outcomes.right),
            wrong=percent(outcomes.wrong),
            abstained=percent(outcomes.low_confidence + refused),
            low_confidence=percent(outcomes.low_confidence),
            refused=percent(refused),
            worst=CLASS_LABELS[worst].in_text,
            called_free=percent(called_free[worst]),
        )
    )


def _network_alone(bundle: Bundle) -> str:
    """Say how many slices the network alone classifies correctly; of series too where that is measured."""
    metrics = bundle.test_metrics
    if metrics.series_accuracy is None:
        return tr("The network alone classifies {alone} correctly.", alone=percent(metrics.accuracy))
    return tr(
        "The network alone classifies {alone} correctly ({series} with a patient's slices together).",
        alone=percent(metrics.accuracy),
        series=percent(metrics.series_accuracy),
    )


def _use_of_the_split(bundle: Bundle) -> str:
    """Return how often the gate was measured on the split test; a margin that the card does not state came later."""
    if bundle.gate.thresholds.ood_margin is None:
        return tr(
            "This gate was run on the split test once; the margin of low confidence came later, with its scores in "
            "sight."
        )
    return tr("This gate was run on the split test once.")
