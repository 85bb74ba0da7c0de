"""Read the pixels of a picture file: PNG, JPEG, TIFF, WebP or BMP."""

import io

import numpy as np
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from core.errors import SliceError
from core.readers.mat import MAX_SIDE
from core.text import join_words

SIMULATED = "Simulated"
"""First word of a shipped sample's title, also inside its PNG."""
FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "TIFF": "TIFF", "WEBP": "WebP", "BMP": "BMP"}
"""Pillow's name of each accepted picture format -> the name people use."""


# A photograph's channels differ by tens of grey levels on average; a grey scan saved as colour JPEG,
# or one with a coloured caption, by less than this.
_COLOUR_SPREAD = 12.0


# Modes of one channel with more than 8 bits.
_DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


def read_picture(data: bytes) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """The pixels, (H, W) float32, with notes and warnings; see ``Slice``."""
    try:
        # Only the header is read here; sizes are refused before anything is decoded.
        image = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except Image.DecompressionBombError:
        raise _too_large("far more") from None
    except Exception as error:  # Pillow's plug-ins raise whatever their parsers run into
        formats = join_words(FORMATS.values(), "or")
        raise SliceError(f"The file is no {formats} picture and no figshare .mat file.") from error
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
            pixels = _grey(upright, warnings)
            if _white_is_zero(image):
                pixels = 65535 - pixels
            if image.format == "TIFF" and _has_second_page(image):
                notes.append("The TIFF has more than one page; the first one is shown.")
        except SliceError:
            raise
        except Exception as error:  # as above: a damaged file can break a decoder anywhere
            raise SliceError("The picture is damaged or cut short and could not be read.") from error
    return pixels, tuple(notes), tuple(warnings)


def _has_second_page(image: Image.Image) -> bool:
    # Counting all pages (n_frames) takes Pillow minutes on a small file that claims very many.
    try:
        image.seek(1)
    except Exception:  # no page, or one too damaged to be a page
        return False
    return True


def _white_is_zero(image: Image.Image) -> bool:
    """Whether this is a 16-bit TIFF that counts from white; Pillow turns only those of 8 bits round."""
    return isinstance(image, TiffImageFile) and image.mode.startswith("I;16") and image.tag_v2.get(262) == 0


def _too_large(size: str) -> SliceError:
    return SliceError(f"The picture has {size} pixels a side; at most {MAX_SIDE} a side are accepted.")


def _grey(image: Image.Image, warnings: list[str]) -> np.ndarray:
    """(H, W) float32 grey values of a picture of any mode; transparent parts become black, colour adds a warning."""
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
            "This looks like a colour picture; MRI slices are grey, and the networks have seen nothing else."
        )
    return np.asarray(colour.convert("L"), dtype=np.float32)
