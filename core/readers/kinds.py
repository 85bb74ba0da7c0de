"""Tell a file's kind by its first bytes, to refuse by its true name what is not read here."""

from core.translation.messages import mark

_FIRST_BYTES = {
    b"GIF87a": mark("a GIF"),
    b"GIF89a": mark("a GIF"),
    b"\0\0\0\x0cjP  \r\n\x87\n": mark("a JPEG 2000"),
    b"\xff\x4f\xff\x51": mark("a JPEG 2000"),
    b"\0\0\0\x0cJXL \r\n\x87\n": mark("a JPEG XL"),
    b"\xff\x0a": mark("a JPEG XL"),
    b"II\xbc\x01": mark("a JPEG XR"),
    b"8BPS": mark("a Photoshop file"),
    b"\x76\x2f\x31\x01": mark("an OpenEXR picture"),
    b"%PDF": mark("a PDF"),
    b"PK\x03\x04": mark("a ZIP"),
    b"\x1f\x8b": mark("a gzip"),
}
# The brands with which a file of boxes, such as those of phones, begins; the more special ones first.
_BRANDS = {
    mark("a HEIC"): (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"),
    mark("an AVIF"): (b"avif", b"avis"),
    mark("a HEIF"): (b"mif1", b"msf1", b"miaf"),
}
_MOST_BRANDS = 32


def is_hdf5(data: bytes) -> bool:
    """Tell whether ``data`` starts with the signature of HDF5, plain or behind MATLAB's 512-byte header."""
    signature = b"\x89HDF\r\n\x1a\n"
    return data[:8] == signature or data[512:520] == signature


def is_mat(data: bytes) -> bool:
    """Tell whether ``data`` is a MATLAB file of version 5, 7 or 7.3 (or HDF5, which 7.3 is)."""
    return is_hdf5(data) or (data[:6] == b"MATLAB" and data[126:128] in (b"IM", b"MI"))


def foreign_kind(data: bytes) -> str | None:
    """Name a kind of file that is not read here, with its article ("a GIF"), or return None for any other."""
    if data[4:8] == b"ftyp":
        return _kind_of_boxes(data)
    if data[128:132] == b"DICM":
        return mark("a DICOM")
    if data[344:348] in (b"n+1\0", b"ni1\0"):
        return mark("a NIfTI")
    return next((kind for first, kind in _FIRST_BYTES.items() if data.startswith(first)), None)


def _kind_of_boxes(data: bytes) -> str:
    stated = min(int.from_bytes(data[:4], "big"), 16 + 4 * _MOST_BRANDS)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, stated, 4))}
    return next(
        (kind for kind, known in _BRANDS.items() if brands & set(known)), mark("an ISO media file (such as MP4)")
    )
