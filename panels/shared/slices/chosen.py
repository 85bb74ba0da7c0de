"""What is chosen: a slice, or a volume whose slices are chosen one by one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from core.readers.slices import Slice
from core.readers.volumes.volume import Volume
from panels.shared.slices.selection import address_of
from panels.shared.slices.uploads import SliceIdentity
from panels.shared.viewer.viewer import Adjusting

PLANE, AT = "plane", "at"
"""Names in the address, and keys of the controls, of a volume's plane and of the slice's number in it."""


@dataclass(frozen=True)
class ChosenSlice:
    """The chosen slice.

    Attributes:
        identity: tells the slice from every other of the session.
        slice: the slice itself; an upload as it is adjusted.
        in_file: brings (h, w) values of the slice back to the place they have in the file.
        plane, number, count: of a volume's slice, and of the slices in its plane.
        adjusting: what the viewer's buttons do to an uploaded slice; None for every other.
        part_of: the identity of the volume that it is a slice of; None where it is of none.
        is_example: whether nothing is chosen, and it stands in.
    """

    identity: SliceIdentity
    slice: Slice
    in_file: Callable[[np.ndarray], np.ndarray] = np.asarray
    plane: str = ""
    number: int = 0
    count: int = 0
    adjusting: Adjusting | None = None
    part_of: SliceIdentity | None = None
    is_example: bool = False

    @property
    def address(self) -> dict[str, str]:
        """The query parameters that choose this slice; an upload only in the session that holds it."""
        place = {PLANE: self.plane, AT: str(self.number)} if self.plane else {}
        return address_of(self.part_of or self.identity) | place


@dataclass(frozen=True, eq=False)
class ChosenVolume:
    """The chosen volume.

    Attributes:
        identity: tells the volume from every other of the session, and a series from others of its files.
        upload: the identity of the files, or of the sample.
        volume: with its true mask if there is one.
        files: it was read from.
    """

    identity: SliceIdentity
    upload: SliceIdentity
    volume: Volume
    files: tuple[bytes, ...] = field(repr=False)

    def at(self, plane: str, number: int) -> ChosenSlice:
        """Return a slice of the volume."""
        return ChosenSlice(
            identity=(self.identity[0], f"{self.identity[1]}-{plane}-{number}"),
            slice=self.volume.slice(plane, number),
            in_file=partial(_on_voxels, self.volume, plane),
            plane=plane,
            number=number,
            count=self.volume.count(plane),
            part_of=self.upload,
        )


def _on_voxels(volume: Volume, plane: str, mask: np.ndarray) -> np.ndarray:
    return volume.on_voxels(plane, mask.astype(np.float32)) >= 0.5
