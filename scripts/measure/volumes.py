"""Time and memory of a volume: opened from DICOM files, and analysed slice by slice."""

import io
import os
import time

import numpy as np

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, open_bundle
from core.inference.measurements import measure_mask
from core.inference.predictor import Predictor
from core.inference.volumes.analysis import analyse_volume, pool
from core.readers.decoder_pool import DECODER
from core.readers.samples import find_sample, read_samples
from scripts.measure.figures import Figure, median_of
from scripts.measure.memory import PeakMemory, family, processor_seconds, summed_mb

SLICES = 180
_THICKNESS_MM = 1.0


def measure_volumes(runs: int) -> dict[str, Figure]:
    """Open and analyse a volume of samples by unified-unet; the memory is what it takes more than one slice does."""
    files = _dicom_files()
    predictor = Predictor(open_bundle(DEFAULT_CLASSIFIER), open_bundle(DEFAULT_SEGMENTER))
    sample = find_sample("glioma-axial-1")
    slice_ = sample.slice()
    measure_mask(predictor(slice_).mask, slice_.spacing_mm)
    DECODER.read(sample.path.read_bytes(), "slice.png")
    before = summed_mb(os.getpid())
    opened, analysed, opening, analysing = [], [], [], []
    with PeakMemory(os.getpid()).watching() as peak:
        for _ in range(runs):
            began, used = time.perf_counter(), _processor_seconds()
            volume = DECODER.read_volume(files, "volume")
            opened.append(time.perf_counter() - began)
            opening.append(_processor_seconds() - used)
            began, used = time.perf_counter(), _processor_seconds()
            pool(volume, "axial", [finding for _, _, finding in analyse_volume(predictor, volume, "axial")])
            analysed.append(time.perf_counter() - began)
            analysing.append(_processor_seconds() - used)
            del volume
    size = sum(map(len, files)) / 1e6
    note = f"processor {1000 * min(analysing) / SLICES:.3g} ms"
    return {
        "volume_opens": median_of(opened, note=f"{size:,.0f} MB; processor {min(opening):.3g} s"),
        "volume_analysed": median_of(analysed),
        "volume_slice": median_of([1000 * seconds / SLICES for seconds in analysed], note=note),
        "volume_memory": Figure(peak.mb - before, note="at the peak, the files not counted"),
    }


def _processor_seconds() -> float:
    """Return the processor time of this process and of the one that reads files."""
    return sum(map(processor_seconds, family(os.getpid())))


def _dicom_files() -> list[bytes]:
    """Return a DICOM series whose slices are the samples, one after the other, of 512 pixels and 16 bits."""
    planes = [sample.slice().pixels.astype(np.uint16) * 16 for sample in read_samples()]
    return [_dicom_file(planes[number % len(planes)], number) for number in range(SLICES)]


def _dicom_file(pixels: np.ndarray, number: int) -> bytes:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = MRImageStorage, f"1.2.{number + 1}"
    dataset.SeriesInstanceUID, dataset.Modality, dataset.InstanceNumber = "1.2", "MR", number
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelSpacing, dataset.SliceThickness = [0.49, 0.49], _THICKNESS_MM
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, number * _THICKNESS_MM]
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()
