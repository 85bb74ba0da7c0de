"""The outcome of a slice or a volume: its five names, how it is decided from the gate's figures, and the reason.

The outcomes and what they show are the same on every page, in every file and on the command line. Which one a slice
has follows from three figures of the gate, compared with the limits in the card:

==================  ==========================  ================================  ===================================
OOD score           tumour score                probability of the likeliest type  outcome
==================  ==========================  ================================  ===================================
up to ``strange``   from ``tumour`` on          from ``sure`` on                  confident
up to ``strange``   below ``no_tumour``         any                               no tumour found
up to ``strange``   anything else                                                 low confidence
up to ``refuse``    any                         any                               low confidence: near the limit
up to ``no_head``   any                         any                               unusual image
beyond              any                         any                               not a head slice
==================  ==========================  ================================  ===================================

Between a confident answer and one that shows no class there is always low confidence: no slice crosses one limit and
loses its class. A classifier without a gate has no outcome: it gives a tumour type for any image.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.translation.messages import Message, mark

CONFIDENT, LOW_CONFIDENCE, NO_TUMOUR, UNUSUAL, NOT_A_HEAD = OUTCOMES = (
    "confident",
    "low_confidence",
    "no_tumour",
    "unusual_image",
    "not_a_head_slice",
)
"""As results and tables state them; ``core.labels.OUTCOME_LABELS`` has their words."""
REFUSED = (UNUSUAL, NOT_A_HEAD)
"""Outcomes of images that are flagged out-of-distribution (OOD)."""
WITHHELD = (NO_TUMOUR, *REFUSED)
"""Outcomes with which class, mask and heat map are shown only on request."""

NO_GATE_REASON = mark("This network has no gate: it gives a tumour type for any image, with a tumour or without.")
_VOLUME_REASONS = {
    CONFIDENT: mark("Slices show a tumour, and together they point to one type."),
    LOW_CONFIDENCE: mark("Slices show a tumour, but its type is open."),
    NO_TUMOUR: mark("No slice shows a tumour."),
    UNUSUAL: mark("Most slices differ from those that the network was trained on."),
    NOT_A_HEAD: mark("Most slices look like no slice of a head that the network was trained on."),
}

OOD_MARGIN_SHARE, TUMOUR_MARGIN, NO_HEAD_MARGINS = 0.05, 0.25, 3
"""The margins where a card states none: of the OOD score as a share of its limit, of the tumour score, and how many
margins beyond the limit an image is no slice of a head. Saved as JPEG of quality 30, at half the size, or with gamma
1.5 or 0.67, half of 60 validation slices moved by less than 0.9 to 2.0 in the OOD score (limit 26.1) and 0.15 to 0.3 in
the tumour score, and 95 % by less than 2.7 to 4.1 in the OOD score."""
_MAX_DIGITS = 6
"""Digits after the point that figures are printed with at most; the card's limits have four."""


@dataclass(frozen=True)
class GateThresholds:
    """The limits of the outcomes, as ``python -m core screen`` chooses them and the card states them.

    Attributes:
        no_tumour: tumour score below which the outcome is no tumour.
        tumour: tumour score from which it may be confident; between the two it is low confidence.
        sure: calibrated probability of the most probable class from which it is confident.
        strange: OOD score up to which it may be confident or no tumour.
        temperature: divides logits before the softmax, so that probabilities are calibrated (Guo et al., 2017).
        tumour_margin: least width of low confidence between no tumour and confident; ``TUMOUR_MARGIN`` where None.
        ood_margin: width of low confidence beyond ``strange``; ``OOD_MARGIN_SHARE`` of it where None.
        not_a_head: OOD score beyond which an image is no slice of a head; ``NO_HEAD_MARGINS`` margins beyond
            ``strange`` where None.
    """

    no_tumour: float
    tumour: float
    sure: float
    strange: float
    temperature: float
    tumour_margin: float | None = None
    ood_margin: float | None = None
    not_a_head: float | None = None

    @property
    def free_below(self) -> float:
        """Tumour score below which the outcome is no tumour, its distance from ``tumour`` no less than the margin."""
        margin = TUMOUR_MARGIN if self.tumour_margin is None else self.tumour_margin
        return min(self.no_tumour, self.tumour - margin)

    @property
    def refuse(self) -> float:
        """OOD score beyond which an image is refused: unusual, or not a head slice."""
        return self.strange + self._margin

    @property
    def no_head(self) -> float:
        """OOD score beyond which an image is no slice of a head; never less than ``refuse``."""
        stated = self.strange + NO_HEAD_MARGINS * self._margin if self.not_a_head is None else self.not_a_head
        return max(stated, self.refuse)

    @property
    def _margin(self) -> float:
        return abs(OOD_MARGIN_SHARE * self.strange) if self.ood_margin is None else self.ood_margin


