"""A slice that a session holds as a file: it is read when it is its turn, and a few stay read."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

import streamlit as st

from core.readers.slices import Slice
from core.readers.volumes.archive import read_entry
from core.readers.volumes.files import is_volume
from panels.shared.volumes.held import HeldVolume, allow, read_upload

MAX_PIXELS = 2**24
"""Pixels of the slices that stay read: 4 bytes each, 67 MB a session, one slice of the largest size."""
_READ = "read_slices"
"""Session key: slices by upload, the one that was asked for last at the end."""


@dataclass(frozen=True, eq=False)
class HeldSlice:
    """A file that holds a slice, or seems to.

    Attributes:
        name: the title on a page.
        data: the whole file, or the .zip in which it lies.
        entry: its name in the .zip; None where it lies in none.
    """

    name: str
    data: bytes = field(repr=False)
    entry: str | None = None

    def read(self) -> Slice:
        """Read the slice; threads may call it at once.

        Raises:
            SliceError, WorkerError: see ``core.dataset.slices.read_and_recognise_slice``.
        """
        from core.dataset.slices import read_and_recognise_slice

        data = self.data if self.entry is None else read_entry(self.data, self.entry)
        if self.entry is None and is_volume(data):  # a DICOM file of one slice; a volume is held as one
            upload = read_upload([data], self.name)
            slice_ = allow(upload) if isinstance(upload, HeldVolume) else upload
            assert isinstance(slice_, Slice)
            return slice_
        return read_and_recognise_slice(data, self.name)


def read_once(identity: Hashable, held: HeldSlice, *, max_pixels: int = MAX_PIXELS) -> Slice:
    """Return a held slice, which stays read as long as there is room.

    Args:
        identity: of the upload.
        held: its file.
        max_pixels: of all slices that stay read; the last one does, however large it is.

    Raises:
        SliceError, WorkerError: see ``HeldSlice.read``.
    """
    kept: OrderedDict[Hashable, tuple[HeldSlice, Slice]] = st.session_state.setdefault(_READ, OrderedDict())
    if kept.get(identity, (None,))[0] is not held:
        kept[identity] = held, held.read()
    kept.move_to_end(identity)
    while len(kept) > 1 and sum(slice_.pixels.size for _, slice_ in kept.values()) > max_pixels:
        kept.popitem(last=False)
    return kept[identity][1]


def forget_read(identities: set[Hashable]) -> None:
    """Let go of the slices of all other uploads."""
    kept = st.session_state.get(_READ, {})
    for identity in kept.keys() - identities:
        del kept[identity]
