"""Draw the slices in samples/: simulated lesions on the Colin 27 whole-head T1 template, with their true masks.

    apt-get download mricron-data
    dpkg-deb -x mricron-data_*.deb mricron
    python scripts/make_samples.py mricron/usr/share/mricron/templates/ch2.nii.gz

Each sample has a seed of its own, so that the same template and the same library versions give the same pixels.
samples/README.md explains what is simulated, and the numbers.
``scripts.simulated_head`` and ``scripts.simulated_lesions`` draw the head and the lesions.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.simulated_head import Head, look_up, read_head, to_voxels
from scripts.simulated_lesions import PAINTERS, Lesion, displace

SIZE = 512  # pixels a side
SLICE_THICKNESS = 6.0  # mm, that of the figshare slices
SUBSLICES = 7  # planes averaged into one thick slice
NOISE = 2.4  # grey values: standard deviation of each of the two noise channels

COPYRIGHT = (
    "Drawn on the Colin 27 template, Copyright (C) 1993-2009 Louis Collins, McConnell Brain Imaging Centre, "
    "Montreal Neurological Institute, McGill University; terms in samples/README.md"
)

# Axes of a slice in template space as it is looked at: (to the right of the picture, down, through the slice).
# Radiological convention: the patient's right is on the left, and in sagittal slices the nose is on the left.
AXES = {
    "axial": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "coronal": ((-1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "sagittal": ((0, -1, 0), (0, 0, -1), (1, 0, 0)),
}


@dataclass(frozen=True)
class Sample:
    """One slice to draw; ``centre`` is the middle of the image in mm (x, y, z), ``spacing`` mm a pixel."""

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


def slab_positions(sample: Sample) -> np.ndarray:
    """Return the positions in mm of the planes of a thick slice, (3, SUBSLICES, SIZE, SIZE)."""
    right, down, through = (np.array(axis, dtype=np.float32).reshape(3, 1, 1, 1) for axis in AXES[sample.plane])
    across = (np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2) * sample.spacing
    offsets = np.linspace(-0.5, 0.5, SUBSLICES, dtype=np.float32) * SLICE_THICKNESS
    centre = np.array(sample.centre, dtype=np.float32).reshape(3, 1, 1, 1)
    return (
        centre + right * across[None, None, None, :] + down * across[None, None, :, None]
        + through * offsets[None, :, None, None]
    )  # fmt: skip


def draw_slice(sample: Sample, head: Head) -> tuple[np.ndarray, np.ndarray]:
    """Draw a slice; return (SIZE, SIZE) grey values uint8 and the lesion's true mask, (SIZE, SIZE) bool."""
    rng = np.random.default_rng(sample.seed)
    points = slab_positions(sample)
    depth = ndimage.map_coordinates(
        head.depth, to_voxels(points, head.to_voxel), order=1, mode="constant", cval=head.depth.min()
    )
    if sample.lesion is None:
        slab, share = look_up(head.grey, points, head, order=3), np.zeros(points.shape[1:], dtype=np.float32)
    else:
        slab = look_up(head.grey, displace(points, depth, sample.lesion), head, order=3)
        slab, share = PAINTERS[sample.lesion.kind](slab, points, depth, sample.lesion, rng)
    weights = np.hanning(SUBSLICES + 2)[1:-1]
    grey = np.average(slab, axis=0, weights=weights)
    mask = np.average(share, axis=0, weights=weights) > 0.5
    return add_scanner_noise(grey * coil_gain(points[:, SUBSLICES // 2], rng), rng), mask


def coil_gain(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the smooth sensitivity of the head coil at points (3, ...) in mm: higher near the coil, 0 beyond it.

    The template ends at z = -71 mm, under the nose, and at x = -90 and 90 mm, through the ears; the fall-off keeps
    these edges from showing as lines.
    """
    x, y, z = points - np.array([0, -18, 5], dtype=np.float32).reshape(3, 1, 1)
    tilt = rng.normal(0, 0.06, 3) @ np.stack([x, y, z]).reshape(3, -1) / 90
    bowl = 0.12 * (x**2 + y**2 + z**2) / 90**2
    reach = np.clip((points[2] + 71) / 13, 0, 1) * np.clip((90 - np.abs(points[0])) / 6, 0, 1)
    return (0.96 + bowl + tilt.reshape(x.shape)) * reach * reach * (3 - 2 * reach)


def add_scanner_noise(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add complex (Rician) noise, a little smoothed as by a scanner's interpolation; return uint8."""
    real, imaginary = (ndimage.gaussian_filter(rng.standard_normal(grey.shape), 0.55) for _ in range(2))
    scale = NOISE / real.std()
    return np.rint(np.clip(np.hypot(grey + scale * real, scale * imaginary), 0, 255)).astype(np.uint8)


def write_sample(sample: Sample, head: Head, folder: Path) -> dict[str, str | float | None]:
    """Write the slice and its mask into folder; return the entry for samples.json.

    The title, which says that the slice is simulated, and the template's copyright travel inside the files.
    """
    grey, mask = draw_slice(sample, head)
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
