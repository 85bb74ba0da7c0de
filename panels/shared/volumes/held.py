"""A volume that a session holds, with the files it was read from: another series is read from them again."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.readers.decoder_pool import DECODER
from core.readers.slices import Slice
from core.readers.volumes.files import VolumeChoice
from core.readers.volumes.volume import PLANES, Volume


@dataclass(frozen=True, eq=False)
class HeldVolume:
    """A volume, and the files it was read from.

    Attributes:
        volume: as read.
        files: whole files; what their headers say of the patient is not read from them.
        is_allowed: whether it may be shown: it is MR, or the visitor wants it nevertheless.
    """

    volume: Volume
    files: tuple[bytes, ...] = field(repr=False)
    is_allowed: bool

    @property
    def name(self) -> str:
        """The title on a page."""
        return self.volume.name

    @property
    def size(self) -> int:
        """The bytes of its values."""
        return int(self.volume.values.nbytes)


def read_upload(files: Sequence[bytes], name: str, chosen: int | None = None) -> Slice | HeldVolume:
    """Read a volume's files in the decoder's process; one slice alone is a ``Slice``.

    What is of another modality than MR stays a ``HeldVolume`` until it is allowed.

    Args:
        files: whole files.
        name: of the volume.
        chosen: which of the series or volumes that the files hold, from 1 on; None for the longest series.

    Raises:
        SliceError, WorkerError: see ``DecoderPool.read_volume``.
    """
    choice = VolumeChoice(number=chosen, series=chosen, allow_other_modality=True, longest_series=True)
    volume = DECODER.read_volume(files, name, choice)
    held = HeldVolume(volume, tuple(files), is_allowed=not volume.is_other_modality)
    return _alone(volume) if held.is_allowed and _is_one_slice(volume) else held


def allow(held: HeldVolume) -> Slice | HeldVolume:
    """Return what is held back, as it may be shown."""
    return _alone(held.volume) if _is_one_slice(held.volume) else replace(held, is_allowed=True)


def middle_slice(volume: Volume) -> Slice:
    """Return the middle slice of the best plane."""
    plane = volume.best_plane
    return volume.slice(plane, (volume.count(plane) + 1) // 2)


def opening_number(volume: Volume, plane: str) -> int:
    """Return the slice at which a plane opens: where the true mask is largest, else the middle one."""
    if volume.mask is None or not volume.mask.any():
        return (volume.count(plane) + 1) // 2
    others = tuple(axis for axis in range(3) if axis != PLANES.index(plane))
    return 1 + int(np.count_nonzero(volume.mask, axis=others).argmax())


def _is_one_slice(volume: Volume) -> bool:
    return volume.count(volume.best_plane) == 1 and len(volume.found) == 1


def _alone(volume: Volume) -> Slice:
    from core.dataset.slices import recognise_slice

    return recognise_slice(replace(volume.slice(volume.best_plane, 1), name=volume.name))
