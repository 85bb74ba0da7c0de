"""Sliders for the gate's thresholds."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.outcome import GateThresholds
from core.translation.messages import tr
from panels.shared.link.address import bound


def draw_threshold_sliders(bundle: Bundle, table: pd.DataFrame) -> GateThresholds:
    """Draw sliders over the stored scores; return the thresholds they stand at.

    Args:
        bundle: its card has the gate's own thresholds and their rules.
        table: of ``core.ood.evaluate.gate_answers``.
    """
    own = bundle.gate.thresholds
    lowest, highest = (float(table["tumour_score"].quantile(quantile)) for quantile in (0.01, 0.99))
    low, high = bound(
        st.slider,
        tr("Tumour score"),
        round(lowest, 1),
        round(highest, 1),
        (round(own.no_tumour, 2), round(own.tumour, 2)),
        0.05,
        key="score",
        help=tr("No tumour is found below the first value, a class is given from the second, low confidence between."),
    )
    sure = bound(
        st.slider, tr("Lowest probability of a confident class"), 0.34, 1.0, round(own.sure, 2), 0.01, key="sure"
    )
    strange = bound(
        st.slider,
        tr("OOD score above which confidence is low"),
        0.0,
        float(round(table["strangeness"].quantile(0.99))),
        round(own.strange, 1),
        0.1,
        key="strange",
        help=tr("Beyond a margin an image is flagged OOD."),
    )
    st.caption(
        tr("For looking only: none of the gate's own thresholds is chosen on the slices and images counted here."),
        help=tr("Rules of the gate's own:")
        + "\n"
        + "\n".join(f"- `{name}`: {tr(rule)}" for name, rule in bundle.gate.rules.items()),
    )
    chosen = {"no_tumour": (low, 2), "tumour": (high, 2), "sure": (sure, 2), "strange": (strange, 1)}
    # A slider left where it stands means the card's value, not that value rounded for showing.
    moved = {name: value for name, (value, digits) in chosen.items() if value != round(getattr(own, name), digits)}
    return replace(own, **moved)
