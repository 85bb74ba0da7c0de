"""Draw the slices and volumes of samples/: simulated lesions on the Colin 27 T1 template, with their true masks.

    apt-get download mricron-data
    dpkg-deb -x mricron-data_*.deb mricron
    python scripts/make_samples.py mricron/usr/share/mricron/templates/ch2.nii.gz

Each sample has a seed of its own, so that the same template and the same library versions give the same pixels.
samples/README.md explains what is simulated, and the numbers. ``scripts.simulated`` draws the head and the lesions, and
its catalogue says which.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.simulated.catalogue import SLICES, VOLUMES, SimulatedSlice, SimulatedVolume
from scripts.simulated.head import Head, read_head
from scripts.simulated.slabs import draw_slab, slab_positions

SIDE = 512  # pixels a side of a slice
SHRINK = 2  # a volume's pixel is the mean of as many times as many of a slice's, and so has less noise
VOLUME_SIDE = SIDE // SHRINK
SLICE_STEP = 7.0  # mm from slice to slice of a volume: the data set's slices of 6 mm and their gap of 1 mm

COPYRIGHT = (
    "Drawn on the Colin 27 template, Copyright (C) 1993-2009 Louis Collins, McConnell Brain Imaging Centre, "
    "Montreal Neurological Institute, McGill University; terms in samples/README.md"
)
Entry = dict[str, str | float | None]


def write_slice(sample: SimulatedSlice, head: Head, folder: Path) -> Entry:
    """Write a slice and its mask into folder; return the entry for samples.json.

    The title, which says that the slice is simulated, and the template's copyright travel inside the files.
    """
    points = slab_positions(sample.plane, sample.centre, SIDE, sample.spacing)
    grey, mask = draw_slab(points, head, sample.lesion, sample.seed)
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
        "known_failure": sample.known_failure,
    }


def write_volume(sample: SimulatedVolume, head: Head, folder: Path) -> Entry:
    """Write a volume and its mask into folder, as NIfTI files; return the entry for volumes.json."""
    images, masks = [], []
    for number in range(sample.count):
        centre = (*sample.middle, sample.lowest + number * SLICE_STEP)
        points = slab_positions("axial", centre, SIDE, sample.spacing / SHRINK)
        grey, mask = draw_slab(points, head, sample.lesion, sample.seed, number)
        images.append(np.rint(shrink(grey)))
        masks.append(shrink(mask) > 0.5)
    name = f"{sample.name}.nii.gz"
    for path, planes in ((folder / name, images), (folder / "masks" / name, masks)):
        path.write_bytes(encode_nifti(np.stack(planes).astype(np.uint8), sample))
    return {
        "file": name,
        "mask": f"masks/{name}",
        "class": sample.lesion.kind,
        "title": sample.title,
        "alt": sample.alt,
    }


def shrink(image: np.ndarray) -> np.ndarray:
    """Average (SIDE, SIDE) pixels into (VOLUME_SIDE, VOLUME_SIDE)."""
    means: np.ndarray = image.reshape(VOLUME_SIDE, SHRINK, VOLUME_SIDE, SHRINK).mean(axis=(1, 3))
    return means


def encode_nifti(values: np.ndarray, sample: SimulatedVolume) -> bytes:
    """Return (count, rows, columns) values, from the lowest slice on, as the bytes of a .nii.gz file."""
    side = sample.spacing
    x, y = (middle + (VOLUME_SIDE - 1) / 2 * side for middle in sample.middle)
    affine = np.array([[-side, 0, 0, x], [0, -side, 0, y], [0, 0, SLICE_STEP, sample.lowest], [0, 0, 0, 1]])
    image = nibabel.Nifti1Image(values.transpose(2, 1, 0), affine)
    image.header["descrip"] = b"Simulated; Colin 27, (C) L. Collins, MNI; see README.md"
    image.header.set_xyzt_units("mm")
    # Without a time, the same pixels are the same bytes.
    return gzip.compress(image.to_bytes(), mtime=0)


def write_entries(path: Path, entries: list[Entry]) -> None:
    """Write a list of samples."""
    path.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Write every slice, volume and mask, samples.json and volumes.json."""
    parser = argparse.ArgumentParser(description="Draw the simulated slices and volumes of samples/.")
    parser.add_argument("template", type=Path, help="ch2.nii.gz of Debian's package mricron-data")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "samples")
    options = parser.parse_args()
    (options.out / "masks").mkdir(parents=True, exist_ok=True)
    head = read_head(options.template)
    write_entries(options.out / "samples.json", [write_slice(sample, head, options.out) for sample in SLICES])
    write_entries(options.out / "volumes.json", [write_volume(sample, head, options.out) for sample in VOLUMES])


if __name__ == "__main__":
    main()
