"""The Models page's table: the report's two networks, then a row a bundle; and what a split by slice adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import course_report
from core.bundles.bundle import WEIGHTS, Bundle
from core.dataset import splits
from core.dataset.statistics import split_leakage
from core.evaluation.bootstrap import DRAWS, LEVEL, Interval
from core.evaluation.compare import patient_level_counterparts, recipe_differences
from core.text import join_words
from panels.models.like_for_like import dice_on_table_5
from panels.shared.cache import cached_headline_metrics
from panels.shared.theme import PLOT_CONFIG, escape_markdown, percent, share_interval, style_figure

BY_PATIENT = "By slice and by patient"
"""Title of the section with the twins, also in the address."""
MEASURES = {"accuracy": "Accuracy", "dice_mean": "Mean Dice"}
"""Headline figures of the table and the chart: name in ``core.evaluation.bootstrap`` and title."""
INTERVALS = (
    f"In brackets {LEVEL * 100:g} % intervals, from {DRAWS} draws of the test patients, each with all their slices: "
    "how much hangs on which patients are in the test part."
)
"""What stands behind every interval."""
_NONE = "–"
_NETWORK, _SIZE, _TRAINING, _SLICE = "Network", "Size, MB", "Training, s", "A slice, ms"
_TABLE_5 = "Mean Dice on Table 5's test slices"


def tasks(bundle: Bundle) -> str:
    """What a bundle does, in words: one task or several."""
    return join_words(bundle.tasks)


def split_words(bundle: Bundle) -> str:
    """ "by patient (fold-1)"."""
    data = bundle.card["data"]
    return f"{'by patient' if data['by_patient'] else 'by slice'} ({data['split']})"


def table(found: Sequence[Bundle]) -> pd.DataFrame:
    """A row for each of the report's networks and then for each bundle.

    Where a network was tested on Table 1's slices, masks are compared on those of them that are Table 5's too.
    """
    rows = pd.DataFrame([*_reports_rows(), *(_row(bundle) for bundle in found)])
    return rows if any("table_5" in bundle.test_metrics for bundle in found) else rows.drop(columns=_TABLE_5)


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
        height="content",
        key=table_key,
        on_select=clicked,
        selection_mode="single-cell",
        column_config={
            _NETWORK: st.column_config.TextColumn(pinned=True),
            # The first rows, the report's, have none: its width would be theirs.
            "Mean Dice": st.column_config.TextColumn(width=170),
            _TABLE_5: st.column_config.NumberColumn(format="%.3f"),
            "Parameters": st.column_config.NumberColumn(format="localized"),
            _SIZE: st.column_config.NumberColumn(format="%.1f"),
            _TRAINING: st.column_config.NumberColumn(format="localized"),
            _SLICE: st.column_config.NumberColumn(format="%.0f"),
        },
        placeholder=_NONE,
        alt="The networks: the report's two, then a row each of ours",
    )


def interval_text(name: str, one: Interval | None) -> str:
    """ "85.7 % (81.0 to 90.3)" for a share, "0.774 (0.721 to 0.820)" for a Dice."""
    if one is None:
        return _NONE
    if name == "accuracy":
        return share_interval(one)
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def by_slice_and_by_patient(found: Sequence[Bundle]) -> list[tuple[Bundle, list[Bundle]]]:
    """Bundles split by slice that can be compared with the same network by patient, with the bundles that are that.

    The comparison may be with twins (``core.evaluation.compare.patient_level_counterparts``), or with the recipe's own
    folds in the bundle's card.

    Args:
        found: the bundles to look among.
    """
    pairs = patient_level_counterparts(found)
    paired = {bundle.name for bundle, _ in pairs}
    alone = [one for one in found if one.name not in paired and not one.card["data"]["by_patient"] and _folds(one)]
    return [*pairs, *((bundle, []) for bundle in alone)]


def draw_twins(pairs: Sequence[tuple[Bundle, Sequence[Bundle]]], *, key: str) -> None:
    """Networks trained on a split by slice and on splits by patient: a chart each, and why they differ.

    Args:
        pairs: of ``by_slice_and_by_patient``, at least one.
        key: tells the charts from others on the page.
    """
    for bundle, own in pairs:
        differences = {one.name: recipe_differences(bundle, one) for one in own}
        if any(differences.values()):
            place = st.expander(f"{bundle.card['title']}: the split is not all that differs", icon=":material/warning:")
        else:
            place = st.container()
            place.markdown(f"**{escape_markdown(bundle.card['title'])}**")
        with place:
            _draw_pair([one for one in (bundle, *own) if one.test_metrics], key=f"{key}_{bundle.name}")
            for name, settings in differences.items():
                if settings:
                    st.caption(
                        f"The split is not all that differs between {bundle.name} and {name}: so do these settings of "
                        f"their training: {', '.join(settings).replace('_', ' ')}."
                    )
    leaks = {
        split: split_leakage(splits.index_table(), split)
        for split in sorted({bundle.card["data"]["split"] for bundle, _ in pairs})
    }
    said = join_words(
        f"**{leak.patients_in_training} of the {leak.patients}** patients tested in {split}"
        for split, leak in leaks.items()
    )
    st.markdown(
        "Split by slice, neighbouring slices of one tumour stand in training and in test: "
        f"{said} also have slices in its training part, so the network is asked about tumours it has already seen. "
        "Split by patient, no patient id has, and the figure says how the network does on a stranger's tumour, which "
        "is what one wants to know."
    )


@dataclass(frozen=True)
class _Point:
    """A figure of the chart.

    Attributes:
        name: of the bundle.
        by_patient: whether patients were held out.
        label: beside the dot.
        value: the dot and the ends of its bar.
        text: what a reader is told.
        over_folds: whether it is a mean with the standard deviation, not a figure with its interval.
    """

    name: str
    by_patient: bool
    label: str
    value: Interval
    text: str
    over_folds: bool = False


def _draw_pair(shown: list[Bundle], *, key: str) -> None:
    for name, title in MEASURES.items():
        points = [point for bundle in shown for point in _points(bundle, name)]
        if len(points) < 2:
            continue
        said = "; ".join(point.text for point in points)
        spread = " ± and the thin bar: standard deviation over folds." if "±" in said else ""
        st.plotly_chart(
            _dots(points, title, is_share=name == "accuracy"),
            key=f"{key}_{name}",
            config=PLOT_CONFIG,
            alt=f"{title} on test slices: {said}",
        )
        st.caption(f"{title} on test slices: {said}.{spread}")


def _folds(bundle: Bundle) -> dict[str, Any]:
    """The card's figures over folds, or empty where fewer than two are done."""
    found = bundle.card.get("metrics", {}).get("cross_validation", {})
    return found if len(found.get("folds_done", ())) > 1 else {}


