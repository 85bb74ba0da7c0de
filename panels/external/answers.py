"""What is answered to slices and pictures of every kind, and what another threshold would cost."""

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from scipy.stats import binomtest

from core.bundles.bundle import Bundle
from core.config import CLASSES
from core.inference.gate import (
    CONFIDENT,
    LOW_CONFIDENCE,
    NO_TUMOUR,
    OUT_OF_DISTRIBUTION,
    GateThresholds,
    decide_answers,
)
from core.ood.evaluate import AIMS, EXTERNAL_GROUP, INTERNAL_GROUP, NON_BRAIN_GROUP
from panels.shared.theme import CLASS_TITLES, PLOT_CONFIG, percent, style_figure, text_colour, whole_percent

RIGHT, WRONG = "right", "wrong"
_OUTCOMES = {
    RIGHT: ("Right", "#009E73"),
    WRONG: ("Wrong", "#D55E00"),
    LOW_CONFIDENCE: ("Not sure", "#8A9399"),
    OUT_OF_DISTRIBUTION: ("Called a stranger", "#56B4E9"),
}
"""What can become of a slice: its title, and a colour of Okabe and Ito's, grey for no answer."""


def thresholds(bundle: Bundle, table: pd.DataFrame) -> GateThresholds:
    """Sliders over the stored scores; returns the thresholds they stand at.

    Args:
        bundle: whose card says the thresholds that count.
        table: of ``core.ood.evaluate.gate_answers``.
    """
    own = GateThresholds(**bundle.card["screen"]["thresholds"])
    rules = bundle.card["screen"]["rules"]
    with st.expander("The price of the thresholds: try others", icon=":material/tune:"):
        st.caption(
            "For looking only: the figures, bars and slices on this page follow. The network's own are chosen by the "
            "rules below, none of them on the slices and pictures that are counted here."
        )
        score = [float(table["tumour_score"].quantile(one)) for one in (0.01, 0.99)]
        low, high = st.slider(
            "Tumour score: none below the first, a class from the second on, not sure between",
            round(score[0], 1),
            round(score[1], 1),
            (round(own.no_tumour, 2), round(own.tumour, 2)),
            0.05,
            key="score",
        )
        sure = st.slider("A class is named from this probability on", 0.34, 1.0, round(own.sure, 2), 0.01, key="sure")
        strange = st.slider(
            "Strangeness beyond which a picture is called a stranger",
            0.0,
            float(round(table["strangeness"].quantile(0.99))),
            round(own.strange, 1),
            0.1,
            key="strange",
        )
        st.caption(
            "How the network's own were chosen: " + "; ".join(f"*{name}*: {rule}" for name, rule in rules.items())
        )
    set_to = {"no_tumour": (low, 2), "tumour": (high, 2), "sure": (sure, 2), "strange": (strange, 1)}
    # A slider left where it stands means the card's value, not that value rounded for showing.
    moved = {name: value for name, (value, digits) in set_to.items() if value != round(getattr(own, name), digits)}
    return replace(own, **moved)


def answered(table: pd.DataFrame, limits: GateThresholds) -> pd.DataFrame:
    """The table with ``answer`` (a class's name, or what is answered instead) and ``outcome`` under thresholds."""
    kinds = decide_answers(table["tumour_score"], table["strangeness"], table["sure"], limits)
    answer = table["predicted"].where(kinds == CONFIDENT, pd.Series(kinds, table.index))
    true = table["kind"]
    right = (answer == true) | ((table["group"] == NON_BRAIN_GROUP) & (answer == OUT_OF_DISTRIBUTION))
    outcome = answer.where(answer.isin([LOW_CONFIDENCE, OUT_OF_DISTRIBUTION]), WRONG).mask(right, RIGHT)
    return table.assign(true=true, answer=answer, outcome=outcome)


_TILES = {
    "no_tumour_called_tumour": ("False alarms", "tumour-free slices called a tumour"),
    "tumour_called_no_tumour": ("Tumours missed", "tumours called tumour-free"),
    "class_accuracy_answered": ("Kind right", "tumours named"),
    "answered_tumour": ("Tumours answered", "tumours given a kind or “no tumour”"),
    "answered_no_tumour": ("Tumour-free answered", "tumour-free slices given a kind or “no tumour”"),
    "non_brain_flagged": ("No brain, told so", "pictures"),
    "figshare_flagged": ("Own slices flagged", "own test slices"),
    "figshare_called_no_tumour": ("Own tumours missed", "own test slices"),
}
"""By figure of a card's ``metrics.external``: its title, and what it is a share of."""


def hits(table: pd.DataFrame) -> dict[str, pd.Series]:
    """By figure of ``_TILES`` the slices or pictures it is a share of, each with whether it counts.

    Args:
        table: of ``answered``.
    """
    outside = table[table["group"] == EXTERNAL_GROUP]
    tumour, without = outside[outside["true"] != NO_TUMOUR], outside[outside["true"] == NO_TUMOUR]
    named = tumour[tumour["answer"].isin(CLASSES)]
    own, others = (table["answer"][table["group"] == group] for group in (INTERNAL_GROUP, NON_BRAIN_GROUP))
    return {
        "no_tumour_called_tumour": without["answer"].isin(CLASSES),
        "tumour_called_no_tumour": tumour["answer"] == NO_TUMOUR,
        "class_accuracy_answered": named["answer"] == named["true"],
        "answered_tumour": tumour["answer"].isin([*CLASSES, NO_TUMOUR]),
        "answered_no_tumour": without["answer"].isin([*CLASSES, NO_TUMOUR]),
        "non_brain_flagged": others == OUT_OF_DISTRIBUTION,
        "figshare_flagged": own == OUT_OF_DISTRIBUTION,
        "figshare_called_no_tumour": own == NO_TUMOUR,
    }


