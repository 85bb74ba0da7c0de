"""The Models page's table: the report's two networks, then a row a bundle; and what a split by slice adds."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import census, report, splits
from core.bundles import WEIGHTS, Bundle
from core.intervals import DRAWS, LEVEL, Interval
from core.twins import recipe_differences
from panels import loaders
from panels.plots import style
from panels.theme import PLOT_CONFIG, percent, share_interval

MEASURES = {"accuracy": "Accuracy", "dice_mean": "Mean Dice"}
"""Headline figures of the table and the chart: name in ``core.intervals`` and title."""
INTERVALS = (
    f"In brackets {LEVEL * 100:g} % intervals, from {DRAWS} draws of the test patients, each with all their slices: "
    "how much hangs on which patients are in the test part."
)
"""What stands behind every interval."""
_NONE = "–"
_NETWORK, _SIZE, _TRAINING, _SLICE = "Network", "Size, MB", "Training, s", "A slice, ms"


def tasks(bundle: Bundle) -> str:
    """What a bundle does, in words: one task or several."""
    return " and ".join(bundle.tasks)


def split_words(bundle: Bundle) -> str:
    """ "by patient (fold-1)"."""
    data = bundle.card["data"]
    return f"{'by patient' if data['by_patient'] else 'by slice'} ({data['split']})"


def table(found: Sequence[Bundle]) -> pd.DataFrame:
    """A row for each of the report's networks and then for each bundle."""
    return pd.DataFrame([*_reports_rows(), *(_row(bundle) for bundle in found)])


def draw_table(found: Sequence[Bundle], *, chosen: str, key: str) -> None:
    """Draw the table; a click on a bundle's row puts its name into the session's ``key``.

    Args:
        found: the bundles.
        chosen: the one that is open now.
        key: of the select box that opens bundles.
    """
    rows = table(found)
    first = len(rows) - len(found)
    # A table drawn anew has no selection of its own: a second click on a row is a click again.
    table_key = f"{key}_table_{chosen}"

    def clicked() -> None:
        cells = st.session_state[table_key].selection.cells
        if cells and cells[0][0] >= first:
            st.session_state[key] = found[cells[0][0] - first].name

    st.dataframe(
        rows,
        hide_index=True,
        key=table_key,
        on_select=clicked,
        selection_mode="single-cell",
        column_config={
            _NETWORK: st.column_config.TextColumn(pinned=True),
            "Parameters": st.column_config.NumberColumn(format="localized"),
            _SIZE: st.column_config.NumberColumn(format="%.1f"),
            _TRAINING: st.column_config.NumberColumn(format="localized"),
            _SLICE: st.column_config.NumberColumn(format="%.0f"),
        },
        placeholder=_NONE,
        alt="The networks: the report's two, then a row a bundle",
    )


def interval_text(name: str, one: Interval | None) -> str:
    """ "85.7 % (81.0 to 90.3)" for a share, "0.774 (0.721 to 0.820)" for a Dice."""
    if one is None:
        return _NONE
    if name == "accuracy":
        return share_interval(one)
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def draw_twins(pairs: Sequence[tuple[Bundle, Sequence[Bundle]]], *, key: str) -> None:
    """Networks trained on a split by slice and on splits by patient: a chart each, and why they differ.

    Args:
        pairs: of ``core.twins.twins``, at least one.
        key: tells the charts from others on the page.
    """
    for bundle, own in pairs:
        _draw_pair([one for one in (bundle, *own) if one.test_metrics], key=f"{key}_{bundle.name}")
        for one in own:
            differences = recipe_differences(bundle, one)
            if differences:
                st.caption(
                    f":material/warning: The split is not all that differs between {bundle.name} and {one.name}: so "
                    f"do these settings of their training: {', '.join(differences).replace('_', ' ')}."
                )
    leaks = {
        split: census.leak(splits.index_table(), split)
        for split in sorted({bundle.card["data"]["split"] for bundle, _ in pairs})
    }
    said = " and ".join(
        f"**{leak.known_patients} of the {leak.patients}** patients tested in {split}" for split, leak in leaks.items()
    )
    st.markdown(
        "Split by slice, neighbouring slices of one tumour stand in training and in test: "
        f"{said} also have slices in its training part, so the network is asked about tumours it has already seen. "
        "Split by patient, no patient id has, and the figure says how the network does on a stranger's tumour, which "
        "is what one wants to know."
    )


