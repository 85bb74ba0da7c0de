"""The gain of a search's winner over the untuned recipe."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle
from core.bundles.card.metrics import ComparedFigure, Comparison
from core.config import CLASSIFICATION
from core.errors import BundleError
from core.labels import METRIC_TITLES, SHARE_METRICS
from core.search.plan import SETTINGS, Plan
from core.search.results import SearchResults, best_at_full_size
from core.text import join_words, lower_first
from core.translation.messages import mark, tr
from core.translation.numbers import number_text
from panels.shared.labels import bundle_title, metric_text, term
from panels.shared.model_choice import bundle_address, listed_bundles
from panels.shared.theme import figure_columns

_SEARCHED = {*SETTINGS, "micro_batch"}
_OTHER_DIFFERENCES = {"keep": mark("which epoch is kept")}


def winner_bundle(plan: Plan) -> Bundle | None:
    """Return the bundle of a search's winner if it can be used and is evaluated on the plan's fold, else None."""
    bundle = listed_bundles().bundles.get(_winner_name(plan))
    if bundle is None:
        return None
    evaluated = bundle.card.data.split == plan.split and bundle.card.metrics.comparison is not None
    return bundle if evaluated else None


def _winner_name(plan: Plan) -> str:
    return f"{plan.name}-searched"


def show_gain(plan: Plan, bundle: Bundle | None) -> None:
    """Show the winner's gain in a sentence; nothing where no winner is evaluated."""
    comparison = bundle.card.metrics.comparison if bundle else None
    if bundle is None or comparison is None:
        return
    name, figure = next(iter(comparison.figures.items()))
    row = _row(name, figure)
    st.markdown(
        tr(
            "**Result:** on {held_out} {bundle} reaches {metric} **{searched}**, the untuned recipe {untuned}: "
            "{difference} (95 % interval {interval}).",
            held_out=plan.held_out,
            bundle=bundle_title(bundle),
            metric=lower_first(METRIC_TITLES[name]),
            searched=row[tr("Searched")],
            untuned=row[tr("Untuned")],
            difference=row[tr("Difference")],
            interval=row[tr("95 % interval")],
        )
    )


def show_winner(results: SearchResults, bundle: Bundle | None) -> None:
    """Show the winner beside the untuned recipe on the fold that no trial has used.

    Raises:
        BundleError: the winner's bundle cannot be used.
    """
    problem = listed_bundles().problems.get(_winner_name(results.plan))
    if problem:
        raise BundleError(problem)
    comparison = bundle.card.metrics.comparison if bundle else None
    if bundle is None or comparison is None:
        best = best_at_full_size(results)
        message = (
            tr("The recipe's own setting is the best on validation of those trained at full size: there is no winner.")
            if best is not None and best["own"]
            else tr(
                "No setting has been trained at full size and evaluated on {held_out} yet.",
                held_out=results.plan.held_out,
            )
        )
        st.info(message, icon=":material/tune:")
        return
    without_twins = comparison.without_letter_twins.figures
    rows = [
        {
            **_row(name, comparison.figures[name]),
            tr("Without similar patient ids"): _difference(name, without_twins[name]),
        }
        for name in METRIC_TITLES
        if name in comparison.figures
    ]
    table = pd.DataFrame(rows)
    st.dataframe(
        table,
        hide_index=True,
        column_config=figure_columns(table.columns[1:]),
        alt=tr("The winner beside the untuned recipe"),
    )
    _draw_comparison_caption(bundle, comparison, results.plan)
    page, icon = ("errors", "grid_on") if CLASSIFICATION in bundle.tasks else ("masks", "gesture")
    st.page_link(
        f"pages/{page}.py",
        label=tr("Where {bundle} is wrong", bundle=bundle_title(bundle)),
        icon=f":material/{icon}:",
        query_params=bundle_address(bundle.name),
    )


def _draw_comparison_caption(bundle: Bundle, comparison: Comparison, plan: Plan) -> None:
    """Draw what is compared, and what the interval of the first figure says."""
    metric, figure = next(iter(comparison.figures.items()))
    excludes_zero = figure.low > 0 or figure.high < 0
    verdict = (
        mark("The {bootstrap} for {metric} excludes zero.")
        if excludes_zero
        else mark("The {bootstrap} for {metric} contains zero, so the difference may be chance.")
    )
    others = [
        tr(_OTHER_DIFFERENCES[key]) if key in _OTHER_DIFFERENCES else key
        for key in comparison.recipe_differences
        if key not in _SEARCHED
    ]
    sentences = [
        tr(
            "{bundle} beside {other} on the {slices} slices of {held_out}, whose patients no trial has used.",
            bundle=bundle_title(bundle),
            other=_other_title(comparison),
            slices=comparison.slices,
            held_out=plan.held_out,
        ),
        tr(verdict, bootstrap=term("bootstrap", tr("interval")), metric=lower_first(METRIC_TITLES[metric])),
    ]
    if others:
        sentences.append(tr("Apart from what was searched they differ in {others}.", others=join_words(others)))
    st.caption(
        " ".join(sentences),
        help=tr(
            "The last column leaves out patients whose ids differ only by a final letter from ids in other folds "
            "({slices} slices remain). The interval does not cover how much another training of either would "
            "differ.",
            slices=comparison.without_letter_twins.slices,
        ),
    )


def _other_title(comparison: Comparison) -> str:
    """Return the title of the bundle that is compared with; its name where it is not here."""
    other = listed_bundles().bundles.get(comparison.other)
    return bundle_title(other) if other else comparison.other


def _row(name: str, figure: ComparedFigure) -> dict[str, str]:
    return {
        "": METRIC_TITLES[name],
        tr("Searched"): metric_text(name, figure.value),
        tr("Untuned"): metric_text(name, figure.other),
        tr("Difference"): _difference(name, figure),
        tr("95 % interval"): tr("{low} to {high}", low=_signed(name, figure.low), high=_signed(name, figure.high)),
    }


def _difference(name: str, figure: ComparedFigure) -> str:
    signed = _signed(name, figure.difference)
    return tr("{signed} points", signed=signed) if name in SHARE_METRICS else signed


def _signed(name: str, value: float) -> str:
    return number_text(value * 100, "+.1f") if name in SHARE_METRICS else number_text(value, "+.3f")