def _points(bundle: Bundle, name: str) -> list[_Point]:
    """Of a bundle by slice its own figure, and of its recipe by patient the mean over folds, or else its one fold's."""
    data, title, across = bundle.card["data"], bundle.card["title"], _folds(bundle)
    points = []
    if name in cached_headline_metrics(bundle) and not (data["by_patient"] and name in across):
        value = cached_headline_metrics(bundle)[name]
        label = f"{'by patient' if data['by_patient'] else 'by slice'}<br>{data['split']}"
        points.append(_Point(bundle.name, data["by_patient"], label, value, f"{title} {interval_text(name, value)}"))
    if name in across:
        mean, std, count = across[name]["mean"], across[name]["std"], len(across["folds_done"])
        said = f"{percent(mean)} ± {std * 100:.1f}" if name == "accuracy" else f"{mean:.3f} ± {std:.3f}"
        points.append(
            _Point(
                bundle.name,
                True,
                f"by patient<br>{count} folds",
                Interval(mean, mean - std, mean + std),
                f"{title}, mean over {count} folds by patient, {said}",
                over_folds=True,
            )
        )
    return points


def _dots(points: Sequence[_Point], title: str, *, is_share: bool) -> go.Figure:
    """A dot with its bar for each point, from top to bottom."""
    by_slice, by_patient = st.get_option("theme.chartCategoricalColors")[1::-1]
    figure = go.Figure()
    for point in reversed(points):
        one = point.value
        figure.add_scatter(
            x=[one.value],
            y=[point.label],
            error_x={
                "type": "data",
                "array": [one.high - one.value],
                "arrayminus": [one.value - one.low],
                "thickness": 1 if point.over_folds else 3,
                "width": 6,
            },
            mode="markers",
            marker={"size": 12, "color": by_patient if point.by_patient else by_slice},
            hovertemplate=f"{point.name}: %{{x:{'.1%' if is_share else '.3f'}}}<extra></extra>",
        )
    style_figure(figure, height=64 + 52 * len(points))
    figure.update_layout(showlegend=False)
    lowest = min(point.value.low for point in points)
    figure.update_xaxes(
        range=[max(0, lowest - 0.05), 1],
        tickformat=".0%" if is_share else ".2f",
        title_text=f"{title.lower()} on test slices",
    )
    return figure


def _row(bundle: Bundle) -> dict[str, object]:
    card = bundle.card
    figures = cached_headline_metrics(bundle) if bundle.test_metrics else {}
    seconds = card.get("times", {}).get("one_slice_seconds")
    return {
        _NETWORK: bundle.name,
        "Task": tasks(bundle),
        **{title: interval_text(name, figures.get(name)) for name, title in MEASURES.items()},
        _TABLE_5: dice_on_table_5(bundle),
        "Split": split_words(bundle),
        "Parameters": card["parameters"]["total"],
        _SIZE: card["files"][WEIGHTS]["bytes"] / 1e6 if WEIGHTS in card["files"] else None,
        _TRAINING: card["training"].get("seconds"),
        _SLICE: None if seconds is None else seconds * 1000,
    }


def _reports_rows() -> list[dict[str, object]]:
    right = (course_report.CNN_TEST_SLICES - course_report.CNN_TEST_WRONG) / course_report.CNN_TEST_SLICES
    shared = {"Split": "by slice", _SIZE: None}
    return [
        {
            _NETWORK: "The report's CNN",
            "Task": "classification",
            "Accuracy": percent(right),
            "Mean Dice": _NONE,
            _TABLE_5: None,
            **shared,
            "Parameters": course_report.CNN_PARAMETERS,
            _TRAINING: None,
            _SLICE: course_report.CNN_SLICE_SECONDS * 1000,
        },
        {
            _NETWORK: "The report's U-Net",
            "Task": "segmentation",
            "Accuracy": _NONE,
            "Mean Dice": _NONE,
            _TABLE_5: None,
            **shared,
            "Parameters": course_report.UNET_PARAMETERS,
            _TRAINING: course_report.UNET_TRAINING_SECONDS,
            _SLICE: course_report.UNET_SLICE_SECONDS * 1000,
        },
    ]