def figures(table: pd.DataFrame) -> None:
    """The figures that matter, each with what was aimed at.

    Args:
        table: of ``answered``.
    """
    grid = st.grid(4, min_column_width=150, gap="small")
    for name, counted in hits(table).items():
        title, of = _TILES[name]
        with grid.container():
            st.metric(title, percent(float(counted.mean())) if len(counted) else "–", border=True)
            said = f"{int(counted.sum())} of {len(counted)} {of}"
            if name in AIMS and len(counted):
                met = AIMS[name].short_by(float(counted.mean())) == 0
                said += f"; aim: {AIMS[name].words}{'' if met else ', **missed**'}"
            st.caption(said)


def verdict(bundle: Bundle, table: pd.DataFrame) -> None:
    """Which aims the bundle's own thresholds missed on the split test, by how much, and how sure that is.

    Args:
        bundle: with a screen.
        table: of ``answered``, under the bundle's own thresholds.
    """
    aims = bundle.card["metrics"]["external"].get("aims", {})
    missed = {name: one for name, one in aims.items() if one["short_by"] > 0}
    if not aims:
        return
    if not missed:
        st.success(
            f"All {len(aims)} aims are met, on slices that this screen was asked about once.", icon=":material/check:"
        )
        return
    counted = hits(table)
    lines = []
    for name, one in missed.items():
        chance = binomtest(int(counted[name].sum()), len(counted[name])).proportion_ci(method="wilson")
        lines.append(
            f"**{_TILES[name][0].lower()}** {percent(one['reached'])} (95 % interval {100 * chance.low:.0f} to "
            f"{100 * chance.high:.0f} %) where {one['aim']} was the aim, short by {100 * one['short_by']:.1f} points"
        )
    are = "is" if len(missed) == 1 else "are"
    st.warning(
        f"{len(missed)} of {len(aims)} aims {are} missed, on slices that this screen was asked about once: "
        f"{'; '.join(lines)}.",
        icon=":material/flag:",
    )


def cost(bundle: Bundle) -> None:
    """What the screen costs on the bundle's own test slices, which all have a tumour.

    Args:
        bundle: with a screen whose ``metrics.external.figshare_all`` is known.
    """
    external = bundle.card["metrics"]["external"]
    own, free = external.get("figshare_all"), external.get("figshare_called_no_tumour_by_class", {})
    if own is None:
        return
    worst = max(free, key=lambda name: free[name])
    st.caption(
        f"The screen has a price at home too. Of its {own['slices']} own test slices, all with a tumour, the network "
        f"alone names {percent(bundle.test_metrics['accuracy'])} rightly; behind the screen {percent(own['right'])} "
        f"are named rightly, {percent(own['wrong'])} answered wrongly, {percent(own['not_sure'])} left open and "
        f"{percent(own['stranger'])} called strangers. Called tumour-free is {CLASS_TITLES[worst].lower()} most often, "
        f"{percent(free[worst])} of its slices."
    )


def bars(table: pd.DataFrame, *, key: str) -> None:
    """A bar a kind, of what became of its slices.

    Args:
        table: of ``answered``.
        key: tells the chart from others on the page.
    """
    names = {
        **{("kind", name): f"{name.capitalize()}, elsewhere" for name in CLASSES},
        ("kind", NO_TUMOUR): "No tumour, elsewhere",
        ("group", EXTERNAL_GROUP): "All from elsewhere",
        ("group", INTERNAL_GROUP): "Own test slices",
        ("group", NON_BRAIN_GROUP): "No brain at all",
    }
    rows = {}
    for (column, value), title in names.items():
        inside = (
            table["group"] == value
            if column == "group"
            else (table["group"] == EXTERNAL_GROUP) & (table["true"] == value)
        )
        if inside.any():
            rows[f"{title} ({int(inside.sum())})"] = table["outcome"][inside].value_counts(normalize=True)
    figure = go.Figure()
    for outcome, (title, colour) in _OUTCOMES.items():
        shares = [float(one.get(outcome, 0)) for one in rows.values()]
        figure.add_bar(
            x=shares,
            y=list(rows),
            orientation="h",
            name=title,
            marker={"color": colour},
            text=[f"{share:.0%}" if share >= 0.08 else "" for share in shares],
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": "#0C1518", "size": 13},
            hovertemplate=f"%{{y}}: {title.lower()} %{{x:.1%}}<extra></extra>",
        )
    style_figure(figure, height=90 + 46 * len(rows))
    figure.update_layout(barmode="stack", bargap=0.3, legend_traceorder="normal")
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", tickfont={"size": 13, "color": text_colour()})
    words = "; ".join(
        f"{title}: "
        + ", ".join(f"{whole_percent(one.get(outcome, 0))} {said.lower()}" for outcome, (said, _) in _OUTCOMES.items())
        for title, one in rows.items()
    )
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=words)
