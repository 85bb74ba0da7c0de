"""Store what a bundle's network draws when asked for each class."""

import numpy as np

from core.bundles.bundle import DRAWINGS, Bundle, load_network
from core.bundles.card_update import update_card
from core.bundles.drawings import Drawing, drawing_pixels, write_drawings
from core.config import CLASSIFICATION
from core.errors import BundleError
from core.explanation.drawing import STEPS, Drawer
from core.explanation.explainer import Explainer
from core.explanation.targets import class_target
from core.networks.tensor import Tensor


def draw_classes(bundle: Bundle, *, steps: int = STEPS) -> list[Drawing]:
    """Draw every class; write ``drawings.npz`` and its size and hash into the card.

    Args:
        bundle: of a classifier.
        steps: see ``core.explanation.drawing.Drawer``.

    Raises:
        BundleError: its network gives no class, or cannot be loaded.
    """
    if CLASSIFICATION not in bundle.tasks:
        raise BundleError(
            "The network of the bundle '{bundle}' gives no class; take a bundle of a classifier.", bundle=bundle.name
        )
    explainer = Explainer(load_network(bundle), output=bundle.tasks.index(CLASSIFICATION))
    value_range = bundle.card.input.range
    draw = Drawer(explainer.network, value_range)
    drawings = []
    for index in range(len(bundle.card.classes)):

        def score(logits: Tensor, index: int = index) -> Tensor:
            return class_target(index)(logits, logits)

        plane = draw(score, steps=steps)
        inputs = np.repeat(plane[None, ..., None], bundle.card.input.channels, axis=-1)
        probability = float(explainer.probabilities(inputs)[0, index])
        drawings.append(Drawing(drawing_pixels(plane, value_range), probability))
    write_drawings(bundle.folder / DRAWINGS, drawings)
    update_card(bundle.folder, {}, "Drawings of the classes stored.")
    return drawings
