"""A made-up head as a volume with a lesion of known mask, and its files: NIfTI of any orientation, DICOM."""

import functools
import gzip
import io
import warnings

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
    values[ball((0.5, 0.5, 0.5), (0.44, 0.44, 0.44))] = 400
    values[ball((0.5, 0.5, 0.5), (0.38, 0.38, 0.38))] = 200
    values[ball((0.7, 0.04, 0.5), (0.06, 0.08, 0.06))] = 380
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


PLANTED = "Zebedee"
"""Stands in every text tag of the DICOM files."""
FRAME_OF_REFERENCE = "1.2.826.0.1.7"
_TEXT_TAGS = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientComments", "OtherPatientIDs",
    "InstitutionName", "InstitutionAddress", "ReferringPhysicianName", "OperatorsName", "StudyDescription",
    "SeriesDescription", "ProtocolName", "StudyID", "AccessionNumber", "StudyDate", "StudyTime", "SeriesDate",
    "AcquisitionDate", "ContentDate", "Manufacturer", "StationName", "DeviceSerialNumber", "ImageComments",
    "BodyPartExamined", "SequenceName", "SoftwareVersions", "PerformingPhysicianName",
)  # fmt: skip
EXPLICIT, IMPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
RLE, JPEG_2000, JPEG_LS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"
SYNTAXES = {
    "explicit": EXPLICIT,
    "implicit": IMPLICIT,
    "big endian": BIG_ENDIAN,
    "RLE": RLE,
    "JPEG 2000": JPEG_2000,
    "JPEG-LS": JPEG_LS,
}


def dicom_series(
    values, *, plane="axial", affine=None, syntax=EXPLICIT, uid="1.2.3", change=lambda dataset, number: None
) -> list[bytes]:
    """Return a DICOM file for each slice of (S, H, W) values of a head, from the last slice of the plane to the first.

    Args:
        values: of a head.
        plane: in which the slices lie.
        affine: of the values; the head's if None.
        syntax: the transfer syntax.
        uid: of the series.
        change: called with each dataset and its slice's number before it is written.
    """
    from core.readers.volumes.volume import PLANES

    axis = PLANES.index(plane)
    to_patient = np.diag([-1, -1, 1, 1]) @ (head_affine() if affine is None else affine)
    sides = np.linalg.norm(to_patient[:3, :3], axis=0)
    down, across = (side for side in range(3) if side != axis)
    files = []
    for number in reversed(range(values.shape[axis])):
        dataset = _dicom(np.ascontiguousarray(values.take(number, axis)), syntax)
        place = np.zeros(4)
        place[axis], place[3] = number, 1
        dataset.ImagePositionPatient = [float(part) for part in (to_patient @ place)[:3]]
        dataset.ImageOrientationPatient = [
            float(part) for side in (across, down) for part in to_patient[:3, side] / sides[side]
        ]
        dataset.PixelSpacing = [float(sides[down]), float(sides[across])]
        dataset.SliceThickness = float(sides[axis])
        dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = uid, FRAME_OF_REFERENCE
        dataset.InstanceNumber = number + 1
        change(dataset, number)
        files.append(dicom_bytes(dataset, syntax))
    return files


def _dicom(pixels, syntax):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import MRImageStorage, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    for name in _TEXT_TAGS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is no date, say
            setattr(dataset, name, f"{PLANTED}{name}"[:16])
    dataset.SOPClassUID = MRImageStorage
    dataset.SOPInstanceUID = generate_uid()
    dataset.Modality = "MR"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = dataset.BitsStored = pixels.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder(">" if syntax == BIG_ENDIAN else "<")).tobytes()
    return dataset


def dicom_bytes(dataset, syntax=EXPLICIT) -> bytes:
    """Return the file of a dataset whose pixels are not compressed yet."""
    from pydicom.uid import UID

    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.file_meta.TransferSyntaxUID = UID(EXPLICIT if UID(syntax).is_compressed else syntax)
        dataset["PixelData"].VR = "OW" if dataset.BitsAllocated > 8 else "OB"
        if UID(syntax).is_compressed:
            dataset.compress(UID(syntax), generate_instance_uid=False)
        dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()
