"""Names of samplers, settings and values on the page Hyperparameters, and what its words mean."""

from collections.abc import Callable
from math import exp

import pandas as pd
import streamlit as st

from core.labels import Label, Titles
from core.search.plan import Plan
from core.search.results import SearchResults
from core.search.study import QUARTERS, WARMUP_EPOCHS, WARMUP_QUARTERS
from core.text import join_words, lower_first
from core.training.recipe import load_recipe
from core.translation.messages import mark, tr
from core.translation.numbers import number_text, unbroken
from panels.shared.labels import term
from panels.shared.theme import escape_markdown, whole_percent

SAMPLER_LABELS = {
    "tpe": Label("TPE", "TPE"),
    "genetic": Label("Genetic", "Genetic (NSGA-II)"),
    "grid": Label("Grid", "Grid"),
}
SETTING_TITLES = Titles(
    {
        "filters": mark("Filters"),
        "epochs": mark("Epochs"),
        "batch": mark("Batch"),
        "learning_rate": mark("Learning rate"),
        "dropout": mark("Dropout"),
        "augmentation": mark("Augmentation"),
    }
)
_VALUE_TITLES = Titles(
    {
        "val_accuracy": mark("Validation accuracy"),
        "val_dice": mark("Validation Dice"),
        "val_iou": mark("Validation IoU"),
    }
)
AUGMENTATION_TEXTS: dict[str, Callable[[float], str]] = {
    "flip": lambda share: tr("{share} of the slices mirrored", share=whole_percent(share)),
    "rotation": lambda degrees: tr("turned by up to {degrees:g}°", degrees=degrees),
    "scale": lambda share: tr("up to {share} larger or smaller", share=whole_percent(share)),
    "shift": lambda share: tr("moved by up to {share} of a side", share=whole_percent(share)),
    "gamma": lambda power: tr("grey values to the power of {low:.2f} to {high:.2f}", low=exp(-power), high=exp(power)),
    "contrast": lambda share: tr("contrast changed by up to {share}", share=whole_percent(share)),
    "quarter_turn": lambda share: tr("{share} turned by a quarter or a half", share=whole_percent(share)),
    "curve": lambda share: tr(
        "a random intensity curve that moves grey values by up to {share}", share=whole_percent(share)
    ),
    "invert": lambda share: tr("{share} with bright and dark inverted", share=whole_percent(share)),
    "bias": lambda power: tr("a bias field of {low:.2f} to {high:.2f}", low=exp(-power), high=exp(power)),
    "blur": lambda pixels: tr("a blur of up to {pixels:g} pixels", pixels=pixels),
    "noise": lambda share: tr("noise of up to {share} of the range", share=whole_percent(share)),
    "jpeg": lambda share: tr("{share} compressed as JPEG", share=whole_percent(share)),
    "caption": lambda share: tr("{share} with captions and a frame", share=whole_percent(share)),
    "neighbour_dropout": lambda share: tr("{share} without their neighbours", share=whole_percent(share)),
}
"""By option of ``core.training.recipe.Augmentation``."""


def value_title(plan: Plan) -> str:
    """Return the name of the metric that trials are compared by, such as "Validation accuracy"."""
    return _VALUE_TITLES.get(plan.value, plan.value)


def value_text(plan: Plan, value: float) -> str:
    """Return a value as text: an accuracy in percent, a Dice with three digits."""
    return (
        unbroken(f"{number_text(value * 100, '.1f')} %")
        if plan.value.endswith("accuracy")
        else number_text(value, ".3f")
    )


def value_format(plan: Plan) -> str:
    """Return plotly's format of the value on an axis."""
    return ".0%" if plan.value.endswith("accuracy") else ".2f"


def setting_text(name: str, value: float) -> str:
    """Return a setting's value as text: "0.00123", "32", "0.25"."""
    return number_text(value, ".3g") if name not in ("filters", "epochs", "batch") else number_text(value, ".0f")


def trial_text(results: SearchResults, row: pd.Series) -> str:
    """Return what a chart shows of a trial: its sampler and number, its value, and its setting."""
    setting = "<br>".join(
        f"{SETTING_TITLES[name]} {setting_text(name, row[name])}" for name in results.settings if pd.notna(row[name])
    )
    return (
        tr("<b>{sampler}, trial {trial}</b>", sampler=SAMPLER_LABELS[str(row["sampler"])].title, trial=row["trial"])
        + f"<br>{value_text(results.plan, float(row['value']))}, {tr(str(row['state']))}<br>{setting}"
    )


def show_help(plan: Plan) -> None:
    """Explain trials, samplers and settings in an expander."""
    size = load_recipe(plan.name).input.size
    point = (
        tr(
            "at the same quarter of its training, from {share} of it on",
            share=whole_percent(WARMUP_QUARTERS / QUARTERS),
        )
        if plan.scheduled
        else tr("at the same epoch, from epoch {epoch} on", epoch=WARMUP_EPOCHS)
    )
    with st.expander(tr("How to read this page")):
        st.markdown(
            tr(
                "A **trial** trains one setting at low fidelity: at {cheap_size} instead of {size} pixels. Its value "
                "is the {value} of its best epoch. It is **stopped early** if its best value so far is below the "
                "median of the trials before it {point}. The **median** in the table leaves stopped trials out.",
                cheap_size=plan.cheap.size,
                size=size,
                value=lower_first(value_title(plan)),
                point=point,
            )
            + "\n\n"
            + tr(
                "**{tpe}** draws the next setting where good trials have been denser than bad ones. **{nsga_ii}** is "
                "a genetic algorithm, with the best {population} settings so far as parents. Both begin with the "
                "recipe's own setting and random settings.",
                tpe=term("tpe", tr("TPE")),
                nsga_ii=term("nsga-ii", tr("NSGA-II")),
                population=plan.population,
            )
            + "\n\n"
            + "\n".join(f"- **{SETTING_TITLES[name]}**: {_setting_meaning(plan, name)}." for name in plan.space)
            + "".join(f"\n\n{escape_markdown(tr(sentence))}" for sentence in plan.known)
        )


def _setting_meaning(plan: Plan, name: str) -> str:
    if name == "augmentation":
        strengths = plan.augmentation.model_dump(exclude_unset=True)
        strongest = join_words(AUGMENTATION_TEXTS[option](value) for option, value in strengths.items())
        return tr(
            "strength of the changes to training slices, from none at 0 to these at 1: {changes}", changes=strongest
        )
    return escape_markdown(tr(plan.means[name]))
