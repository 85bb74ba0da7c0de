"""A volume's mask and overlay as files: NIfTI in the space of the source, PNG by slices."""

import gzip
import io
import zipfile
from collections.abc import Sequence

import numpy as np

from core.inference.predictor import Prediction
from core.inference.render import DisplayOptions, compose_overlay, default_window, encode_png
from core.inference.result import overlay_png
from core.inference.volumes.analysis import SliceFinding
from core.readers.slices import Slice
from core.readers.volumes.volume import Volume, to_source

_DESCRIPTION = "SliceScope: research, not for diagnosis"
_COMPRESSION = 5


def mask_nifti(volume: Volume, mask: np.ndarray) -> bytes:
    """Return (S, H, W) bool voxels as .nii.gz: the array, axes and affine of the volume's file; 1 is tumour."""
    import nibabel

    values = np.ascontiguousarray(to_source(volume, mask).astype(np.uint8))
    image = nibabel.Nifti1Image(values, volume.source.affine)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = _DESCRIPTION
    return gzip.compress(image.to_bytes(), _COMPRESSION, mtime=0)


def mask_pngs(volume: Volume, plane: str, findings: Sequence[SliceFinding]) -> dict[str, bytes]:
    """Return the masks of the slices that have one, as PNG by a name such as "axial-012", on the file's own voxels."""
    return {
        f"{plane}-{finding.number:03d}": encode_png(finding.mask, volume.notes) for finding in findings if finding.area
    }


def volume_overlay(volume: Volume, slice_: Slice, prediction: Prediction) -> bytes:
    """Draw the overlay of a volume's slice as PNG, in the window that the volume's file asks for if it does."""
    return overlay_png(slice_, prediction, DisplayOptions(*(volume.window or default_window(slice_.pixels))))


def pictures_zip(volume: Volume, plane: str, findings: Sequence[SliceFinding]) -> bytes:
    """Return a .zip of the slices that have a mask: each with its outline, and ``mask_pngs``."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, mask in mask_pngs(volume, plane, findings).items():
            archive.writestr(f"{name}-mask.png", mask)
        for finding in findings:
            if finding.area:
                pixels = volume.slice(plane, finding.number).pixels
                _, mask_pixels = volume.on_square_pixels(plane, finding.mask)
                options = DisplayOptions(*(volume.window or default_window(pixels)))
                overlay = encode_png(compose_overlay(pixels, options, mask=mask_pixels), volume.notes)
                archive.writestr(f"{plane}-{finding.number:03d}-overlay.png", overlay)
    return content.getvalue()
