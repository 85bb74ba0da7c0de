"""Planes that the gate of a network with the task presence is fitted on: heads, and pictures that are none."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.evaluation.robustness import CHANGES
from core.ood.gate_recipe import PresenceGateSettings
from core.ood.made_images import MADE_KINDS
from core.ood.network_outputs import Planes
from core.ood.non_brain import FIT, read_non_brain_images
from core.ood.training_planes import GateSlices, degrade
from core.readers.preprocessing import scale_to_unit
from core.training.data import intensity

MARGIN_CHANGES = ("jpeg", "noise", "blur", "gamma_up")
"""The changes of a validation slice that the margins follow: those that a head slice may have undergone anywhere."""


@dataclass(frozen=True, eq=False)
class OodPlanes:
    """Planes to fit an OOD score on.

    Attributes:
        heads: head slices of both sources, changed as scanners, viewers and files do.
        no_heads: by kind, pictures that are no single head slice.
    """

    heads: Planes
    no_heads: dict[str, Planes]


def ood_planes(
    slices: GateSlices, non_brain: Path, settings: PresenceGateSettings, random: np.random.Generator
) -> OodPlanes:
    """Read and make the planes that the OOD score is fitted on: of training slices, and of the part fit alone.

    Args:
        slices: their parts and splits train are read.
        non_brain: folder of pictures that are no head slices; its index has the column part.
        settings: of the gate.
        random: draws slices, changes and made pictures.
    """
    numbers = random.permutation(slices.numbers("train"))[: settings.own_slices]
    own = [slices.store.pixels(int(number)) for number in numbers]
    external = [pixels for pixels, _ in slices.external_pixels("train")]
    plain = [slices.plane(pixels) for pixels in [*own, *external]]
    heads = [change_plane(plane, settings, random) for plane in plain] + plain[len(own) :]
    made = {
        kind: [slices.plane(make([*own, *external], random)) for _ in range(settings.made_per_kind)]
        for kind, make in MADE_KINDS.items()
    }
    found: dict[str, Planes] = {}
    for kind, picture in read_non_brain_images(non_brain, part=FIT):
        found.setdefault(kind, []).append(slices.plane(picture.pixels))
    return OodPlanes(heads, {**made, **found})


def change_plane(plane: np.ndarray, settings: PresenceGateSettings, random: np.random.Generator) -> np.ndarray:
    """Change a (S, S) plane as scanners, viewers and files do; each change is drawn at random."""
    changes: list[tuple[float, Callable[[np.ndarray], np.ndarray]]] = [
        (settings.changed_share, lambda changed: intensity.blur(changed, settings.blur, random)),
        (settings.changed_share, lambda changed: intensity.bend(changed, settings.bend, random)),
        (settings.changed_share, lambda changed: intensity.bias_field(changed, settings.bias, random)),
        (settings.changed_share, lambda changed: intensity.add_noise(changed, settings.noise, random)),
        (settings.invert, intensity.invert),
        (settings.caption, lambda changed: intensity.caption(changed, random)),
    ]
    changed = degrade(plane, settings, random)
    for share, change in changes:
        if random.random() < share:
            changed = change(changed)
    return changed.astype(np.float32)


def changed_validation(slices: GateSlices, *, every: int) -> list[tuple[int, str, np.ndarray]]:
    """Return planes of validation slices changed by ``MARGIN_CHANGES``: (place in the part, change, plane) each.

    Args:
        slices: their part validation is read.
        every: every how many slices one is changed, another slice for each change.
    """
    numbers, planes = slices.numbers("validation"), []
    for offset, name in enumerate(MARGIN_CHANGES):
        for place in range(offset % len(numbers), len(numbers), every):
            unit = scale_to_unit(slices.store.pixels(numbers[place]))
            mask = np.zeros(unit.shape, bool)
            pixels, _ = CHANGES[name](unit, mask, np.random.default_rng([numbers[place]]))
            planes.append((place, name, slices.plane(pixels)))
    return planes
