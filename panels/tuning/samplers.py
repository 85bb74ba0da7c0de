"""The samplers of a search side by side."""

import pandas as pd
import streamlit as st

from core.dataset import splits
from core.search.plan import PLANNED
from core.search.results import COMPLETE, SearchResults
from core.text import join_words
from panels.tuning.words import SAMPLER_TITLES, SETTING_TITLES, setting_text, value_text


def samplers(found: SearchResults) -> None:
    """A row a sampler: trials, the best value and its setting, and what the recipe's own setting reached."""
    rows = []
    for sampler in found.samplers:
        trials = found.trials[found.trials["sampler"] == sampler]
        ended = trials[trials["state"] == COMPLETE]
        best = found.best(sampler)
        rows.append(
            {
                "Sampler": SAMPLER_TITLES[sampler],
                "Trials": len(trials),
                "Different": len(trials.drop_duplicates(found.settings)),
                "Stopped early": len(trials) - len(ended),
                "Best": value_text(found.plan, float(best["value"])),
                "Found at": f"{int((trials['value'].cummax() < best['value']).sum()) + 1} of {len(trials)}",
                "Median": value_text(found.plan, float(ended["value"].median())) if len(ended) else "–",
                "Epochs trained": int(trials["epochs_run"].sum()),
                "Its setting": ", ".join(
                    f"{SETTING_TITLES[name].lower()} {setting_text(name, best[name])}"
                    for name in found.settings
                    if pd.notna(best[name])
                ),
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="The samplers side by side")
    counts = found.trials["sampler"].value_counts()
    lacking = {name: int(counts.get(name, 0)) for name in PLANNED if counts.get(name, 0) < found.plan.trials}
    if lacking:
        said = join_words(
            f"{SAMPLER_TITLES[name]} has {done} of {found.plan.trials} trials" for name, done in lacking.items()
        )
        st.info(f"This search is not finished: {said}. What stands here may change.", icon=":material/hourglass_top:")
    own = own_setting(found)
    said = "" if own is None else f"The recipe's own setting reached {value_text(found.plan, own)} as a trial. "
    slices, patients = _judged_on(found)
    st.caption(
        f"{said}All are judged on the same {slices} slices of {patients} patients, so that the best of many trials is "
        "in part the luckiest: what it is worth is seen only on patients that no trial has met. One run of each "
        "sampler, begun with the same settings, does not tell which is the better."
    )


def _judged_on(found: SearchResults) -> tuple[int, int]:
    """Validation slices of the plan's split, and their patients."""
    index = splits.index_table()
    validation = index[index[found.plan.split] == "validation"]
    return len(validation), validation["patient"].nunique()


def own_setting(found: SearchResults) -> float | None:
    """What the plan's start reached as a trial, or None where it was not tried."""
    values = found.trials["value"][found.own]
    return float(values.iloc[0]) if len(values) else None
