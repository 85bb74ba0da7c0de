"""One network's card on the Models page."""

import json
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.labels import CLASS_LABELS, PART_LABELS
from core.text import join_words
from core.translation.messages import mark, tr
from panels.models.table import HEADLINE_METRICS, split_text, task_text
from panels.shared.cache import cached_headline_metrics
from panels.shared.controls import file_button
from panels.shared.labels import duration_text, interval_text
from panels.shared.theme import escape_markdown


def draw_card(bundle: Bundle, *, key: str) -> None:
    """Draw what a bundle's card states for a person, with the whole card below.

    Args:
        bundle: the card's.
        key: tells the widgets from others on the page.
    """
    card = bundle.card
    left, right = st.columns(2, gap="large")
    with left:
        _draw_facts(mark("What it is"), _network_facts(bundle))
        if bundle.test_time_flip:
            st.markdown(tr("Predictions are means over the slice and its mirror image."))
        _draw_facts(mark("What it was trained on"), _training_facts(bundle))
        origin = card.training.origin
        if origin:
            st.markdown(tr("**As the report states**"))
            st.markdown(escape_markdown(f"{join_words(map(tr, origin.stated))}."))
            _draw_facts(mark("Chosen, where the report leaves it open"), origin.chosen)
    with right:
        st.markdown(tr("**Intended use**"))
        st.markdown(escape_markdown(tr(card.intended_use)))
        st.markdown(tr("**Limits**"))
        st.markdown("\n".join(f"- {escape_markdown(tr(limit))}" for limit in card.limits))
        if card.training.tried:
            st.markdown(tr("**Also tried**"))
            st.markdown("\n".join(f"- {escape_markdown(tr(note))}" for note in card.training.tried))
    with st.expander(tr("The whole card"), icon=":material/description:"):
        st.json(card.as_dict(), expanded=1)
    file_button(
        lambda: json.dumps(card.as_dict(), indent=2, ensure_ascii=False).encode(),
        "card.json",
        f"{bundle.name}-card.json",
        key=f"{key}_download",
    )


def _network_facts(bundle: Bundle) -> dict[str, Any]:
    card = bundle.card
    metrics = cached_headline_metrics(bundle) if bundle.is_evaluated else {}
    return {
        mark("Version"): card.version,
        mark("Task"): task_text(bundle),
        mark("Classes"): ", ".join(
            CLASS_LABELS[name].short_in_text if name in CLASS_LABELS else name for name in card.classes
        ),
        mark(
            "Input"
        ): f"{card.input.height} × {card.input.width} × {card.input.channels}; {tr(card.input.description)}",
        **{title: interval_text(name, metrics[name]) for name, title in HEADLINE_METRICS.items() if name in metrics},
        mark("Licence"): tr(card.licence),
    }


def _training_facts(bundle: Bundle) -> dict[str, Any]:
    data, training = bundle.card.data, bundle.card.training
    return {
        mark("Data set"): "; ".join((tr(data.dataset.name), data.dataset.doi, data.dataset.licence)),
        mark("Split"): split_text(bundle),
        mark("Slices"): ", ".join(
            tr("{part}: {count:,}", part=PART_LABELS[part].short_in_text, count=count)
            for part, count in data.counts.as_dict().items()
        ),
        mark("Machine"): tr(training.machine),
        mark("Training"): duration_text(training.seconds),
        mark("Epochs"): tr("{run}, kept epoch {kept}", run=training.epochs_run, kept=training.epoch_kept),
    }


def _draw_facts(title: str, facts: dict[str, Any]) -> None:
    """Draw a list of those facts that have a value."""
    st.markdown(f"**{tr(title)}**")
    st.markdown("\n".join(f"- {tr(name)}: {escape_markdown(str(value))}" for name, value in facts.items() if value))
