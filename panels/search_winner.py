"""What a search's winner gains over the untuned recipe."""

import pandas as pd
import streamlit as st

from core.bundles import Bundle
from core.classes import CLASSES
from core.search_plan import SETTINGS
from core.searches import Found
from core.tasks import CLASSIFICATION
from panels.theme import CLASS_TITLES, percent

_FIGURES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro F1",
    "patient_accuracy": "Patients named rightly",
    **{f"recall_{name}": f"{CLASS_TITLES[name]} slices found" for name in CLASSES},
    "dice_mean": "Mean Dice",
    "dice_pooled": "Pooled Dice",
    "missed": "Tumours missed (fewer is better)",
}
_SHARES = {*_FIGURES} - {"macro_f1", "dice_mean", "dice_pooled"}


def winner(found: Found, bundle: Bundle | None) -> None:
    """What the winner gains over the untuned recipe on the fold that no trial has met."""
    compared = bundle.card.get("metrics", {}).get("comparison") if bundle else None
    if bundle is None or compared is None:
        st.info(f"No setting has been trained in full and judged on {found.plan.held_out} yet.", icon=":material/tune:")
        return
    rows, alone = [], compared["without_letter_twins"]["figures"]
    for name, title in _FIGURES.items():
        one = compared["figures"].get(name)
        if one is None:
            continue
        show = percent if name in _SHARES else "{:.3f}".format
        factor, unit = (100, " points") if name in _SHARES else (1, "")
        digits = 1 if name in _SHARES else 3
        rows.append(
            {
                "": title,
                "Searched": show(one["value"]),
                "Untuned": show(one["other"]),
                "Difference": f"{one['difference'] * factor:+.{digits}f}{unit}",
                "95 % interval": f"{one['low'] * factor:+.{digits}f} to {one['high'] * factor:+.{digits}f}",
                "Without letter twins": f"{alone[name]['difference'] * factor:+.{digits}f}{unit}",
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="The winner beside the untuned recipe")
    name, first = next(iter(compared["figures"].items()))
    sure = first["low"] > 0 or first["high"] < 0
    besides = [key for key in compared["recipe_differences"] if key not in (*SETTINGS, "micro_batch")]
    differ = f" Apart from what was searched they differ in: {', '.join(besides).replace('_', ' ')}." if besides else ""
    st.caption(
        f"{bundle.name} beside {compared['with']} on the {compared['slices']} slices of {found.plan.held_out}, whose "
        "patients' ids no trial has met, and without those whose ids, but for a final letter, other folds have "
        f"({compared['without_letter_twins']['slices']} slices). The interval is over draws of the test patients, the "
        f"same for both: of {_FIGURES[name].lower()} it "
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