def decide_outcomes(tumour_score: Any, ood_score: Any, confidence: Any, limits: GateThresholds) -> np.ndarray:
    """Decide slices; return one of ``OUTCOMES`` for each.

    Args:
        tumour_score, ood_score: (n,) of the gate.
        confidence: (n,) calibrated probability of the most probable class.
        limits: of the gate.
    """
    tumour_score, ood_score, confidence = map(np.asarray, (tumour_score, ood_score, confidence))
    return np.select(
        [
            ood_score > limits.no_head,
            ood_score > limits.refuse,
            ood_score > limits.strange,
            tumour_score < limits.free_below,
            (tumour_score >= limits.tumour) & (confidence >= limits.sure),
        ],
        [NOT_A_HEAD, UNUSUAL, LOW_CONFIDENCE, NO_TUMOUR, CONFIDENT],
        LOW_CONFIDENCE,
    )


def reason_of(outcome: str, tumour_score: float, ood_score: float, limits: GateThresholds) -> Message:
    """Return why a slice has its outcome: one plain sentence without numbers."""
    if outcome == CONFIDENT:
        return Message("The slice shows a tumour, and one type is clearly the most probable.")
    if outcome == NO_TUMOUR:
        return Message("The network sees no sign of a tumour in this slice.")
    if outcome == UNUSUAL:
        return Message("The image differs from the slices that the network was trained on.")
    if outcome == NOT_A_HEAD:
        return Message("The image looks like no slice of a head that the network was trained on.")
    if ood_score > limits.strange:
        return Message("The image is at the edge of what the network was trained on.")
    if tumour_score < limits.tumour:
        return Message("It is open whether the slice shows a tumour.")
    return Message("The slice shows a tumour, but no type is clearly the most probable.")


def figures_of(
    outcome: str, tumour_score: float, ood_score: float, confidence: float, limits: GateThresholds
) -> Message:
    """Return the figures behind ``reason_of`` with their limits, one sentence.

    Args:
        outcome: of the slice.
        tumour_score, ood_score: of the gate.
        confidence: calibrated probability of the most probable class.
        limits: of the gate.
    """
    if outcome in REFUSED or (outcome == LOW_CONFIDENCE and ood_score > limits.strange):
        score, usual, low, no_head = _distinguishable(
            ood_score, limits.strange, limits.refuse, limits.no_head, digits=1
        )
        return Message(
            "The OOD score is {score}; it grows with how unlike the training slices an image is. Up to {usual} an "
            "image is usual, up to {low} confidence is low, and beyond {no_head} it counts as no slice of a head.",
            score=score,
            usual=usual,
            low=low,
            no_head=no_head,
        )
    if outcome == NO_TUMOUR:
        score, limit = _distinguishable(tumour_score, limits.free_below, digits=1)
        return Message(
            "The tumour score is {score}; below {limit} the outcome is no tumour found.", score=score, limit=limit
        )
    if outcome == LOW_CONFIDENCE and tumour_score < limits.tumour:
        score, low, high = _distinguishable(tumour_score, limits.free_below, limits.tumour, digits=1)
        return Message(
            "The tumour score is {score}; from {low} to {high} confidence is low.", score=score, low=low, high=high
        )
    if outcome == LOW_CONFIDENCE:
        sure, limit = _distinguishable(100 * confidence, 100 * limits.sure, digits=0)
        return Message(
            "The most probable type has {sure} %; below {limit} % confidence is low.", sure=sure, limit=limit
        )
    return Message(
        "The tumour score is {tumour:z.1f} (limit {tumour_limit:z.1f}), the most probable type has {sure:.0f} % (limit "
        "{sure_limit:.0f} %), and the OOD score is {ood:.1f} (limit {ood_limit:.1f}).",
        tumour=tumour_score,
        tumour_limit=limits.tumour,
        sure=100 * confidence,
        sure_limit=100 * limits.sure,
        ood=ood_score,
        ood_limit=limits.strange,
    )


def volume_reason(outcome: str) -> Message:
    """Return why a volume has its outcome: one plain sentence."""
    return Message(_VOLUME_REASONS[outcome])


_NUMBER = "{number:z.{digits}f}"


def _distinguishable(number: float, *limits: float, digits: int) -> list[Message]:
    """Format a number and its limits with ``digits`` after the point, or as many more, up to ``_MAX_DIGITS``, as it
    takes to tell the number from each limit that it does not equal."""
    texts: list[Message] = []
    for count in range(digits, _MAX_DIGITS + 1):
        texts = [Message(_NUMBER, number=value, digits=count) for value in (number, *limits)]
        if all(text != texts[0] or limit == number for text, limit in zip(texts[1:], limits, strict=True)):
            break
    return texts
