"""The head of the simulated slices: the Colin 27 template with the grey values of a contrast-enhanced T1.

Coordinates are millimetres of the template, x to the right ear, y to the nose, z to the crown. Arrays of coordinates
have shape (3, ...). Grey values run from 0 to 255. samples/README.md explains the numbers.
"""

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage

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
_VESSEL_BENDS = 3.0  # mm: scale of the small vessels' bends and of the distances between them
VESSELS = (  # radius mm, grey value, centre line
    (2.4, 128, SAGITTAL_SINUS),
    (2.2, 115, TRANSVERSE_SINUS),
    (1.1, 125, STRAIGHT_SINUS),
    (1.8, 135, CHOROID_PLEXUS),
    (0.9, 140, CEREBRAL_VEINS),
    (3.6, 98, CAVERNOUS_SINUS),
    (1.7, 14, CAROTID_ARTERY),
)


@dataclass(frozen=True)
class Head:
    """The enhanced head on the template's grid, voxels of 1 mm.

    Attributes:
        grey: (X, Y, Z) grey values.
        depth: (X, Y, Z) mm inside the inner surface of the skull, negative outside it.
        to_voxel: (4, 4) from mm to voxel indices.
    """

    grey: np.ndarray
    depth: np.ndarray
    to_voxel: np.ndarray


def read_head(path: Path) -> Head:
    """Read the template; draw what takes up contrast into it."""
    image = nibabel.load(path)
    template = np.asarray(image.dataobj, dtype=np.float32)
    to_voxel = np.linalg.inv(image.affine)
    depth = depth_inside_skull(template)
    grey = np.interp(sharpen(template), TEMPLATE_GREY, ENHANCED_GREY).astype(np.float32)
    grey = brighten_fat(grey, depth)
    millimetres = voxel_positions(template.shape, image.affine)
    grey = enhance_mucosa(grey, depth, millimetres)
    grey = enhance_surface_vessels(grey, depth, millimetres[0])
    for radius, value, points in VESSELS:
        grey = draw_line(grey, points, radius, value, to_voxel)
    return Head(grey, depth, to_voxel)


def voxel_positions(shape: tuple[int, int, int], affine: np.ndarray) -> np.ndarray:
    """Return the position of every voxel in mm, (3, X, Y, Z)."""
    indices = np.indices(shape, dtype=np.float32).reshape(3, -1)
    return (affine[:3, :3] @ indices + affine[:3, 3:]).astype(np.float32).reshape(3, *shape)


def depth_inside_skull(template: np.ndarray) -> np.ndarray:
    """Return the distance in mm to the inner surface of the skull, positive inside, (X, Y, Z).

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


def sharpen(template: np.ndarray) -> np.ndarray:
    """Undo part of the blur that averaging 27 scans leaves: unsharp mask of 1 mm."""
    return np.maximum(template + 0.9 * (template - ndimage.gaussian_filter(template, 1.0)), 0)


def brighten_fat(grey: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Lift what is brighter than muscle outside the skull towards fat's even grey."""
    fat = 205 * (1 - np.exp(-((grey / 105) ** 2)))
    return blend(grey, np.maximum(grey * (grey < 60), fat), np.clip((-2 - depth) / 4, 0, 1))


def enhance_mucosa(grey: np.ndarray, depth: np.ndarray, millimetres: np.ndarray) -> np.ndarray:
    """Brighten the soft tissue that lines the nose and its sinuses."""
    x, y, z = millimetres
    nose = (np.abs(x) < 20) & (y > 8) & (z < -26) & (depth < -2)
    gain = 1 + 0.9 * ndimage.gaussian_filter(nose.astype(np.float32), 3)
    return np.where((grey > 25) & (grey < 120), grey * gain, grey)


def enhance_surface_vessels(grey: np.ndarray, depth: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Draw vessels that take up contrast into the fluid around and in the folds of the brain, and a faint dura.

    A vessel is where two smooth random fields are both near 0: a winding line. In the fissure between the hemispheres,
    x near 0, they are fainter: a midline slice shows all of them at once.
    """
    rng = np.random.default_rng(27)
    fields = (ndimage.gaussian_filter(rng.standard_normal(grey.shape, dtype=np.float32), _VESSEL_BENDS) for _ in "12")
    away = np.sqrt(sum((field / field.std()) ** 2 for field in fields)) * _VESSEL_BENDS  # mm, nearly
    fluid = np.clip((64 - ndimage.gaussian_filter(grey, 1)) / 8, 0, 1) * np.clip(depth / 2, 0, 1)
    fluid *= np.clip((34 - depth) / 20, 0, 1)  # none in the ventricles, fewer in deep fissures
    vessel = np.exp(-((away / 1.3) ** 2)) * ndimage.gaussian_filter(fluid, 0.7)
    dura = np.exp(-(((depth - 0.5) / 0.8) ** 2)) * (grey < 60)
    vessel *= 1 - 0.6 * np.exp(-((x / 6) ** 2))
    return grey + 130 * vessel + 22 * dura


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


def to_voxels(points: np.ndarray, to_voxel: np.ndarray) -> np.ndarray:
    """Convert points (3, ...) from mm to voxel indices."""
    flat = points.reshape(3, -1)
    return (to_voxel[:3, :3] @ flat + to_voxel[:3, 3:]).reshape(points.shape)


def look_up(volume: np.ndarray, points: np.ndarray, head: Head, order: int) -> np.ndarray:
    """Interpolate a volume at points (3, ...) in mm; 0 outside the template's box."""
    return ndimage.map_coordinates(volume, to_voxels(points, head.to_voxel), order=order, mode="constant")


def blend(below: np.ndarray, above: np.ndarray | float, share: np.ndarray) -> np.ndarray:
    """Mix two images: ``above`` where share is 1, ``below`` where it is 0."""
    return below + share * (above - below)
