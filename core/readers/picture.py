"""Read the pixels of a picture file: PNG, JPEG, TIFF, WebP or BMP."""

import io

import numpy as np
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from core.errors import SliceError
from core.readers.mat import MAX_SIDE
from core.text import join_words

SIMULATED = "Simulated"
"""First word of a shipped sample's title, in samples.json and in its PNG file."""
FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "TIFF": "TIFF", "WEBP": "WebP", "BMP": "BMP"}
"""Accepted picture formats: Pillow's name -> the usual name."""

# A photograph's channels differ by tens of grey levels on average; a grey scan saved as colour JPEG,
# or one with a coloured caption, by less than this.
_COLOUR_SPREAD = 12.0
# Pillow's modes of one channel with more than 8 bits.
_DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


def read_picture(data: bytes) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Read a picture's pixels, (H, W) float32, with notes and warnings; see ``core.readers.slices.Slice``.

    Raises:
        SliceError: the data is not an accepted picture, or is damaged, animated or too large.
    """
    try:
        # This reads the header only; a picture that is too large is refused before it is decoded.
        image = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except Image.DecompressionBombError:
        raise _too_large("far more") from None
    except Exception as error:  # Pillow's plug-ins raise errors of any type
        formats = join_words(FORMATS.values(), "or")
        raise SliceError(f"The file is not a {formats} picture, nor a figshare .mat file.") from error
    with image:
        if max(image.size) > MAX_SIDE:
            raise _too_large(f"{image.width} x {image.height}")
        notes: list[str] = []
        warnings: list[str] = []
        try:
            frames = int(getattr(image, "n_frames", 1)) if image.format in ("PNG", "WEBP") else 1
            if frames > 1:
                raise SliceError(f"The picture is an animation of {frames} frames; one still slice is needed.")
            image.load()
            if str(image.info.get("Title", "")).startswith(SIMULATED):
                notes.append(f"{SIMULATED}: made by a program from an openly licensed template.")
            upright = ImageOps.exif_transpose(image)
            pixels = _to_grey(upright, warnings)
            if _white_is_zero(image):
                pixels = 65535 - pixels
            if image.format == "TIFF" and _has_second_page(image):
                notes.append("The TIFF has more than one page; only the first is read.")
        except SliceError:
            raise
        except Exception as error:  # decoders raise errors of any type on a damaged file
            raise SliceError("The picture is damaged or cut short and could not be read.") from error
    return pixels, tuple(notes), tuple(warnings)


def _has_second_page(image: Image.Image) -> bool:
    # Pillow's n_frames counts all pages, which takes minutes on a small file that claims very many.
    try:
        image.seek(1)
    except Exception:  # no second page, or a damaged one
        return False
    return True


def _white_is_zero(image: Image.Image) -> bool:
    """Tell whether this is a 16-bit TIFF in which 0 is white; Pillow inverts such TIFFs of 8 bits only."""
    return isinstance(image, TiffImageFile) and image.mode.startswith("I;16") and image.tag_v2.get(262) == 0


def _too_large(size: str) -> SliceError:
    return SliceError(f"The picture has {size} pixels a side; at most {MAX_SIDE} a side are accepted.")


def _to_grey(image: Image.Image, warnings: list[str]) -> np.ndarray:
    """Convert a picture of any mode to (H, W) float32 grey values.

    Transparent parts become black. Colour adds a sentence to ``warnings``.
    """
    if image.mode in _DEEP_MODES:
        return np.asarray(image).astype(np.float32)
    if image.mode in ("1", "L") and "transparency" not in image.info:
        return np.asarray(image.convert("L"), dtype=np.float32)
    if image.mode in ("P", "PA", "LA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        colour = image.convert("RGBA")
        black = Image.new("RGBA", colour.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, colour)
    colour = image.convert("RGB")
    channels = np.asarray(colour, dtype=np.int16)
    if float(np.ptp(channels, axis=2).mean()) > _COLOUR_SPREAD:
        warnings.append(
            "This looks like a colour picture; MRI slices are grey, and the networks were trained on grey slices only."
        )
    return np.asarray(colour.convert("L"), dtype=np.float32)
