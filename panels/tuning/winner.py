"""What a search's winner gains over the untuned recipe."""

import pandas as pd
import streamlit as st

from core.bundles.bundle import Bundle, bundle_names, open_bundle
from core.config import CLASSES, CLASSIFICATION
from core.search.plan import SETTINGS, Plan
from core.search.results import SearchResults, best_at_full_size
from core.text import join_words, lower_first
from panels.shared.theme import CLASS_TITLES, percent

_FIGURES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "patient_accuracy": "Patients named rightly",
    **{f"recall_{name}": f"{CLASS_TITLES[name]} slices found" for name in CLASSES},
    "dice_mean": "Mean Dice",
    "dice_pooled": "Pooled Dice",
    "missed": "Tumours missed (fewer is better)",
}
_SEARCHED = {*SETTINGS, "micro_batch"}
_NOT_SEARCHED = {"keep": "which epoch is kept"}
_SHARES = {*_FIGURES} - {"macro_f1", "dice_mean", "dice_pooled"}


def winner_of(plan: Plan) -> Bundle | None:
    """The bundle of a search's winner that has been judged on the plan's fold; None if there is none."""
    name = f"{plan.name}-searched"
    if name not in bundle_names():
        return None
    bundle = open_bundle(name)
    judged = bundle.card["data"]["split"] == plan.split and "comparison" in bundle.card.get("metrics", {})
    return bundle if judged else None


def in_short(found: SearchResults, bundle: Bundle | None) -> None:
    """What the search brought, in a sentence; nothing where no winner has been judged."""
    if bundle is None:
        return
    compared = bundle.card["metrics"]["comparison"]
    name, first = next(iter(compared["figures"].items()))
    row = _row(name, first)
    st.markdown(
        f"**What it brought:** on {found.plan.held_out} {bundle.name} reaches {lower_first(_FIGURES[name])} "
        f"**{row['Searched']}**, the untuned recipe {row['Untuned']}: {row['Difference']} "
        f"(95 % interval {row['95 % interval']})."
    )


def winner(found: SearchResults, bundle: Bundle | None) -> None:
    """What the winner gains over the untuned recipe on the fold that no trial has met."""
    if bundle is None:
        best = best_at_full_size(found)
        said = (
            "Of the settings trained at full size the recipe's own does best on validation: there is no other winner."
            if best is not None and best["own"]
            else f"No setting has been trained in full and judged on {found.plan.held_out} yet."
        )
        st.info(said, icon=":material/tune:")
        return
    compared = bundle.card["metrics"]["comparison"]
    alone = compared["without_letter_twins"]["figures"]
    rows = [
        {**_row(name, compared["figures"][name]), "Without letter twins": _difference(name, alone[name])}
        for name in _FIGURES
        if name in compared["figures"]
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="The winner beside the untuned recipe")
    name, first = next(iter(compared["figures"].items()))
    sure = first["low"] > 0 or first["high"] < 0
    besides = [_NOT_SEARCHED.get(key, key) for key in compared["recipe_differences"] if key not in _SEARCHED]
    differ = f" Apart from what was searched they differ in {join_words(besides)}." if besides else ""
    st.caption(
        f"{bundle.name} beside {compared['with']} on the {compared['slices']} slices of {found.plan.held_out}, whose "
        "patients' ids no trial has met, and without those whose ids, but for a final letter, other folds have "
        f"({compared['without_letter_twins']['slices']} slices). The interval is over draws of the test patients, the "
        f"same for both: of {lower_first(_FIGURES[name])} it "
        f"{'leaves zero out' if sure else 'holds zero, so that the difference may be luck'}. What another training of "
        f"either would differ is not in it.{differ}"
    )
    names = CLASSIFICATION in bundle.tasks
    page, icon, key = ("errors", "grid_on", "bundle") if names else ("masks", "gesture", "segmenter")
    st.page_link(
        f"pages/{page}.py",
        label=f"Where {bundle.name} is wrong",
        icon=f":material/{icon}:",
        query_params={key: bundle.name},
    )


def _row(name: str, one: dict[str, float]) -> dict[str, str]:
    show = percent if name in _SHARES else "{:.3f}".format
    return {
        "": _FIGURES[name],
        "Searched": show(one["value"]),
        "Untuned": show(one["other"]),
        "Difference": _difference(name, one),
        "95 % interval": f"{_signed(name, one['low'])} to {_signed(name, one['high'])}",
    }


def _difference(name: str, one: dict[str, float]) -> str:
    return f"{_signed(name, one['difference'])}{' points' if name in _SHARES else ''}"


def _signed(name: str, value: float) -> str:
    return f"{value * 100:+.1f}" if name in _SHARES else f"{value:+.3f}"
