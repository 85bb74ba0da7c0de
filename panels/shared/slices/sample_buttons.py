"""The shipped samples as buttons with pictures: slices, and volumes."""

from collections import Counter
from contextlib import suppress

import streamlit as st

from core.errors import DatasetError
from core.inference.render import encode_png, thumbnail
from core.labels import ANSWER_LABELS, CLASS_LABELS
from core.outcome import NO_TUMOUR
from core.readers.samples import Sample, SampleVolume, find_slice_or_volume, read_samples, read_slices_and_volumes
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.shared.slices.selection import select
from panels.shared.slices.uploads import SliceIdentity
from panels.shared.theme import error_text
from panels.shared.volumes.held import HeldVolume, opening_number

_THUMBNAIL = 84
"""Side of the pictures, in pixels."""
_WIDTH = _THUMBNAIL + 10
"""Of a button with its picture; a volume's label takes two lines."""


def draw_sample_buttons(key: str) -> None:
    """Draw a button a sample; one that cannot be read is told of instead."""
    st.markdown(tr("**Or try a sample** (simulated lesions with true masks)"))
    problems: list[DatasetError] = []
    with st.container(horizontal=True, gap="small"):
        counts: Counter[str] = Counter()
        for sample in read_slices_and_volumes():
            title = ANSWER_LABELS[sample.class_name or NO_TUMOUR].short
            if isinstance(sample, SampleVolume):
                label = tr("{title}, volume", title=title)
            else:
                counts[title] += 1
                label = f"{title} {counts[title]}" if sample.class_name else title
            try:
                _sample_button(sample, label, key=key)
            except DatasetError as error:
                problems.append(error)
    for problem in problems:
        st.error(error_text(problem), icon=":material/error:")


def _sample_button(sample: Sample | SampleVolume, label: str, *, key: str) -> None:
    """Draw a sample's picture, and below it the button that chooses it."""
    picture = _sample_thumbnail(sample.name)
    failure = sample.known_failure if isinstance(sample, Sample) else None
    told = (
        " " + tr("Known failure: the default network finds {type} likelier.", type=CLASS_LABELS[failure].in_text)
        if failure
        else ""
    )
    with st.container(width=_WIDTH, gap=None, key=f"{key}_thumbnail_{sample.name}"):
        st.image(picture, width=_THUMBNAIL, output_format="PNG", alt=tr(sample.alt))
        st.button(
            label,
            key=f"{key}_sample_{sample.name}",
            help=tr(sample.alt) + told,
            on_click=select,
            args=(key, ("sample", sample.name)),
            type="tertiary",
        )
        if failure:
            st.caption(tr("Known failure"))


@st.cache_resource(show_spinner=False)
def _sample_thumbnail(name: str) -> bytes:
    sample = find_slice_or_volume(name)
    if isinstance(sample, SampleVolume):
        volume = sample.volume()
        slice_ = volume.slice(volume.best_plane, opening_number(volume, volume.best_plane))
    else:
        slice_ = sample.slice()
    return encode_png(thumbnail(slice_.pixels, _THUMBNAIL))


def first_readable_sample() -> tuple[SliceIdentity, Slice] | None:
    """Return the first sample slice, which pages show as an example; None where no sample can be read."""
    with suppress(DatasetError):
        for sample in read_samples():
            with suppress(DatasetError):
                return ("sample", sample.name), sample.slice()
    return None


def read_sample(name: str) -> Slice | HeldVolume:
    """Read a sample.

    Raises:
        DatasetError: there is no such sample, or it cannot be read.
    """
    sample = find_slice_or_volume(name)
    return _sample_volume(name) if isinstance(sample, SampleVolume) else sample.slice()


@st.cache_resource(show_spinner=False)
def _sample_volume(name: str) -> HeldVolume:
    sample = find_slice_or_volume(name)
    assert isinstance(sample, SampleVolume)
    return HeldVolume(sample.volume(), (sample.path.read_bytes(),), is_allowed=True)
