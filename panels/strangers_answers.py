"""What is answered to slices and pictures of every kind, and what another threshold would cost."""

from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.bundles import Bundle
from core.classes import CLASSES
from core.screen import CLASS, NO_TUMOUR, NOT_SURE, STRANGER, Thresholds, decide
from core.strangers import ELSEWHERE, NOT_BRAIN, OWN
from panels.plots import style
from panels.theme import PLOT_CONFIG, percent, text_colour

RIGHT, WRONG = "right", "wrong"
_OUTCOMES = {
    RIGHT: ("Right", "#009E73"),
    WRONG: ("Wrong", "#D55E00"),
    NOT_SURE: ("Not sure", "#8A9399"),
    STRANGER: ("Called a stranger", "#56B4E9"),
}
"""What can become of a slice: its title, and a colour of Okabe and Ito's, grey for no answer."""


def thresholds(bundle: Bundle, table: pd.DataFrame) -> Thresholds:
    """Sliders over the stored scores; returns the thresholds they stand at.

    Args:
        bundle: whose card says the thresholds that count.
        table: of ``core.strangers.answers``.
    """
    own = Thresholds(**bundle.card["screen"]["thresholds"])
    rules = bundle.card["screen"]["rules"]
    with st.expander("The price of the thresholds: try others", icon=":material/tune:"):
        st.caption(
            "For looking only: every figure on this page follows. The bundle's own were fixed before the slices and "
            "pictures here were looked at."
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
            0.5,
            key="strange",
        )
        st.caption(
            "How the bundle's own were chosen: " + "; ".join(f"*{name}*: {rule}" for name, rule in rules.items())
        )
    moved = replace(own, no_tumour=low, tumour=high, sure=sure, strange=strange)
    rounded = replace(
        own,
        no_tumour=round(own.no_tumour, 2),
        tumour=round(own.tumour, 2),
        sure=round(own.sure, 2),
        strange=round(own.strange, 1),
    )
    # Left where they stand, the sliders mean the card's values, not those rounded for showing.
    return own if moved == rounded else moved


def answered(table: pd.DataFrame, limits: Thresholds) -> pd.DataFrame:
    """The table with ``answer`` (a class's name, or what is answered instead) and ``outcome`` under thresholds."""
    kinds = decide(table["tumour_score"], table["strangeness"], table["sure"], limits)
    answer = table["predicted"].where(kinds == CLASS, pd.Series(kinds, table.index))
    true = table["kind"]
    right = (answer == true) | ((table["group"] == NOT_BRAIN) & (answer == STRANGER))
    outcome = answer.where(answer.isin([NOT_SURE, STRANGER]), WRONG).mask(right, RIGHT)
    return table.assign(true=true, answer=answer, outcome=outcome)


def figures(table: pd.DataFrame) -> None:
    """The figures that matter, each with what was aimed at.

    Args:
        table: of ``answered``.
    """
    outside = table[table["group"] == ELSEWHERE]
    tumour, without = outside[outside["true"] != NO_TUMOUR], outside[outside["true"] == NO_TUMOUR]
    named = tumour[tumour["answer"].isin(CLASSES)]
    strange = table["answer"] == STRANGER
    own = table[table["group"] == OWN]
    shown = [
        ("False alarms", without["answer"].isin(CLASSES), "tumour-free slices called a tumour", "at most 10 %"),
        ("Tumours missed", tumour["answer"] == NO_TUMOUR, "tumours called tumour-free", "at most 10 %"),
        ("Kind right", named["answer"] == named["true"], "tumours named", "at least 80 %"),
        ("Tumours answered", tumour["answer"].isin([*CLASSES, NO_TUMOUR]), "tumours", "at least 60 %"),
        ("Tumour-free answered", without["answer"].isin([*CLASSES, NO_TUMOUR]), "tumour-free slices", "at least 60 %"),
        ("No brain, told so", strange[table["group"] == NOT_BRAIN], "pictures", "at least 95 %"),
        ("Own slices flagged", own["answer"] == STRANGER, "own test slices", "at most 3 %"),
        ("Own tumours missed", own["answer"] == NO_TUMOUR, "own test slices", None),
    ]
    grid = st.grid(4, min_column_width=150, gap="small")
    for title, hits, of, aim in shown:
        with grid.container():
            st.metric(title, percent(float(hits.mean())) if len(hits) else "–", border=True)
            st.caption(f"{int(hits.sum())} of {len(hits)} {of}" + (f"; aim: {aim}" if aim else ""))


def bars(table: pd.DataFrame, *, key: str) -> None:
    """A bar a kind, of what became of its slices.

    Args:
        table: of ``answered``.
        key: tells the chart from others on the page.
    """
    names = {
        **{("kind", name): f"{name.capitalize()}, elsewhere" for name in CLASSES},
        ("kind", NO_TUMOUR): "No tumour, elsewhere",
        ("group", OWN): "Own test slices",
        ("group", NOT_BRAIN): "No brain at all",
    }
    rows = {}
    for (column, value), title in names.items():
        inside = (
            table["group"] == value if column == "group" else (table["group"] == ELSEWHERE) & (table["true"] == value)
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
    style(figure, height=90 + 46 * len(rows))
    figure.update_layout(barmode="stack", bargap=0.3, legend_traceorder="normal")
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", tickfont={"size": 13, "color": text_colour()})
    words = "; ".join(
        f"{title}: "
        + ", ".join(f"{one.get(outcome, 0):.0%} {said.lower()}" for outcome, (said, _) in _OUTCOMES.items())
        for title, one in rows.items()
    )
    st.plotly_chart(figure, key=key, config=PLOT_CONFIG, alt=words)
