"""A volume's mask as a DICOM segmentation (SEG), which says nothing of the patient unless it is told."""

import hashlib
import io
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from core.bundles.bundle import Bundle
from core.errors import SliceError
from core.readers.volumes.volume import Volume, to_source

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_DESCRIPTION = "Research, not for diagnosis"
_MAKER = "SliceScope"


def require_dicom_seg(volume: Volume) -> None:
    """Find out, before it is analysed, whether a volume's mask can be written as DICOM SEG.

    Raises:
        SliceError: the volume is of no DICOM files, or they state no frame of reference.
        ModuleNotFoundError: highdicom is not installed.
    """
    if volume.source.frame_of_reference is None:
        raise SliceError("The files state no DICOM frame of reference; write the mask as NIfTI instead.")
    if find_spec("highdicom") is None:  # importing it takes a second
        raise ModuleNotFoundError("No module named 'highdicom'", name="highdicom")


def mask_dicom_seg(
    volume: Volume, mask: np.ndarray, segmenter: Bundle, identity: Mapping[str, str] | None = None
) -> bytes:
    """Return (S, H, W) bool voxels of a volume of DICOM files as a DICOM SEG file.

    It lies in the frame of reference of the files; every other UID is new, the patient has no name, and an id that is a
    hash of that frame of reference.

    Args:
        volume: of the files.
        mask: of the volume.
        segmenter: the network's bundle.
        identity: patient and study to keep, from ``core.readers.volumes.identity.read_identity``.

    Raises:
        SliceError, ModuleNotFoundError: see ``require_dicom_seg``.
    """
    require_dicom_seg(volume)
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    algorithm = AlgorithmIdentificationSequence(
        name=segmenter.name, version=segmenter.card.version, family=codes.DCM.ArtificialIntelligence
    )
    segment = SegmentDescription(
        segment_number=1,
        segment_label="Tumour",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        segmentation = Segmentation(
            source_images=_slices(volume, identity or {}),
            # A file's array has columns, rows and slices.
            pixel_array=np.ascontiguousarray(to_source(volume, mask).T).astype(np.uint8),
            segmentation_type=SegmentationTypeValues.BINARY,
            segment_descriptions=[segment],
            series_instance_uid=generate_uid(),
            series_number=1,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer=_MAKER,
            manufacturer_model_name=_MAKER,
            software_versions=segmenter.card.version,
            device_serial_number=_MAKER,
            content_description=_DESCRIPTION,
            omit_empty_frames=bool(mask.any()),
        )
        segmentation.SeriesDescription = _DESCRIPTION
        segmentation.SpecificCharacterSet = "ISO_IR 192"
        file = io.BytesIO()
        segmentation.save_as(file)
    return file.getvalue()


def _slices(volume: Volume, identity: Mapping[str, str]) -> "list[Dataset]":
    """Return stand-ins for the files that were read: where each slice lies, of their headers ``identity`` alone."""
    from pydicom.uid import MRImageStorage, generate_uid

    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.source.affine  # DICOM counts to the left and the back
    columns, rows, count = volume.source.shape
    sides = np.linalg.norm(affine[:3, :3], axis=0)
    directions = affine[:3, :3] / sides
    frame_of_reference = volume.source.frame_of_reference or ""
    shared: dict[str, Any] = {
        "SOPClassUID": MRImageStorage,
        "Modality": "MR",
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "FrameOfReferenceUID": frame_of_reference,
        "PatientID": hashlib.sha256(frame_of_reference.encode()).hexdigest()[:16],
        **dict.fromkeys(("PatientName", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber"), ""),
        **dict.fromkeys(("StudyDate", "StudyTime", "ReferringPhysicianName"), ""),
        **identity,
        "Rows": rows,
        "Columns": columns,
        "PixelSpacing": [_decimal(sides[1]), _decimal(sides[0])],
        "SliceThickness": _decimal(sides[2]),
        "ImageOrientationPatient": [_decimal(part) for part in (*directions[:, 0], *directions[:, 1])],
    }
    return [_dataset(shared, affine @ [0, 0, number, 1], number) for number in range(count)]


def _dataset(fields: dict[str, Any], position: np.ndarray, number: int) -> "Dataset":
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for name, value in fields.items():
        setattr(dataset, name, value)
    dataset.SOPInstanceUID = generate_uid()
    dataset.InstanceNumber = number + 1
    dataset.ImagePositionPatient = [_decimal(part) for part in position[:3]]
    return dataset


def _decimal(number: float) -> float:
    """Round a number so that DICOM's 16 characters hold it."""
    return round(float(number), 6)
