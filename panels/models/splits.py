"""Networks under a slice-level and under a patient-level split: a chart for each, and why they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.bundles.bundle import Bundle
from core.dataset import splits
from core.dataset.statistics import split_leakage
from core.evaluation.bootstrap import Interval
from core.evaluation.comparison.bundles import patient_level_counterparts, recipe_differences
from core.labels import SHARE_METRICS, split_level
from core.text import join_words, lower_first
from core.translation.messages import tr, tr_plural
from panels.models.table import HEADLINE_METRICS
from panels.shared.cache import cached_headline_metrics
from panels.shared.kept_figures import kept_figure
from panels.shared.labels import bundle_title, interval_text, mean_text, split_level_of, term
from panels.shared.theme import PLOT_CONFIG, add_interval, style_figure

_CHARTED = ("accuracy", "dice_mean")
"""Metrics of the charts."""


def split_comparisons(bundles: Sequence[Bundle]) -> list[tuple[Bundle, list[Bundle]]]:
    """Pair bundles with a slice-level split with the bundles of the same network on a patient-level split.

    A bundle that has no such counterpart (``core.evaluation.comparison.bundles.patient_level_counterparts``) but whose
    card holds its recipe's official folds is listed with an empty list: it is compared with those.
    """
    pairs = patient_level_counterparts(bundles)
    paired = {bundle.name for bundle, _ in pairs}
    with_folds = [
        bundle
        for bundle in bundles
        if bundle.name not in paired and not bundle.card.data.by_patient and bundle.card.metrics.over_folds
    ]
    return [*pairs, *((bundle, []) for bundle in with_folds)]


def draw_split_comparisons(pairs: Sequence[tuple[Bundle, Sequence[Bundle]]], *, key: str) -> None:
    """Draw a chart for each network, and say why its figures differ by split.

    Args:
        pairs: of ``split_comparisons``, at least one.
        key: tells the charts from others on the page.
    """
    for bundle, counterparts in pairs:
        differences = {other.name: recipe_differences(bundle, other) for other in counterparts}
        if any(differences.values()):
            place: DeltaGenerator = st.expander(
                tr("{bundle}: more than the split differs", bundle=bundle_title(bundle)), icon=":material/warning:"
            )
        else:
            place = st.container()
            place.markdown(f"**{bundle_title(bundle)}**")
        with place:
            _draw_points([each for each in (bundle, *counterparts) if each.is_evaluated], key=f"{key}_{bundle.name}")
            for name, settings in differences.items():
                if settings:
                    st.caption(
                        tr(
                            "More than the split differs between {bundle} and {name}: so do these settings of their "
                            "training: {settings}.",
                            bundle=bundle.name,
                            name=name,
                            settings=", ".join(f"`{setting}`" for setting in settings),
                        )
                    )
    leakages = {
        split: split_leakage(splits.index_table(), split)
        for split in sorted({bundle.card.data.split for bundle, _ in pairs})
    }
    known = join_words(
        tr(
            "**{patients_in_training} of the {patients}** test patients of {split}",
            patients_in_training=leakage.patients_in_training,
            patients=leakage.patients,
            split=split,
        )
        for split, leakage in leakages.items()
    )
    st.markdown(
        tr(
            "A {slice_level} leaks: {known} also have slices in training. Under a {patient_level} split no "
            "patient id is in both parts.",
            slice_level=term("slice-level", tr("slice-level split")),
            known=known,
            patient_level=term("patient-level", tr("patient-level")),
        )
    )


@dataclass(frozen=True)
class _Point:
    """A figure of the chart.

    Attributes:
        name: of the bundle.
        patient_level: whether patients were held out.
        label: beside the dot.
        value: the dot and the ends of its bar.
        text: the figure in words.
        over_folds: whether it is a mean with the standard deviation, not a figure with its interval.
    """

    name: str
    patient_level: bool
    label: str
    value: Interval
    text: str
    over_folds: bool = False


def _draw_points(bundles: list[Bundle], *, key: str) -> None:
    for name in _CHARTED:
        title = tr(HEADLINE_METRICS[name])
        points = [point for bundle in bundles for point in _points(bundle, name)]
        if len(points) < 2:
            continue
        words = "; ".join(point.text for point in points)
        st.plotly_chart(
            _points_figure(points, title, is_share=name in SHARE_METRICS),
            key=f"{key}_{name}",
            config=PLOT_CONFIG,
            alt=tr("{title} on test slices: {words}", title=title, words=words),
        )
        sentences = [tr("{title} on test slices: {words}.", title=title, words=words)]
        if "±" in words:
            sentences.append(tr("± and the thin bar: standard deviation over folds."))
        st.caption(" ".join(sentences))


def _points(bundle: Bundle, name: str) -> list[_Point]:
    """List a bundle's points: its own figure, and the mean over its recipe's folds, which replaces a single fold's."""
    data, title, over_folds = bundle.card.data, bundle_title(bundle), bundle.card.metrics.over_folds
    figure = over_folds.figures.get(name) if over_folds else None
    points = []
    if name in cached_headline_metrics(bundle) and not (data.by_patient and figure):
        value = cached_headline_metrics(bundle)[name]
        label = f"{split_level_of(bundle)}<br>{data.split}"
        text = f"{title} {interval_text(name, value)}"
        points.append(_Point(bundle.name, data.by_patient, label, value, text))
    if figure and figure.std is not None:
        mean, std, count = figure.mean, figure.std, len(figure.folds)
        value = Interval(mean, mean - std, mean + std)
        folds = tr_plural("{count} fold", "{count} folds", count)
        label = f"{split_level(True)}<br>{folds}"
        spread = mean_text(name, mean, std)
        text = tr("{title}, mean over {count} patient-level folds, {spread}", title=title, count=count, spread=spread)
        points.append(_Point(bundle.name, True, label, value, text, over_folds=True))
    return points


@kept_figure
def _points_figure(points: Sequence[_Point], title: str, *, is_share: bool) -> go.Figure:
    """Draw a dot with its bar for each point, from top to bottom."""
    slice_level, patient_level = st.get_option("theme.chartCategoricalColors")[1::-1]
    figure = go.Figure()
    for point in reversed(points):
        add_interval(
            figure,
            point.value,
            label=point.label,
            colour=patient_level if point.patient_level else slice_level,
            hover=f"{point.name}: %{{x:{'.1%' if is_share else '.3f'}}}",
            thickness=1 if point.over_folds else 3,
        )
    style_figure(figure, height=64 + 52 * len(points))
    figure.update_layout(showlegend=False)
    lowest = min(point.value.low for point in points)
    figure.update_xaxes(
        range=[max(0, lowest - 0.05), 1],
        tickformat=".0%" if is_share else ".2f",
        title_text=tr("{lower_first} on test slices", lower_first=lower_first(title)),
    )
    return figure
