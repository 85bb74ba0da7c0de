"""What the words of the Search page mean."""

from collections.abc import Callable
from math import exp

import streamlit as st

from core.search.plan import Plan
from core.search.study import QUARTERS, WARMUP_EPOCHS, WARMUP_QUARTERS
from core.text import join_words, lower_first
from core.training.recipe import load_recipe
from panels.shared.theme import escape_markdown, whole_percent
from panels.tuning.words import SETTING_TITLES, value_title

_AUGMENTATION: dict[str, Callable[[float], str]] = {
    "flip": lambda share: f"{whole_percent(share)} of the slices mirrored",
    "rotation": lambda degrees: f"turned by up to {degrees:g}°",
    "scale": lambda share: f"up to {whole_percent(share)} larger or smaller",
    "shift": lambda share: f"moved by up to {whole_percent(share)} of a side",
    "gamma": lambda power: f"grey values to the power of {exp(-power):.2f} to {exp(power):.2f}",
}
"""By option of ``core.training.augmentation.augment``."""


def how_to_read(plan: Plan) -> None:
    """Say what a trial, the samplers and the settings are."""
    size = load_recipe(plan.name).input["size"]
    point = (
        f"at the same quarter of its training, from {whole_percent(WARMUP_QUARTERS / QUARTERS)} of it on"
        if plan.scheduled
        else f"at the same epoch, from epoch {WARMUP_EPOCHS} on"
    )
    with st.expander("How to read this page"):
        st.markdown(
            f"A **trial** is one setting, trained cheaply: at {plan.cheap['size']} instead of {size} pixels. Its value "
            f"is the {lower_first(value_title(plan))} of its best epoch. It is **stopped early** where its best so "
            f"far is below the median of the trials before it {point}. The **median** in the table is over those that "
            "were not.\n\n"
            "**TPE**, the tree-structured Parzen estimator, draws the next setting where good trials have been denser "
            "than bad ones. **NSGA-II** is a genetic algorithm: the best "
            f"{plan.population} settings so far are parents, and a generation of children takes each value from one of "
            "two parents or, now and then, a new one. Both begin with the recipe's own setting and draws by chance.\n\n"
            + "\n".join(f"- **{SETTING_TITLES[name]}**: {_meaning(plan, name)}." for name in plan.space)
            + "".join(f"\n\n{escape_markdown(one)}" for one in plan.known)
        )


def _meaning(plan: Plan, name: str) -> str:
    if name == "augmentation":
        most = join_words(_AUGMENTATION[option](value) for option, value in plan.augmentation.items())
        return f"strength of the changes to training slices, from none at 0 to these at 1: {most}"
    return escape_markdown(plan.means[name])
