"""Join a volume's slices into regions, and keep the largest as the tumour.

A network that sees one slice at a time outlines things that no neighbour confirms. Two outlined voxels belong to one
region if they touch within a slice (8-neighbourhood), or lie at one place of neighbouring slices.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.inference.measurements import measure_mask
from core.inference.volumes.analysis import SliceFinding
from core.readers.volumes.volume import Volume

_TOUCHING = np.ones((3, 3))


def keep_largest_region(volume: Volume, plane: str, findings: Sequence[SliceFinding]) -> list[SliceFinding]:
    """Return findings whose masks are parts of the largest region; ``left_out`` counts the voxels of the others.

    Args:
        volume: that was analysed.
        plane: of the slices.
        findings: of some or all slices of the plane, in their order.
    """
    pieces: list[np.ndarray] = []
    pairs = [np.zeros((0, 2), np.int64)]
    first, before = 0, None  # the number of a slice's first piece, and the slice before it
    for finding in findings:
        labels, areas = _pieces(finding)
        if before is not None and finding.number == before[0] + 1:
            both = (before[1] > 0) & (labels > 0)
            touching = np.stack([before[1][both] + before[2], labels[both] + first], axis=1)
            pairs.append(np.unique(touching, axis=0) - 1)
        pieces.append(areas)
        first, before = first + len(areas), (finding.number, labels, first)
    if first < 2:
        return list(findings)
    is_kept = np.split(_in_largest(np.concatenate(pairs), np.concatenate(pieces)), np.cumsum([*map(len, pieces)])[:-1])
    return [_keep(volume, plane, *parts) for parts in zip(findings, is_kept, strict=True)]


def _pieces(finding: SliceFinding) -> tuple[np.ndarray, np.ndarray]:
    """Return (h, w) labels of a mask's connected pieces, from 1 on, and (n,) their areas."""
    from scipy import ndimage

    if not finding.area:
        return np.zeros(finding.shape, np.int32), np.zeros(0, np.int64)
    labels, _ = ndimage.label(finding.mask, structure=_TOUCHING)
    return labels, np.bincount(labels.ravel())[1:]


def _in_largest(pairs: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Return whether each of n pieces is in the largest region, from (m, 2) pairs of pieces that touch."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), bool), pairs.T), shape=(len(areas), len(areas)))
    _, regions = connected_components(graph, directed=False)
    return np.asarray(regions == np.bincount(regions, weights=areas).argmax())


def _keep(volume: Volume, plane: str, finding: SliceFinding, is_kept: np.ndarray) -> SliceFinding:
    """Return a finding with some of its mask's pieces."""
    if is_kept.all():
        return finding
    labels, areas = _pieces(finding)
    mask = np.concatenate([[False], is_kept])[labels]
    spacing, square = volume.on_square_pixels(plane, mask)
    return replace(
        finding,
        packed=np.packbits(mask),
        left_out=int(areas[~is_kept].sum()),
        diameter_mm=measure_mask(square, spacing).diameter_mm,
    )
