"""A bundle on the external test set: its predictions, its gate's figures, and the card's ``metrics.external``."""

from collections.abc import Callable, Sequence
from pathlib import Path

from core.bundles.bundle import OOD_ANSWERS, Bundle, open_bundle
from core.bundles.card.schema import Card
from core.bundles.measured_gate import TEST, has_gate
from core.dataset.store import Store
from core.errors import DatasetError
from core.evaluation.external import measure_external, write_external_metrics
from core.ood.evaluate import measure_ood, write_ood_metrics
from core.ood.non_brain import read_non_brain_index
from core.progress import ProgressWrapper


def measure_external_set(
    bundle: Bundle,
    folder: Path,
    *,
    split: str,
    store: Path,
    progress: Callable[[str], ProgressWrapper],
    non_brain: Sequence[Path] = (),
) -> Card:
    """Run a bundle on a split of the external test set; on the split test, measure its gate too.

    Args:
        bundle: an evaluated bundle.
        folder: with an index.csv of the columns file, class and split.
        split: of the index.
        store: the prepared data set, read where the gate is measured.
        progress: a title -> what wraps the slices, to show a bar.
        non_brain: folders of non-brain images; at least one is needed where the gate is measured.

    Returns:
        The new card.

    Raises:
        DatasetError: an index is missing or incomplete, or the folder of non-brain images is not given.
    """
    models = bundle.folder.parent
    # As with the split test, the gate is not measured while its thresholds are chosen.
    if not has_gate(bundle) or split != TEST:
        measure_external(bundle, folder, split=split, progress=progress(bundle.name))
        return compute_external_metrics(open_bundle(bundle.name, models))
    if not non_brain:
        raise DatasetError(
            "The folder of non-brain images is missing; scripts/make_non_brain_images.py writes one, and --non-brain "
            "names it."
        )
    # Refused before the split test is used, which may happen once only.
    for images in non_brain:
        read_non_brain_index(images)
    measure_external(bundle, folder, split=split, progress=progress(bundle.name))
    with Store(store) as opened:
        measure_ood(open_bundle(bundle.name, models), opened, non_brain, progress=progress(f"{bundle.name}, OOD"))
    return compute_external_metrics(open_bundle(bundle.name, models))


def compute_external_metrics(bundle: Bundle) -> Card:
    """Compute ``metrics.external`` again from the stored predictions; return the new card."""
    card = write_external_metrics(bundle)
    if OOD_ANSWERS not in card.files:
        return card
    return write_ood_metrics(open_bundle(bundle.name, bundle.folder.parent))
