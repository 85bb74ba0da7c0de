"""Draw the slices in samples/: simulated lesions on the Colin 27 whole-head T1 template, with their true masks.

    apt-get download mricron-data
    dpkg-deb -x mricron-data_*.deb mricron
    python scripts/make_samples.py mricron/usr/share/mricron/templates/ch2.nii.gz

Needs nibabel, listed in requirements-dev.txt. Each sample has a seed of its own, so that the same template and the
same library versions give the same pixels. What is simulated, and why these numbers: samples/README.md.

Coordinates are millimetres of the template, x to the right ear, y to the nose, z to the crown. Arrays of
coordinates have shape (3, ...). Grey values run from 0 to 255.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage

SIZE = 512  # pixels a side
SLICE_THICKNESS = 6.0  # mm, that of the figshare slices
SUBSLICES = 7  # planes averaged into one thick slice
NOISE = 2.4  # grey values: standard deviation of each of the two noise channels
EDGE = 1.4  # mm over which a lesion's edge goes from 0 to 1
WAVES = 40  # cosines in a random texture; fewer show as stripes

COPYRIGHT = (
    "Drawn on the Colin 27 template, Copyright (C) 1993-2009 Louis Collins, McConnell Brain Imaging Centre, "
    "Montreal Neurological Institute, McGill University; terms in samples/README.md"
)

# Grey values of the template (a gradient-echo T1) and what a contrast-enhanced spin-echo T1 shows for them: cortex and
# white matter nearly alike, fat far brighter than both.
TEMPLATE_GREY = (0, 15, 35, 60, 85, 100, 115, 140, 170, 205, 254)
ENHANCED_GREY = (0, 9, 30, 50, 64, 71, 77, 100, 150, 200, 240)

# Centre lines in mm of what takes up contrast in a healthy head, and of the carotids, dark because blood that flows
# fast gives a spin echo no signal; read off the template by eye. Lines off the midline are drawn on both sides.
SAGITTAL_SINUS = (
    (0, 73, 5), (0, 75, 15), (0, 72, 30), (0, 60, 46), (0, 45, 57), (0, 30, 66), (0, 10, 75), (0, -20, 81),
    (0, -40, 80), (0, -54, 75), (0, -70, 66), (0, -84, 52), (0, -92, 38), (0, -97, 22), (0, -100, 8), (0, -99, -8),
)  # fmt: skip
TRANSVERSE_SINUS = (
    (0, -99, -8), (20, -96, -11), (37, -90, -14), (54, -72, -22), (59, -56, -28), (55, -43, -38), (46, -38, -50),
)  # fmt: skip
STRAIGHT_SINUS = ((0, -36, 8), (0, -43, 14), (0, -58, 7), (0, -75, -6), (0, -97, -10))
CHOROID_PLEXUS = ((26, -42, 4), (26, -44, 12), (23, -39, 20), (15, -30, 24), (7, -15, 22), (3, -3, 17))
CEREBRAL_VEINS = ((2, -2, 15), (2, -15, 17), (2, -28, 11), (1, -36, 8))
CAVERNOUS_SINUS = ((12, 14, -29), (14, 3, -31), (13, -9, -32))
CAROTID_ARTERY = ((12, 13, -30), (12, 3, -33), (12, -8, -33), (14, -14, -40))
VESSELS = (  # radius mm, grey value, centre line
    (2.4, 128, SAGITTAL_SINUS),
    (2.2, 115, TRANSVERSE_SINUS),
    (1.1, 125, STRAIGHT_SINUS),
    (1.8, 135, CHOROID_PLEXUS),
    (0.9, 140, CEREBRAL_VEINS),
    (3.6, 98, CAVERNOUS_SINUS),
    (1.7, 14, CAROTID_ARTERY),
)

# Axes of a slice in template space as it is looked at: (to the right of the picture, down, through the slice).
# Radiological convention: the patient's right is on the left, and in sagittal slices the nose is on the left.
AXES = {
    "axial": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "coronal": ((-1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "sagittal": ((0, -1, 0), (0, 0, -1), (1, 0, 0)),
}


@dataclass(frozen=True)
class Head:
    """The enhanced head on the template's grid, voxels of 1 mm.

    grey: (X, Y, Z), grey values. depth: (X, Y, Z), mm inside the inner surface of the skull, negative outside it.
    to_voxel: (4, 4), from mm to voxel indices.
    """

    grey: np.ndarray
    depth: np.ndarray
    to_voxel: np.ndarray


@dataclass(frozen=True)
class Lesion:
    """A lesion of one class. centre and radii in mm (x, y, z), grey the grey value where it takes up contrast.

    lumps: how far the surface strays from the ellipsoid, in parts of the radius. push: share of the ellipsoid's volume
    taken by displacing its surroundings rather than replacing them. core: radius of the necrotic core of a glioma in
    parts of the whole. bound_to_side: a meningioma on the falx does not cross the midline.
    """

    kind: str
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    grey: float
    lumps: float = 0.08
    push: float = 0.45
    core: float = 0.0
    bound_to_side: bool = False


@dataclass(frozen=True)
class Sample:
    """One slice to draw. centre: mm (x, y, z) of the middle of the picture; spacing: mm a pixel."""

    name: str
    plane: str
    centre: tuple[float, float, float]
    spacing: float
    seed: int
    lesion: Lesion | None
    title: str
    alt: str


SAMPLES = (
    Sample(
        "meningioma-axial-1", "axial", (0, -18, 30), 0.47, 101,
        Lesion("meningioma", (47, -2, 30), (20, 21, 19), 128),
        "Simulated meningioma on the right convexity, axial",
        "Simulated axial slice: a bright, even, round lesion with a broad base on the dura of the right convexity.",
    ),
    Sample(
        "meningioma-axial-2", "axial", (0, -18, 44), 0.48, 102,
        Lesion("meningioma", (-9, 40, 44), (15, 18, 16), 120, lumps=0.06, bound_to_side=True),
        "Simulated meningioma on the falx, axial",
        "Simulated axial slice: a bright, even, half-round lesion lying against the left side of the frontal falx.",
    ),
    Sample(
        "meningioma-coronal-1", "coronal", (0, -32, 22), 0.4, 103,
        Lesion("meningioma", (-46, -32, 44), (19, 18, 20), 124),
        "Simulated meningioma on the left convexity, coronal",
        "Simulated coronal slice: a bright, even lesion with a broad base on the dura of the left parietal convexity.",
    ),
    Sample(
        "meningioma-sagittal-1", "sagittal", (27, -14, 24), 0.43, 104,
        Lesion("meningioma", (27, 12, 61), (17, 21, 17), 118),
        "Simulated meningioma of the frontal vault, sagittal",
        "Simulated sagittal slice: a bright, even, round lesion hanging from the dura under the frontal vault.",
    ),
    Sample(
        "glioma-axial-1", "axial", (0, -18, 18), 0.47, 201,
        Lesion("glioma", (-35, -38, 18), (18, 23, 18), 132, lumps=0.13, core=0.62),
        "Simulated glioma of the left parietal white matter, axial",
        "Simulated axial slice: an irregular bright ring around a dark core in the left parietal white matter, with "
        "darker oedema around it.",
    ),
    Sample(
        "glioma-axial-2", "axial", (0, -18, 24), 0.48, 202,
        Lesion("glioma", (27, 30, 24), (16, 18, 16), 118, lumps=0.17, core=0.45),
        "Simulated glioma of the right frontal white matter, axial",
        "Simulated axial slice: an irregular, unevenly bright ring with a dark core in the right frontal white matter.",
    ),
    Sample(
        "glioma-coronal-1", "coronal", (0, -14, 22), 0.4, 203,
        Lesion("glioma", (31, -14, 32), (18, 18, 20), 138, lumps=0.12, core=0.66),
        "Simulated glioma of the right frontal white matter, coronal",
        "Simulated coronal slice: an irregular bright ring around a dark core in the right hemisphere's white matter.",
    ),
    Sample(
        "glioma-sagittal-1", "sagittal", (-28, -14, 24), 0.43, 204,
        Lesion("glioma", (-28, -44, 32), (17, 22, 18), 126, lumps=0.15, core=0.56),
        "Simulated glioma of the left parietal white matter, sagittal",
        "Simulated sagittal slice: an irregular bright ring around a dark core in the left parietal white matter.",
    ),
    Sample(
        "pituitary-axial-1", "axial", (0, -14, -29), 0.41, 301,
        Lesion("pituitary", (0, 5, -29), (13, 10, 9), 112),
        "Simulated pituitary tumour, axial",
        "Simulated axial slice at the level of the sella: a bright, even, round lesion in the midline between the "
        "temporal lobes.",
    ),
    Sample(
        "pituitary-coronal-1", "coronal", (0, 4, 22), 0.365, 302,
        Lesion("pituitary", (0, 4, -25), (12, 10, 12), 116),
        "Simulated pituitary tumour, coronal",
        "Simulated coronal slice: a bright, even lesion in the midline that rises out of the sella.",
    ),
    Sample(
        "pituitary-sagittal-1", "sagittal", (1, -10, 23), 0.375, 303,
        Lesion("pituitary", (0, 4, -26), (10, 10, 12), 110),
        "Simulated pituitary tumour, sagittal",
        "Simulated midline sagittal slice: a bright, even lesion in and above the sella, in front of the brain stem.",
    ),
    Sample(
        "no-tumour-axial", "axial", (0, -18, 12), 0.47, 401, None,
        "Simulated slice without a lesion, axial",
        "Simulated axial slice at the level of the lateral ventricles, without a lesion.",
    ),
)  # fmt: skip


# --- the head -------------------------------------------------------------------------------------------------------


def read_head(path: Path) -> Head:
    """The template at path, with contrast-enhancing structures drawn in."""
    image = nibabel.load(path)
    template = np.asarray(image.dataobj, dtype=np.float32)
    to_voxel = np.linalg.inv(image.affine)
    depth = depth_inside_skull(template)
    grey = np.interp(sharpened(template), TEMPLATE_GREY, ENHANCED_GREY).astype(np.float32)
    grey = brighten_fat(grey, depth)
    millimetres = voxel_positions(template.shape, image.affine)
    grey = enhance_mucosa(grey, depth, millimetres)
    grey = enhance_surface_vessels(grey, depth)
    for radius, value, points in VESSELS:
        grey = draw_line(grey, points, radius, value, to_voxel)
    return Head(grey, depth, to_voxel)


def voxel_positions(shape: tuple[int, int, int], affine: np.ndarray) -> np.ndarray:
    """(3, X, Y, Z), mm."""
    indices = np.indices(shape, dtype=np.float32).reshape(3, -1)
    return (affine[:3, :3] @ indices + affine[:3, 3:]).astype(np.float32).reshape(3, *shape)


def depth_inside_skull(template: np.ndarray) -> np.ndarray:
    """Signed distance in mm to the inner surface of the skull, positive inside; (X, Y, Z).

    The brain is the largest piece left when brain-like grey values are eroded by more than the bridges (vessels,
    nerves) that tie it to the scalp. Closing it takes in sulci and ventricles.
    """
    brain_like = (template > 60) & (template < 140)
    labels, _ = ndimage.label(ndimage.distance_transform_edt(brain_like) > 3)
    largest = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    brain = (ndimage.distance_transform_edt(~largest) < 5) & (template > 45)
    closed = ndimage.distance_transform_edt(ndimage.distance_transform_edt(~brain) < 8) > 6.5
    distance = ndimage.distance_transform_edt(closed) - ndimage.distance_transform_edt(~closed)
    return ndimage.gaussian_filter(distance.astype(np.float32), 1.5)


def sharpened(template: np.ndarray) -> np.ndarray:
    """Undo part of the blur that averaging 27 scans leaves: unsharp mask of 1 mm."""
    return np.maximum(template + 0.9 * (template - ndimage.gaussian_filter(template, 1.0)), 0)


def brighten_fat(grey: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Outside the skull, lift what is brighter than muscle towards fat's even grey."""
    fat = 205 * (1 - np.exp(-((grey / 105) ** 2)))
    return blend(grey, np.maximum(grey * (grey < 60), fat), np.clip((-2 - depth) / 4, 0, 1))


