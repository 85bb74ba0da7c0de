"""The samplers of a search side by side."""

import pandas as pd
import streamlit as st

from core.dataset import splits
from core.search.plan import PLANNED
from core.search.results import COMPLETE, SearchResults
from core.text import join_words, lower_first
from core.translation.messages import tr
from panels.shared.labels import term
from panels.tuning.help import SAMPLER_LABELS, SETTING_TITLES, setting_text, value_text


def show_samplers(results: SearchResults) -> None:
    """Show a row for each sampler (trials, the best value, its setting) and the value of the recipe's own setting."""
    rows = [_sampler_row(results, sampler) for sampler in results.samplers]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=tr("The samplers side by side"))
    counts = results.trials["sampler"].value_counts()
    unfinished = {name: int(counts.get(name, 0)) for name in PLANNED if counts.get(name, 0) < results.plan.trials}
    if unfinished:
        progress = join_words(
            tr(
                "{sampler_labels} has {done} of {trials} trials",
                sampler_labels=SAMPLER_LABELS[name].title,
                done=done,
                trials=results.plan.trials,
            )
            for name, done in unfinished.items()
        )
        st.info(
            tr("This search is not finished: {progress}. Its results may change.", progress=progress),
            icon=":material/hourglass_top:",
        )
    own = own_setting_value(results)
    index = splits.index_table()
    validation = index[index[results.plan.split] == "validation"]
    remarks = (
        []
        if own is None
        else [tr("The recipe's own setting reached {value} as a trial.", value=value_text(results.plan, own))]
    )
    remarks.append(
        tr(
            "All trials are compared on the same {count} {validation} of {patient} patients, so the best "
            "is partly luck.",
            count=len(validation),
            validation=term("validation", tr("validation slices")),
            patient=validation["patient"].nunique(),
        )
    )
    st.caption(
        " ".join(remarks),
        help=tr(
            "Only held-out patients show its worth. One run of each sampler, begun with the same settings, does "
            "not tell which sampler is better."
        ),
    )


def _sampler_row(results: SearchResults, sampler: str) -> dict[str, object]:
    trials = results.trials[results.trials["sampler"] == sampler]
    complete = trials[trials["state"] == COMPLETE]
    best = results.best(sampler)
    return {
        tr("Sampler"): SAMPLER_LABELS[sampler].title,
        tr("Best"): value_text(results.plan, float(best["value"])),
        tr("Trials"): len(trials),
        tr("Different"): len(trials.drop_duplicates(results.settings)),
        tr("Stopped early"): len(trials) - len(complete),
        tr("Found at"): tr(
            "{value} of {count}", value=int((trials["value"].cummax() < best["value"]).sum()) + 1, count=len(trials)
        ),
        tr("Median"): value_text(results.plan, float(complete["value"].median())) if len(complete) else "–",
        tr("Epochs trained"): int(trials["epochs_run"].sum()),
        tr("Its setting"): ", ".join(
            f"{lower_first(SETTING_TITLES[name])} {setting_text(name, best[name])}"
            for name in results.settings
            if pd.notna(best[name])
        ),
    }


def own_setting_value(results: SearchResults) -> float | None:
    """Return the value that the recipe's own setting reached as a trial; None where it was not tried."""
    values = results.trials["value"][results.own]
    return float(values.iloc[0]) if len(values) else None
