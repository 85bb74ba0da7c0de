"""What a search says: the samplers side by side, which settings matter, and whether cheap trials can be trusted."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from scipy.stats import kendalltau

from core.bundles import Bundle
from core.search_plan import PLANNED
from core.searches import ALL, STOPPED, Found
from core.wording import listed
from panels.plots import style
from panels.search_words import (
    SAMPLER_TITLES,
    SETTING_TITLES,
    setting_text,
    value_format,
    value_text,
    value_title,
)
from panels.theme import PLOT_CONFIG, percent, whole_percent

_FIGURES = {"accuracy": "Accuracy", "macro_f1": "Macro F1", "patient_accuracy": "Patients named rightly",
            "dice_mean": "Mean Dice", "dice_pooled": "Pooled Dice", "missed": "Tumours missed"}  # fmt: skip
_SHARES = {"accuracy", "patient_accuracy", "missed"}
_ENOUGH = 5
"""Settings at full size from which their order is judged."""


def samplers(found: Found) -> None:
    """A row a sampler: trials, the best value and its setting, and what the recipe's own setting reached."""
    rows = []
    for sampler in found.samplers:
        trials = found.trials[found.trials["sampler"] == sampler]
        best = found.best(sampler)
        rows.append(
            {
                "Sampler": SAMPLER_TITLES[sampler],
                "Trials": len(trials),
                "Stopped early": int((trials["state"] == STOPPED).sum()),
                "Best": value_text(found.plan, float(best["value"])),
                "Found at": f"{int((trials['value'].cummax() < best['value']).sum()) + 1} of {len(trials)}",
                "Median": value_text(found.plan, float(trials["value"].median())),
                "Minutes": round(float(trials["seconds"].sum()) / 60),
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
        said = listed(
            f"{SAMPLER_TITLES[name]} has {done} of {found.plan.trials} trials" for name, done in lacking.items()
        )
        st.info(f"This search is not finished: {said}. What stands here may change.", icon=":material/hourglass_top:")
    own = own_setting(found)
    if own is not None:
        st.caption(
            f"The recipe's own setting, the first trial of each, reached {value_text(found.plan, own)} as a trial. "
            "Validation patients are few, and the best of many trials is in part the luckiest: what it is worth is "
            "seen only on patients that no trial has met."
        )


def own_setting(found: Found) -> float | None:
    """What the plan's start reached as a trial, or None where it was not tried."""
    start = {name: value for name, value in found.plan.start.items() if name in found.settings}
    same = pd.Series(True, index=found.trials.index)
    for name, value in start.items():
        same &= found.trials[name] == value
    rows = found.trials[same]
    return float(rows["value"].iloc[0]) if len(rows) and start else None


def importance(found: Found, *, key: str) -> None:
    """How much each setting has to do with being among the best trials."""
    if not found.importance:
        st.info("Too few trials to tell which settings matter.", icon=":material/tune:")
        return
    order = sorted(found.settings, key=lambda name: found.importance.get(ALL, {}).get(name, 0))
    figure = go.Figure()
    colours = st.get_option("theme.chartCategoricalColors")
    for sampler, colour in reversed(list(zip(found.samplers, colours, strict=False))):
        shares = found.importance.get(sampler)
        if not shares:
            continue
        named = [name for name in order if name in shares]
        figure.add_bar(
            x=[shares[name] for name in named],
            y=[SETTING_TITLES[name] for name in named],
            orientation="h",
            name=SAMPLER_TITLES[sampler],
            marker={"color": colour},
            hovertemplate=f"%{{y}}: %{{x:.0%}} ({SAMPLER_TITLES[sampler]})<extra></extra>",
        )
    style(figure, height=80 + 44 * len(order))
    figure.update_layout(barmode="group", bargap=0.3, legend_traceorder="reversed")
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    shares = found.importance.get(ALL, next(iter(found.importance.values())))
    words = ", ".join(
        f"{SETTING_TITLES[name].lower()} {whole_percent(shares[name])}" for name in reversed(order) if name in shares
    )
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=f"Importance of the settings, all trials: {words}")
    st.caption(
        f"All trials together: {words}. PED-ANOVA: how far the best quarter of the trials differ from all of them in a "
        "setting, as shares of one. Each sampler also bends it, since it tries what it likes more often."
    )


def fidelity(found: Found, *, key: str) -> None:
    """Trials trained again at full size, beside what they reached as trials."""
    full = found.full_size
    if full is None or len(full) < 2:
        st.info("No trials have been trained again at full size yet.", icon=":material/tune:")
        return
    plan = found.plan
    figure = go.Figure(
        go.Scatter(
            x=full["value"],
            y=full["full_value"],
            mode="markers+text",
            text=[f"{SAMPLER_TITLES[row['sampler']].split()[0]} {row['trial']}" for _, row in full.iterrows()],
            textposition="top center",
            marker={"size": 11, "color": st.get_option("theme.chartCategoricalColors")[0]},
            hovertemplate="%{text}: %{x} as a trial, %{y} at full size<extra></extra>",
        )
    )
    style(figure, height=320)
    figure.update_xaxes(title_text="as a trial", tickformat=value_format(plan), hoverformat=".3f")
    figure.update_yaxes(title_text="at full size", tickformat=value_format(plan), hoverformat=".3f")
    spread = float(full["full_value"].max() - full["full_value"].min()) or 0.01
    figure.update_yaxes(range=[full["full_value"].min() - 0.2 * spread, full["full_value"].max() + 0.3 * spread])
    wide = float(full["value"].max() - full["value"].min()) or 0.01
    figure.update_xaxes(range=[full["value"].min() - 0.2 * wide, full["value"].max() + 0.2 * wide])
    tau = float(kendalltau(full["value"], full["full_value"]).statistic)
    words = f"{len(full)} settings" if np.isnan(tau) else f"Kendall's τ {tau:.2f} over {len(full)} settings"
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=f"{value_title(plan)} cheap against full size; {words}")
    st.caption(
        f"{words} from the best trial to the worst: {_verdict(tau, len(full))}. A τ of 1 would be the same order, 0 "
        "none. The validation patients are the same on both axes."
    )


def _verdict(tau: float, settings: int) -> str:
    """What Kendall's τ over some settings says of the order of cheap trials."""
    if np.isnan(tau):
        return "they all reached the same, so that there is no order to compare"
    if settings < _ENOUGH:
        return f"fewer than {_ENOUGH} are too few to tell whether the order holds"
    if tau > 0.99:
        return "the order holds"
    return "the order holds in part" if tau > 0.3 else "the order does not hold"


def winner(found: Found, bundle: Bundle | None) -> None:
    """What the winner gains over the untuned recipe on the fold that no trial has met."""
    compared = bundle.card.get("metrics", {}).get("comparison") if bundle else None
    if bundle is None or compared is None:
        st.info(f"No setting has been trained in full and judged on {found.plan.held_out} yet.", icon=":material/tune:")
        return
    rows = []
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
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="The winner beside the untuned recipe")
    first = next(iter(compared["figures"].values()))
    sure = first["low"] > 0 or first["high"] < 0
    st.caption(
        f"{bundle.name} beside {compared['with']} on the {compared['slices']} slices of {found.plan.held_out}, whose "
        "patients no trial has met. The interval is over draws of the test patients, the same for both: "
        f"{'it leaves zero out' if sure else 'it holds zero, so the gain may be luck'}."
    )
