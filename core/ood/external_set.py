"""A bundle on the external test set: its predictions, its gate's figures, and the card's ``metrics.external``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.bundles.bundle import OOD_ANSWERS, Bundle, open_bundle
from core.dataset.store import Store
from core.evaluation.external import TEST, measure_external, write_external_metrics
from core.inference.gate import has_gate
from core.ood.evaluate import measure_ood, write_ood_metrics
from core.progress import ProgressWrapper


def measure_external_set(
    bundle: Bundle, folder: Path, *, split: str, store: Path, progress: Callable[[str], ProgressWrapper]
) -> dict[str, Any]:
    """Run a bundle on a split of the external test set; on the split test, measure its gate too.

    Args:
        bundle: an evaluated bundle.
        folder: with an index.csv of the columns file, class and split.
        split: of the index.
        store: the prepared data set, read where the gate is measured.
        progress: a title -> what wraps the slices, to show a bar.

    Returns:
        The new card.
    """
    models = bundle.folder.parent
    measure_external(bundle, folder, split=split, progress=progress(bundle.name))
    # As with the split test, the gate is not measured while its thresholds are chosen.
    if has_gate(bundle) and split == TEST:
        with Store(store) as opened:
            measure_ood(open_bundle(bundle.name, models), opened, progress=progress(f"{bundle.name}, OOD"))
    return compute_external_metrics(open_bundle(bundle.name, models))


def compute_external_metrics(bundle: Bundle) -> dict[str, Any]:
    """Compute ``metrics.external`` again from the stored predictions; return the new card."""
    card = write_external_metrics(bundle)
    if OOD_ANSWERS not in card["files"]:
        return card
    return write_ood_metrics(open_bundle(bundle.name, bundle.folder.parent))
