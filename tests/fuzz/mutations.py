"""Strategies: files that a visitor might send, sound ones damaged and hostile ones made up."""

import struct
import zlib

from hypothesis import strategies as st

EDGES = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 64, 127, 128, 255, 256, 4095, 4096, 4097, 2**15, 2**16 - 1, 2**31 - 1, 2**31)
"""Numbers at which readers tend to fail, with ``2**32 - 1``."""


def numbers(bits=32):
    """Numbers of so many bits, mostly those at the edges."""
    edges = [number for number in (*EDGES, 2**32 - 1) if number < 2**bits]
    return st.sampled_from(edges) | st.integers(0, 2**bits - 1)


@st.composite
def damaged(draw, wholes):
    """One of the ``wholes``, with a few bytes changed, cut out, repeated, or cut off."""
    data = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3, 6]))):
        # Headers are short and decide most.
        at = draw(st.integers(0, min(300, len(data) - 1)) | st.integers(0, len(data) - 1))
        length = draw(st.integers(1, 16))
        match draw(st.sampled_from(["byte", "word", "short", "cut", "repeat", "noise", "end"])):
            case "byte":
                data[at] = draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF, data[at] ^ 1, data[at] ^ 128]))
            case "word":
                order = draw(st.sampled_from(["little", "big"]))
                data[at : at + 4] = draw(numbers()).to_bytes(4, order)
            case "short":
                order = draw(st.sampled_from(["little", "big"]))
                data[at : at + 2] = draw(numbers(16)).to_bytes(2, order)
            case "cut":
                del data[at : at + length]
            case "repeat":
                data[at:at] = data[at : at + length] * draw(st.sampled_from([1, 2, 50, 1000]))
            case "noise":
                data[at : at + length] = draw(st.binary(min_size=length, max_size=length))
            case "end":
                del data[at:]
        if not data:
            data = bytearray(b"\0")
    return bytes(data)


@st.composite
def tiffs(draw):
    """A TIFF, classic or big, of tags with odd values and some content."""
    big, order = draw(st.booleans()), draw(st.sampled_from(["<", ">"]))
    tags = draw(
        st.dictionaries(st.sampled_from(_TAGS) | st.integers(254, 65535), st.lists(numbers(), max_size=5), max_size=5)
    )
    for tag, usual in (
        (256, 40),
        (257, 40),
        (258, 16),
        (259, 1),
        (262, 1),
        (273, 300),
        (277, 1),
        (278, 40),
        (279, 3200),
    ):
        if draw(st.integers(0, 9)):
            tags[tag] = [usual]
    count, entry = ("Q", "HHQ8s") if big else ("H", "HHI4s")
    room, offset = (8, "Q") if big else (4, "I")
    start = 16 if big else 8
    tail_at = start + struct.calcsize(f"={count}") + len(tags) * struct.calcsize(f"={entry}") + room
    page, tail = struct.pack(order + count, len(tags)), b""
    for tag, values in sorted(tags.items()):
        kind = draw(st.sampled_from([4] * 40 + [1, 2, 3, 5, 9, 11, 12, 13, 16, 99]))
        packed = b"".join(struct.pack(order + "I", value) for value in values)
        stated = draw(st.sampled_from([len(values)] * 40 + [1, 0, 2**32 - 1]))
        if len(packed) > room:
            value, tail = struct.pack(order + offset, tail_at + len(tail)), tail + packed
        else:
            value = packed.ljust(room, b"\0")
        page += struct.pack(order + entry, tag, kind, stated, value)
    mark = b"II" if order == "<" else b"MM"
    head = struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8)
    following = struct.pack(order + offset, draw(st.sampled_from([0, 0, 8, 2**31])))
    return mark + head + page + following + tail + draw(st.binary(max_size=200)) * draw(st.sampled_from([1, 100]))


_TAGS = (
    254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 317, 320, 322, 323, 324, 325, 330, 338, 339,
    347, 512, 513, 514, 530, 532, 700, 34665,
)  # fmt: skip


@st.composite
def pngs(draw):
    """A PNG of sound chunks whose header and contents are odd."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    usual = st.just(40) | st.just(40) | numbers()
    header = struct.pack(">II", draw(usual), draw(usual)) + bytes(
        draw(st.sampled_from([0, 1, 2, 3, 4, 6, 8, 16])) for _ in range(5)
    )
    chunks = [chunk(b"IHDR", header)]
    names = st.sampled_from(
        [b"IDAT", b"PLTE", b"tRNS", b"eXIf", b"iCCP", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT", b"gAMA"]
    )
    for name in draw(st.lists(names, max_size=8)):
        content = draw(st.binary(max_size=60)) * draw(st.sampled_from([1, 300]))
        long = draw(st.sampled_from([b"", bytes(10**6)]))
        packed = zlib.compress(content + long) if draw(st.booleans()) else content
        chunks.append(chunk(name, b"a\0\0" + packed if name in (b"iCCP", b"zTXt", b"iTXt") else packed))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


@st.composite
def jpegs(draw, whole):
    """A JPEG whose segments are shuffled, repeated and resized."""
    parts = [b"\xff" + part for part in whole.split(b"\xff")[1:]]
    picked = draw(st.lists(st.sampled_from(parts), max_size=60))
    segment = draw(st.binary(max_size=20))
    marker = bytes([0xFF, draw(st.integers(0xC0, 0xFE))])
    inserted = marker + struct.pack(">H", draw(numbers(16))) + segment
    return b"".join([b"\xff\xd8", *draw(st.permutations([*parts[1:], inserted])), *picked])


@st.composite
def mat5_elements(draw, depth=0):
    """An element of MATLAB's version 5: of numbers, of elements, or compressed; sizes may lie."""
    kind = draw(st.sampled_from([1, 2, 4, 5, 6, 7, 9, 12, 13, 14, 14, 14, 15, 15, 99]))
    if kind in (14, 15) and depth < 4:
        content = b"".join(draw(st.lists(mat5_elements(depth + 1), max_size=5)))
    else:
        content = draw(st.binary(max_size=24) | st.sampled_from([b"cjdata", b"image\0\0\0", struct.pack("<II", 2, 0)]))
    if kind == 15:
        content = zlib.compress(content + draw(st.sampled_from([b"", bytes(10**6)])))
    stated = draw(st.sampled_from([len(content)] * 6 + [0, 4, 2**31, 2**32 - 1]))
    padded = content if kind == 15 else content.ljust(-(-len(content) // 8) * 8, b"\0")
    return struct.pack("<II", kind, stated) + padded


@st.composite
def mat5_files(draw, header, whole):
    """A file of such elements, or of sound ones beside them."""
    around = draw(st.lists(mat5_elements(), max_size=5))
    return header + b"".join(around) + (whole[len(header) :] if draw(st.booleans()) else b"")
