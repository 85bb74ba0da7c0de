"""The strip of tumour probability along a volume's slices, which a click goes along and arrow keys step through."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.bundles.bundle import Bundle
from core.inference.volumes.analysis import SliceFinding
from core.labels import CLASS_LABELS, OUTCOME_LABELS, Label
from core.outcome import CONFIDENT
from core.translation.messages import tr
from panels.shared.theme import percent

_FOLDER = Path(__file__).parent


def draw_strip(
    findings: Sequence[SliceFinding],
    classifier: Bundle,
    *,
    at: int,
    count: int,
    on_go: Callable[[int], None],
    key: str,
) -> None:
    """Draw a bar for each slice that was analysed, in the colour of its answer.

    Args:
        findings: of slices, in order; none draws no strip, and the arrow keys still step.
        classifier: that named the classes.
        at: the slice that is shown.
        count: of the plane's slices.
        on_go: called with the slice to show.
        key: of the component.
    """

    def go() -> None:
        number = st.session_state[key].get("at")
        if isinstance(number, int) and 1 <= number <= count:
            on_go(number)

    _COMPONENT(key=key, data=strip_data(findings, classifier, at=at, count=count), on_at_change=go)


def strip_data(findings: Sequence[SliceFinding], classifier: Bundle, *, at: int, count: int) -> dict[str, Any]:
    """Return what the browser draws: bars with their number, height, kind and words, and a legend of the kinds."""
    labels = [_label(finding, classifier) for finding in findings]
    kinds = list(dict.fromkeys(labels))
    highest = max(findings, key=lambda finding: finding.tumour_probability, default=None)
    return {
        "at": at,
        "count": count,
        "label": tr(
            "Tumour probability along the slices; highest at slice {number}, {share}",
            number=highest.number,
            share=percent(highest.tumour_probability),
        )
        if highest
        else tr("Tumour probability along the slices"),
        "kinds": [{"title": label.short, "colour": label.colour} for label in kinds],
        "bars": [
            {
                "number": finding.number,
                "height": round(finding.tumour_probability, 4),
                "kind": kinds.index(label),
                "words": tr(
                    "Slice {number}: {in_text}, tumour probability {share}",
                    number=finding.number,
                    in_text=label.in_text,
                    share=percent(finding.tumour_probability),
                ),
            }
            for finding, label in zip(findings, labels, strict=True)
        ],
    }


def _label(finding: SliceFinding, classifier: Bundle) -> Label:
    if finding.outcome != CONFIDENT:
        return OUTCOME_LABELS[finding.outcome]
    return CLASS_LABELS[classifier.card.classes[int(finding.probabilities.argmax())]]


_COMPONENT = st.components.v2.component(
    "slicescope_strip",
    html='<div class="strip"></div>',
    css=(_FOLDER / "strip.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "strip.mjs").read_text(encoding="utf-8"),
)
