"""A slice, and reading one from any file a person may bring.

Everything is refused or read from bytes in memory: nothing a person uploads touches the disk.
"""

import io
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from core.classes import CLASSES
from core.errors import SliceError
from core.figshare import SIDE, SPACING_MM, Store
from core.matfile import MAX_FILE_BYTES, MAX_SIDE, is_hdf5, read_mat
from core.splits import class_of, number_of
from core.wording import listed

FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "TIFF": "TIFF", "WEBP": "WebP", "BMP": "BMP"}
"""Pillow's name of each accepted picture format -> the name people use."""
EXTENSIONS = ("png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "mat")
DATA_SET_SPACING = "as stated by the data set"
SIMULATED = "Simulated"
"""First word of a shipped sample's title, also inside its PNG."""
MIN_SIDE = 16
"""Shortest side of a slice that is read, in pixels."""

# A photograph's channels differ by tens of grey levels on average; a grey scan saved as colour JPEG,
# or one with a coloured caption, by less than this.
_COLOUR_SPREAD = 12.0
# Modes of one channel with more than 8 bits.
_DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")


@dataclass(frozen=True)
class Slice:
    """One slice and what is known about it.

    Attributes:
        pixels: (H, W) float32, the file's own values.
        name: what to call it on a page.
        spacing_mm: side of a pixel in mm, or None where it is not known.
        spacing_source: whose word that is, such as "as stated by the data set".
        mask: (H, W) bool, the true mask, or None.
        class_name: the true class, or None.
        number: the slice's number in the figshare data set, or None.
        notes: one sentence each on what a reader should know about how it was read.
        warnings: one sentence each on why the slice is hardly what a network expects.
    """

    pixels: np.ndarray
    name: str
    spacing_mm: float | None = None
    mask: np.ndarray | None = None
    class_name: str | None = None
    number: int | None = None
    notes: tuple[str, ...] = field(default=())
    spacing_source: str | None = None
    warnings: tuple[str, ...] = field(default=())


def read_slice(data: bytes, name: str) -> Slice:
    """Read a PNG, JPEG, TIFF, WebP or BMP picture (8 or 16 bit), or a figshare .mat file.

    Args:
        data: the whole file.
        name: its name; a name ending in .mat is read as one.

    Raises:
        SliceError: one sentence on what is wrong with the file and what would be accepted.
    """
    if not data:
        raise SliceError("The file is empty; a picture of one MRI slice is needed.")
    if len(data) > MAX_FILE_BYTES:
        raise SliceError(f"The file has {len(data) / 2**20:.1f} MB; at most {MAX_FILE_BYTES // 2**20} MB are accepted.")
    if name.lower().endswith(".mat"):
        return _from_mat(data, name)
    if is_hdf5(data):
        raise SliceError("The file looks like MATLAB v7.3 but is not named so; give it a name that ends in .mat.")
    pixels, notes, warnings = _from_picture(data)
    return _recognised(_checked(Slice(pixels, name, notes=notes, warnings=warnings)))


def figshare_spacing(shape: tuple[int, ...]) -> float | None:
    """Side of a pixel in mm of a figshare slice: the data set states it for 512-pixel slices only."""
    return SPACING_MM if shape == (SIDE, SIDE) else None


def store_slice(store: Store, number: int) -> Slice:
    """Slice ``number`` of a prepared data set.

    Raises:
        DatasetError: no such slice.
    """
    return data_set_slice(number, store.pixels(number), store.mask(number), store.class_name(number))


def data_set_slice(number: int, pixels: np.ndarray, mask: np.ndarray, class_name: str) -> Slice:
    """Slice ``number`` of the data set.

    Args:
        number: its number, 1 to 3064.
        pixels: (H, W), any number type, upright.
        mask: (H, W) bool, the true mask.
        class_name: the true class.
    """
    return Slice(
        pixels=pixels.astype(np.float32),
        name=f"slice {number}",
        spacing_mm=figshare_spacing(pixels.shape),
        spacing_source=DATA_SET_SPACING,
        mask=mask,
        class_name=class_name,
        number=number,
    )


def _from_mat(data: bytes, name: str) -> Slice:
    found = read_mat(data)
    slice_ = _checked(
        Slice(
            pixels=found.pixels.astype(np.float32),
            name=name,
            mask=found.mask,
            class_name=CLASSES[found.label - 1] if found.label else None,
        )
    )
    return _recognised(slice_)


def _recognised(slice_: Slice) -> Slice:
    """The slice with what is known of it where it is one of the data set's, whatever file it came in.

    The published files keep a scanner's own intensities, of which the digest of 256 grey levels may miss a level; their
    masks tell them. A file of the same layout that is none of the data set's may come from any scanner, so that its
    pixel spacing is not known.
    """
    number = number_of(slice_.pixels, slice_.mask)
    if number is None:
        return slice_
    told = () if slice_.class_name else (f"This is slice {number} of the data set.",)
    return replace(
        slice_,
        number=number,
        class_name=slice_.class_name or class_of(number),
        spacing_mm=figshare_spacing(slice_.pixels.shape),
        spacing_source=DATA_SET_SPACING,
        notes=(*slice_.notes, *told),
    )


def _checked(slice_: Slice) -> Slice:
    pixels = slice_.pixels
    if min(pixels.shape) < MIN_SIDE:
        raise SliceError(
            f"The slice is {pixels.shape[1]} x {pixels.shape[0]} pixels; at least {MIN_SIDE} a side are needed."
        )
    if not np.isfinite(pixels).all():
        raise SliceError("The slice holds values that are no numbers (NaN or infinity); plain intensities are needed.")
    if pixels.min() == pixels.max():
        raise SliceError("Every pixel of the slice has the same value; there is nothing to look at.")
    return slice_


def _from_picture(data: bytes) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """The pixels, (H, W) float32, with notes and warnings; see ``Slice``."""
    try:
        # Only the header is read here; sizes are refused before anything is decoded.
        image = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except Image.DecompressionBombError:
        raise _too_large("far more") from None
    except Exception as error:  # Pillow's plug-ins raise whatever their parsers run into
        formats = listed(FORMATS.values(), "or")
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
