"""Read the patient and the study of DICOM files, for a segmentation that is to keep them; nothing else reads them."""

import re
from collections.abc import Sequence

from core.errors import SliceError
from core.readers.volumes.dicom_header import is_dicom, read_dataset
from core.readers.volumes.files import is_zip

_TEXT, _UID, _DATE, _TIME = r".{1,64}", r"[0-9.]{1,64}", r"\d{8}", r"\d{2,6}(\.\d{1,6})?"
_FIELDS = {
    "PatientName": r".{1,200}",
    "PatientID": _TEXT,
    "PatientBirthDate": _DATE,
    "PatientSex": r"[MFO]",
    "StudyInstanceUID": _UID,
    "StudyID": r".{1,16}",
    "StudyDate": _DATE,
    "StudyTime": _TIME,
    "AccessionNumber": r".{1,16}",
    "ReferringPhysicianName": r".{1,200}",
}
"""What a value must look like to be kept; any other is left out."""


def read_identity(files: Sequence[bytes], frame_of_reference: str) -> dict[str, str]:
    """Return patient and study, by DICOM's keywords, of the first file that lies in a frame of reference.

    Args:
        files: DICOM files, or one .zip of them.
        frame_of_reference: the UID of the volume's space.

    Raises:
        SliceError: no file lies in it.
    """
    from core.readers.volumes.archive import unpack

    for data in unpack(files[0]) if is_zip(files[0]) else files:
        if not is_dicom(data):
            continue
        dataset = read_dataset(data, pixels=False, tags=("FrameOfReferenceUID", "SpecificCharacterSet", *_FIELDS))
        if str(dataset.get("FrameOfReferenceUID", "")) == frame_of_reference:
            values = {name: str(dataset.get(name) or "") for name in _FIELDS}
            return {name: value for name, value in values.items() if re.fullmatch(_FIELDS[name], value)}
    raise SliceError("No file states the volume's frame of reference; the files of the volume are needed.")