def _draw_pair(shown: list[Bundle], *, key: str) -> None:
    for name, title in MEASURES.items():
        values = [(one, loaders.headline(one)[name]) for one in shown if name in loaders.headline(one)]
        if len(values) < 2:
            continue
        said = "; ".join(f"{one.card['title']} {interval_text(name, value)}" for one, value in values)
        st.plotly_chart(
            _dots(values, title, is_share=name == "accuracy"),
            key=f"{key}_{name}",
            config=PLOT_CONFIG,
            alt=f"{title} on test slices: {said}",
        )
        st.caption(f"{title} on test slices: {said}.")


def _dots(values: Sequence[tuple[Bundle, Interval]], title: str, *, is_share: bool) -> go.Figure:
    """A dot with its interval for each bundle, from top to bottom."""
    by_slice, by_patient = st.get_option("theme.chartCategoricalColors")[1::-1]
    figure = go.Figure()
    for bundle, one in reversed(values):
        figure.add_scatter(
            x=[one.value],
            y=[
                f"{'by patient' if bundle.card['data']['by_patient'] else 'by slice'}<br>{bundle.card['data']['split']}"
            ],
            error_x={
                "type": "data",
                "array": [one.high - one.value],
                "arrayminus": [one.value - one.low],
                "thickness": 2,
                "width": 6,
            },
            mode="markers",
            marker={"size": 12, "color": by_patient if bundle.card["data"]["by_patient"] else by_slice},
            hovertemplate=f"{bundle.name}: %{{x:{'.1%' if is_share else '.3f'}}}<extra></extra>",
        )
    style(figure, height=64 + 52 * len(values))
    figure.update_layout(showlegend=False)
    lowest = min(one.low for _, one in values)
    figure.update_xaxes(
        range=[max(0, lowest - 0.05), 1],
        tickformat=".0%" if is_share else ".2f",
        title_text=f"{title.lower()} on test slices",
    )
    return figure


def _row(bundle: Bundle) -> dict[str, object]:
    card = bundle.card
    figures = loaders.headline(bundle) if bundle.test_metrics else {}
    seconds = card.get("times", {}).get("one_slice_seconds")
    return {
        _NETWORK: bundle.name,
        "Task": tasks(bundle),
        **{title: interval_text(name, figures.get(name)) for name, title in MEASURES.items()},
        "Split": split_words(bundle),
        "Parameters": card["parameters"]["total"],
        _SIZE: card["files"][WEIGHTS]["bytes"] / 1e6 if WEIGHTS in card["files"] else None,
        _TRAINING: card["training"].get("seconds"),
        _SLICE: None if seconds is None else seconds * 1000,
    }


def _reports_rows() -> list[dict[str, object]]:
    right = (report.CNN_TEST_SLICES - report.CNN_TEST_WRONG) / report.CNN_TEST_SLICES
    shared = {"Split": "by slice", _SIZE: None}
    return [
        {
            _NETWORK: "The report's CNN",
            "Task": "classification",
            "Accuracy": percent(right),
            "Mean Dice": _NONE,
            **shared,
            "Parameters": report.CNN_PARAMETERS,
            _TRAINING: None,
            _SLICE: report.CNN_SLICE_SECONDS * 1000,
        },
        {
            _NETWORK: "The report's U-Net",
            "Task": "segmentation",
            "Accuracy": _NONE,
            "Mean Dice": _NONE,
            **shared,
            "Parameters": report.UNET_PARAMETERS,
            _TRAINING: report.UNET_TRAINING_SECONDS,
            _SLICE: report.UNET_SLICE_SECONDS * 1000,
        },
    ]