def enhance_mucosa(grey: np.ndarray, depth: np.ndarray, millimetres: np.ndarray) -> np.ndarray:
    """Brighten the soft tissue that lines the nose and its sinuses."""
    x, y, z = millimetres
    nose = (np.abs(x) < 20) & (y > 8) & (z < -26) & (depth < -2)
    gain = 1 + 0.9 * ndimage.gaussian_filter(nose.astype(np.float32), 3)
    return np.where((grey > 25) & (grey < 120), grey * gain, grey)


def enhance_surface_vessels(grey: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Bright spots and short lines where fluid surrounds the brain, as the cortical veins give, and a faint dura."""
    speckle = ndimage.gaussian_filter(np.random.default_rng(27).standard_normal(grey.shape, dtype=np.float32), 0.9)
    vein = np.clip(speckle / speckle.std() - 1.4, 0, 1) * ((depth > 0) & (depth < 14) & (grey < 52))
    dura = np.exp(-(((depth - 0.5) / 0.8) ** 2)) * (grey < 60)
    return grey + 80 * vein + 22 * dura


def draw_line(
    grey: np.ndarray, points: tuple[tuple[float, float, float], ...], radius: float, value: float, to_voxel: np.ndarray
) -> np.ndarray:
    """Draw a tube of the given radius (mm) and grey value along points, and along their mirror image; bone stays."""
    steps = np.linspace(0, len(points) - 1, 60 * len(points))
    line = np.stack([np.interp(steps, range(len(points)), axis) for axis in zip(*points, strict=True)])
    line = np.concatenate([line, line * [[-1], [1], [1]]], axis=1)
    away = np.ones(grey.shape, dtype=bool)
    away[tuple(np.rint(to_voxels(line, to_voxel)).astype(int))] = False
    tube = np.clip(radius + 0.5 - ndimage.distance_transform_edt(away), 0, 1).astype(np.float32)
    not_bone = np.clip((grey - 14) / 14, 0, 1)
    return blend(grey, value, ndimage.gaussian_filter(tube * not_bone, 0.7))


# --- one thick slice ------------------------------------------------------------------------------------------------


def to_voxels(points: np.ndarray, to_voxel: np.ndarray) -> np.ndarray:
    """Points in mm (3, ...) as voxel indices (3, ...)."""
    flat = points.reshape(3, -1)
    return (to_voxel[:3, :3] @ flat + to_voxel[:3, 3:]).reshape(points.shape)


def slab_positions(sample: Sample) -> np.ndarray:
    """Positions in mm of the planes that make up the slice: (3, SUBSLICES, SIZE, SIZE)."""
    right, down, through = (np.array(axis, dtype=np.float32).reshape(3, 1, 1, 1) for axis in AXES[sample.plane])
    across = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) * sample.spacing
    offsets = np.linspace(-0.5, 0.5, SUBSLICES, dtype=np.float32) * SLICE_THICKNESS
    centre = np.array(sample.centre, dtype=np.float32).reshape(3, 1, 1, 1)
    return (
        centre + right * across[None, None, None, :] + down * across[None, None, :, None]
        + through * offsets[None, :, None, None]
    )  # fmt: skip


def look_up(volume: np.ndarray, points: np.ndarray, head: Head, order: int) -> np.ndarray:
    """Values of volume at points (3, ...) in mm, 0 outside the template's box."""
    return ndimage.map_coordinates(volume, to_voxels(points, head.to_voxel), order=order, mode="constant")


def draw(sample: Sample, head: Head) -> tuple[np.ndarray, np.ndarray]:
    """The slice as (SIZE, SIZE) grey values uint8, and the lesion's true mask as (SIZE, SIZE) bool."""
    rng = np.random.default_rng(sample.seed)
    points = slab_positions(sample)
    depth = ndimage.map_coordinates(
        head.depth, to_voxels(points, head.to_voxel), order=1, mode="constant", cval=head.depth.min()
    )
    if sample.lesion is None:
        slab, share = look_up(head.grey, points, head, order=3), np.zeros(points.shape[1:], dtype=np.float32)
    else:
        slab = look_up(head.grey, displaced(points, depth, sample.lesion), head, order=3)
        slab, share = PAINTERS[sample.lesion.kind](slab, points, depth, sample.lesion, rng)
    weights = np.hanning(SUBSLICES + 2)[1:-1]
    grey = np.average(slab, axis=0, weights=weights)
    mask = np.average(share, axis=0, weights=weights) > 0.5
    return scanned(grey * coil_gain(points[:, SUBSLICES // 2], rng), rng), mask


def coil_gain(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Smooth sensitivity of the head coil at points (3, ...) in mm: brighter near the coil, none beyond it.

    The template ends at z = -71 mm, under the nose, and at x = -90 and 90 mm, through the ears; the fall-off keeps
    these edges from showing as lines.
    """
    x, y, z = points - np.array([0, -18, 5], dtype=np.float32).reshape(3, 1, 1)
    tilt = rng.normal(0, 0.06, 3) @ np.stack([x, y, z]).reshape(3, -1) / 90
    bowl = 0.12 * (x**2 + y**2 + z**2) / 90**2
    reach = np.clip((points[2] + 71) / 13, 0, 1) * np.clip((90 - np.abs(points[0])) / 6, 0, 1)
    return (0.96 + bowl + tilt.reshape(x.shape)) * reach * reach * (3 - 2 * reach)


def scanned(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Magnitude of the signal with complex noise (Rician), interpolated a little as scanners do; uint8."""
    real, imaginary = (ndimage.gaussian_filter(rng.standard_normal(grey.shape), 0.55) for _ in range(2))
    scale = NOISE / real.std()
    return np.rint(np.clip(np.hypot(grey + scale * real, scale * imaginary), 0, 255)).astype(np.uint8)


# --- lesions --------------------------------------------------------------------------------------------------------


def ripple(points: np.ndarray, shortest: float, longest: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth random values at points (3, ...), mean 0 and variance about 1, with wavelengths in mm between the two."""
    total = np.zeros(points.shape[1:], dtype=np.float32)
    for _ in range(WAVES):
        direction = rng.standard_normal(3)
        wavelength = np.exp(rng.uniform(np.log(shortest), np.log(longest)))
        wave = (2 * np.pi / wavelength * direction / np.linalg.norm(direction)).astype(np.float32)
        total += np.cos(np.tensordot(wave, points, axes=1) + np.float32(rng.uniform(0, 2 * np.pi)))
    return total * np.float32(np.sqrt(2 / WAVES))


def relative_radius(points: np.ndarray, centre: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    """Distance from centre in parts of the ellipsoid's radius: 1 on its surface. points (3, ...) in mm."""
    shape = (3, *(1,) * (points.ndim - 1))
    offset = (points - np.array(centre, np.float32).reshape(shape)) / np.array(radii, np.float32).reshape(shape)
    return np.sqrt((offset**2).sum(axis=0))


def soft_inside(relative: np.ndarray, radius_mm: float, edge_mm: float = EDGE) -> np.ndarray:
    """1 where relative < 1, 0 outside, going over within edge_mm."""
    return np.clip(0.5 + (1 - relative) * radius_mm / edge_mm, 0, 1)


def blend(below: np.ndarray, above: np.ndarray | float, share: np.ndarray) -> np.ndarray:
    """above where share is 1, below where it is 0."""
    return below + share * (above - below)


def displaced(points: np.ndarray, depth: np.ndarray, lesion: Lesion) -> np.ndarray:
    """Where the tissue now at points (3, ...) was before the lesion pushed it aside; the skull does not move.

    A sphere of tissue of (1 - push) of the lesion's volume is what it replaces; the rest moves outwards so that volume
    is kept: r_before^3 = r^3 - push, r in parts of the lesion's radius.
    """
    relative = relative_radius(points, lesion.centre, lesion.radii)
    before = np.cbrt(np.maximum(relative**3 - lesion.push, 0))
    give = np.clip(depth / 8, 0, 1) * np.clip((3.5 - relative) / 2, 0, 1)
    if lesion.bound_to_side:
        give = give * np.clip(np.sign(lesion.centre[0]) * points[0] / 3, 0, 1)
    factor = 1 - give * (1 - before / np.maximum(relative, 1e-3))
    centre = np.array(lesion.centre, np.float32).reshape(3, 1, 1, 1)
    return centre + (points - centre) * factor


def paint_meningioma(
    slab: np.ndarray, points: np.ndarray, depth: np.ndarray, lesion: Lesion, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A well circumscribed, even lesion cut off by the dura, with a cleft of fluid towards the brain and a dural tail.

    Like all painters: slab, depth (SUBSLICES, SIZE, SIZE), points (3, SUBSLICES, SIZE, SIZE) -> the slab with the
    lesion in it, and the share of the lesion, 0..1, in each of its pixels.
    """
    radius = float(np.mean(lesion.radii))
    relative = relative_radius(points, lesion.centre, lesion.radii) + lesion.lumps * ripple(points, 20, 60, rng)
    inside_dura = np.clip(depth + 0.5, 0, 1)
    if lesion.bound_to_side:
        falx = 0.7 * ripple(points, 25, 70, rng)
        inside_dura = inside_dura * np.clip((np.sign(lesion.centre[0]) * points[0] + falx) / 1.2, 0, 1)
    share = soft_inside(relative, radius) * inside_dura
    cleft = soft_inside(relative, radius + 1.6, edge_mm=2.5) * inside_dura * (depth > 2)
    tail = np.exp(-(((depth - 1.4) / 1.3) ** 2)) * np.clip((1.6 - relative) / 0.5, 0, 1) * inside_dura
    grey = lesion.grey * (1 + 0.03 * ripple(points, 5, 24, rng))
    slab = blend(slab, 0.72 * slab, cleft)
    slab = np.maximum(slab, blend(slab, 0.9 * lesion.grey, 0.8 * tail))
    return blend(slab, grey, share), share


def paint_glioma(
    slab: np.ndarray, points: np.ndarray, depth: np.ndarray, lesion: Lesion, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """An irregular ring of uneven brightness around a dark core; oedema darkens the white matter outside the mask."""
    radius = float(np.mean(lesion.radii))
    centred = relative_radius(points, lesion.centre, lesion.radii)
    relative = centred + lesion.lumps * ripple(points, 15, 60, rng)
    in_brain = np.clip((depth - 2) / 2, 0, 1)
    share = soft_inside(relative, radius, edge_mm=2.4) * in_brain
    core = soft_inside((relative + 0.13 * ripple(points, 11, 40, rng)) / lesion.core, radius * lesion.core, edge_mm=3)
    swollen = np.clip((2.5 - centred - 0.25 * ripple(points, 14, 50, rng)) / 1.4, 0, 1)
    white_matter = np.clip((slab - 62) / 10, 0, 1)
    slab = slab * (1 - 0.24 * swollen * (0.35 + 0.65 * white_matter) * in_brain)
    rim = lesion.grey * np.clip(0.9 + 0.17 * ripple(points, 5, 30, rng), 0.5, 1.25)
    fluid = 44 + 5 * ripple(points, 5, 24, rng)
    return blend(slab, blend(rim, fluid, core), share), share


def paint_pituitary(
    slab: np.ndarray, points: np.ndarray, depth: np.ndarray, lesion: Lesion, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """An even lesion that fills the sella and bulges upwards out of it, a little narrower at the sellar diaphragm."""
    radius = float(np.mean(lesion.radii))
    waist = 1 - 0.14 * np.exp(-(((points[2] + 26) / 2.5) ** 2))
    relative = relative_radius(points, lesion.centre, lesion.radii) / waist
    share = soft_inside(relative + lesion.lumps * ripple(points, 14, 40, rng), radius)
    grey = lesion.grey * (1 + 0.035 * ripple(points, 4, 18, rng))
    return blend(slab, grey, share), share


Painter = Callable[[np.ndarray, np.ndarray, np.ndarray, Lesion, np.random.Generator], tuple[np.ndarray, np.ndarray]]
PAINTERS: dict[str, Painter] = {
    "meningioma": paint_meningioma,
    "glioma": paint_glioma,
    "pituitary": paint_pituitary,
}


# --- files ----------------------------------------------------------------------------------------------------------


def write_sample(sample: Sample, head: Head, folder: Path) -> dict[str, str | float | None]:
    """Write the slice and its mask into folder; return the entry for samples.json.

    The title, which says that the slice is simulated, and the template's copyright travel inside the files.
    """
    grey, mask = draw(sample, head)
    name = f"{sample.name}.png"
    label = PngInfo()
    label.add_text("Title", sample.title)
    label.add_text("Copyright", COPYRIGHT)
    Image.fromarray(grey).save(folder / name, optimize=True, pnginfo=label)
    if sample.lesion is not None:
        Image.fromarray(mask).save(folder / "masks" / name, optimize=True, pnginfo=label)
    return {
        "file": name,
        "mask": f"masks/{name}" if sample.lesion else None,
        "class": sample.lesion.kind if sample.lesion else None,
        "plane": sample.plane,
        "spacing_mm": sample.spacing,
        "title": sample.title,
        "alt": sample.alt,
    }


def main() -> None:
    """Write every slice and mask, and samples.json."""
    parser = argparse.ArgumentParser(description="Draw the simulated slices of samples/.")
    parser.add_argument("template", type=Path, help="ch2.nii.gz of Debian's package mricron-data")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "samples")
    options = parser.parse_args()
    (options.out / "masks").mkdir(parents=True, exist_ok=True)
    head = read_head(options.template)
    entries = [write_sample(sample, head, options.out) for sample in SAMPLES]
    (options.out / "samples.json").write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
