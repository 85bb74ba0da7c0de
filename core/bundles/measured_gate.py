"""Whether a bundle has a gate, and what the card says it was measured on."""

from core.bundles.bundle import GATE, Bundle

DEV, TEST = "dev", "test"
"""The split of the external test set that thresholds may be chosen on, and the split for a single use."""


def has_gate(bundle: Bundle) -> bool:
    """Return whether a bundle has a gate beside its network."""
    return GATE in bundle.card.files and bundle.card.gate is not None


def measured_split(bundle: Bundle) -> str | None:
    """Return the external split that a bundle's gate was measured on: test, else dev, else None."""
    metrics = bundle.card.metrics.external
    if not has_gate(bundle) or metrics is None or metrics.non_brain_flagged is None:
        return None
    return TEST if metrics.answers else DEV if metrics.dev and metrics.dev.answers else None
