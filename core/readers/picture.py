"""Read the pixels of a picture file: PNG, JPEG, TIFF, WebP or BMP."""

import io

import numpy as np
from PIL import Image, ImageOps

from core.config import MAX_SIDE
from core.errors import SliceError
from core.readers.jpeg import check_jpeg
from core.readers.kinds import foreign_kind
from core.readers.tiff import has_second_page, is_tiff, read_tiff, require_sides
from core.text import OR, joined
from core.translation.messages import Message, mark

SIMULATED = "Simulated"
"""First word of a shipped sample's title, in samples.json and in its PNG file."""
SIMULATED_NOTE = mark("Simulated: made by a program from an openly licensed template.")
"""Stands with every sample, slice or volume, and with a sample's PNG file that comes back as an upload."""
FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "TIFF": "TIFF", "WEBP": "WebP", "BMP": "BMP"}
"""Accepted picture formats: Pillow's name -> the usual name."""

_ACCEPTED = joined(FORMATS.values(), OR)
# A photograph's channels differ by tens of grey levels on average; a grey scan saved as colour JPEG,
# or one with a coloured caption, by less than this.
_COLOUR_SPREAD = 12.0
# Pillow's modes of one channel with more than 8 bits.
_DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


def read_picture(data: bytes) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Read a picture's pixels, (H, W) of any number type, with notes and warnings; see ``core.readers.slices.Slice``.

    Raises:
        SliceError: the data is not an accepted picture, or is damaged, animated or too large.
    """
    if kind := foreign_kind(data):
        raise SliceError(
            "The file is {kind}, not a {accepted} picture nor a figshare .mat file; save it as PNG.",
            kind=Message(kind),
            accepted=_ACCEPTED,
        )
    if data.startswith(b"\xff\xd8"):
        check_jpeg(data)
    warnings: list[str] = []
    notes: list[str] = []
    try:
        pixels = read_tiff(data) if is_tiff(data) else None
        if pixels is None:
            with _open(data) as image:
                pixels = _read_still(image, notes, warnings)
        if is_tiff(data) and has_second_page(data):
            notes.append(mark("The TIFF has more than one page; only the first is read."))
    except SliceError:
        raise
    except Exception as error:  # decoders raise errors of any type on a damaged file
        raise SliceError("The picture is damaged or cut short and could not be read.") from error
    return pixels, tuple(notes), tuple(warnings)


def _open(data: bytes) -> Image.Image:
    """Open a picture by its header alone; one that is too large is refused before it is decoded."""
    try:
        image = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except Image.DecompressionBombError:
        raise SliceError(
            "The picture has far more pixels than a slice; at most {max_side} a side are accepted.", max_side=MAX_SIDE
        ) from None
    except Exception as error:  # Pillow's plug-ins raise errors of any type
        raise SliceError(
            "The file is no readable {accepted} picture, nor a figshare .mat file.", accepted=_ACCEPTED
        ) from error
    require_sides(image.width, image.height)
    return image


def _read_still(image: Image.Image, notes: list[str], warnings: list[str]) -> np.ndarray:
    """Decode a picture of one frame; add sentences to ``notes`` and ``warnings``."""
    frames = int(getattr(image, "n_frames", 1)) if image.format in ("PNG", "WEBP") else 1
    if frames > 1:
        raise SliceError("The picture is an animation of {frames} frames; one still slice is needed.", frames=frames)
    image.load()
    if str(image.info.get("Title", "")).startswith(SIMULATED):
        notes.append(SIMULATED_NOTE)
    return _to_grey(ImageOps.exif_transpose(image), warnings)


def _to_grey(image: Image.Image, warnings: list[str]) -> np.ndarray:
    """Convert a picture of any mode to (H, W) grey values.

    Transparent parts become black. Colour adds a sentence to ``warnings``.
    """
    if image.mode in _DEEP_MODES:
        return np.asarray(image)
    if image.mode in ("1", "L") and "transparency" not in image.info:
        return np.asarray(image.convert("L"))
    if image.mode in ("P", "PA", "LA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        colour = image.convert("RGBA")
        black = Image.new("RGBA", colour.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, colour)
    colour = image.convert("RGB")
    channels = np.asarray(colour, dtype=np.int16)
    if float(np.ptp(channels, axis=2).mean()) > _COLOUR_SPREAD:
        warnings.append(
            mark(
                "This looks like a colour picture; MRI slices are grey, and the networks were trained on grey slices "
                "only."
            )
        )
    return np.asarray(colour.convert("L"))
