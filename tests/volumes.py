"""A made-up head as a volume with a lesion of known mask, and its files: NIfTI of any orientation, DICOM."""

import functools
import gzip

import numpy as np

SPACING = (1.5, 1.0, 1.25)
"""Of the head's axes (to the feet, to the back, to the left) in mm."""
ORIENTATIONS = ("RAS", "LAS", "LPS", "RPI", "ASL", "PIR", "SRA", "IPL")


@functools.cache
def a_head(shape: tuple[int, int, int] = (40, 60, 44), spacing: tuple[float, float, float] = SPACING):
    """Return (S, H, W) int16 values, from the crown, the front and the right on, and the lesion's mask.

    A shell, a brain, a nose at the front, an eye on the right alone, and a bright ball for a lesion on the left.
    """
    places = np.indices(shape) * np.array(spacing).reshape(3, 1, 1, 1)
    size = np.array(shape) * spacing

    def ball(centre, radii):
        shifted = places - (np.array(centre) * size).reshape(3, 1, 1, 1)
        return (shifted**2 / ((np.array(radii) * size) ** 2).reshape(3, 1, 1, 1)).sum(0) < 1

    noise = np.random.default_rng(4).integers(0, 12, shape)
    values = noise.copy()
    values[ball((0.5, 0.5, 0.5), (0.44, 0.44, 0.44))] = 500
    values[ball((0.5, 0.5, 0.5), (0.38, 0.38, 0.38))] = 200
    values[ball((0.7, 0.04, 0.5), (0.06, 0.08, 0.06))] = 450
    values[ball((0.7, 0.16, 0.3), (0.08, 0.06, 0.06))] = 350
    mask = ball((0.35, 0.6, 0.66), (0.12, 0.1, 0.12))
    values[mask] = 900
    return (values + noise).astype(np.int16), mask


def head_affine(spacing: tuple[float, float, float] = SPACING, *, tilt: float = 0.0) -> np.ndarray:
    """Return the affine of the head's indices, to the right, the front and the head; ``tilt`` in degrees about x."""
    down, back, left = spacing
    affine = np.array([[0, 0, -left, 30], [0, -back, 0, 20], [-down, 0, 0, 25], [0, 0, 0, 1.0]])
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    return np.array([[1, 0, 0, 0], [0, c, -s, 0], [0, s, c, 0], [0, 0, 0, 1]]) @ affine


def nifti(values, *, orientation="RAS", affine=None, version=1, compressed=False, change=lambda header: None) -> bytes:
    """Return a NIfTI file of (S, H, W[, T]) values of a head, stored in an orientation."""
    import nibabel
    from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

    kind = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image
    affine = head_affine() if affine is None else affine
    image = kind(values, affine, dtype=values.dtype)
    image = image.as_reoriented(ornt_transform(io_orientation(affine), axcodes2ornt(orientation)))
    change(image.header)
    data = image.to_bytes()
    return gzip.compress(data, 1, mtime=0) if compressed else data
