"""Slices of the data set as tiles that open, page by page; a tile shows what ships of a slice that is not at hand."""

import hashlib
import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.inference.render import SHOW_TRUTH, DisplayOptions, compose_overlay, default_window, encode_png
from core.readers.slices import Slice
from core.translation.messages import tr
from panels.shared.controls import fragment, run_whole_page
from panels.shared.link.address import bound, change, show, take
from panels.shared.model_choice import chosen_model
from panels.shared.slices.data_set.find import find_slices
from panels.shared.slices.data_set.outline import outline_tiles
from panels.shared.slices.data_set.source import draw_source, look_again
from panels.shared.slices.image import shown_pixels
from panels.shared.theme import escape_markdown

PER_PAGE = 12
_WIDTH = 150
"""Least width of a tile in pixels."""
_SIDE = 256
"""Side of a tile's picture in pixels: twice what it is shown at, at most."""

_SLICE, _OPENED = "slice", "opened_slice"
"""The open slice's name in the address, and its key in the session."""
_LISTED = "listed_slices"
"""Session key: by gallery, the numbers of the slices on all its pages of tiles; the last drawn is last."""

TileCaption = Callable[[pd.Series], str]
"""A row of stored predictions -> what stands below its tile, in Markdown."""


def open_slice(number: int) -> None:
    """Open a slice: write its number into the address; the page shows the slice the address names."""
    st.session_state[_OPENED] = str(number)
    change({_SLICE: [str(number)]})


def open_on_page(number: int) -> None:
    """Open a slice from a fragment: the dialog stands outside it."""
    open_slice(number)
    run_whole_page()


@fragment
def draw_gallery(
    table: pd.DataFrame, *, caption: TileCaption, key: str, per_page: int = PER_PAGE, width: int = _WIDTH
) -> None:
    """Draw the rows of a table as tiles, one page at a time; a press opens the slice (``open_slice``).

    Another page of tiles redraws nothing else.

    Args:
        table: rows of stored predictions in the order in which they are shown.
        caption: gives what stands below a tile.
        key: of the choice of the page of tiles, also its name in the address.
        per_page: tiles on a page.
        width: least width of a tile in pixels.
    """
    listed = st.session_state.setdefault(_LISTED, {})
    listed.pop(key, None)
    listed[key] = table["slice"].tolist()
    pages = max(1, math.ceil(len(table) / per_page))
    if st.session_state.get(key, 1) > pages:  # the table is shorter than before
        st.session_state[key] = pages
    notice, body = st.container(), st.container()
    page = 1
    if pages > 1:
        page = bound(st.pagination, pages, key=key)
    rows = table.iloc[(page - 1) * per_page : page * per_page]
    found = find_slices(rows["slice"].tolist())
    with notice:
        draw_source(found, key=key)
    with body:
        draw_tiles(rows, found.by_number, caption=caption, key=key, width=width, on_press=open_on_page)
        look_again(found, key=key)


def draw_tiles(
    rows: pd.DataFrame,
    slices: dict[int, Slice],
    *,
    caption: TileCaption,
    key: str,
    width: int = _WIDTH,
    on_press: Callable[[int], None] = open_slice,
) -> None:
    """Draw a tile for each row, as many side by side as there is room for.

    Args:
        rows: of stored predictions.
        slices: those at hand, by number.
        caption: gives what stands below a tile.
        key: tells these tiles from others on the page.
        width: least width of a tile in pixels.
        on_press: takes the number of a pressed tile's slice.
    """
    grid = st.grid(min_column_width=width, gap="small")
    # Of all rows, as long as one is missing: they are kept together while slices come one by one.
    outlines = outline_tiles(rows, chosen_model()) if not rows["slice"].isin(slices.keys()).all() else {}
    for _, row in rows.iterrows():
        number = int(row["slice"])
        slice_ = slices.get(number)
        with grid.container(gap=None, key=f"{key}_thumbnail_{number}"):
            st.image(
                outlines[number] if slice_ is None else _thumbnail_png(slice_),
                width="stretch",
                output_format="PNG",
                alt=(
                    tr("Slice {number}", number=number)
                    if slice_
                    else tr("Slice {number}: the head's outline, not the slice", number=number)
                ),
            )
            st.button(
                caption(row),
                key=f"{key}_tile_{number}",
                help=tr("Open slice {number}", number=number),
                on_click=on_press,
                args=(number,),
                type="tertiary",
                width="stretch",
            )


def listed_neighbours(number: int) -> tuple[int | None, int | None]:
    """Return the slices before and after one in the order of its gallery's tiles; None where there is none."""
    galleries = reversed(st.session_state.get(_LISTED, {}).values())
    listed = next((numbers for numbers in galleries if number in numbers), None)
    if listed is None:
        return None, None
    place = listed.index(number)
    return (listed[place - 1] if place else None), (listed[place + 1] if place + 1 < len(listed) else None)


def close_slice() -> None:
    """Close the open slice: take its number out of the address."""
    st.session_state[_OPENED] = ""
    change({_SLICE: []})


def opened_slice(numbers: Sequence[int]) -> int | None:
    """Return the number of the slice the address names if it is one of ``numbers``, else None."""
    text = _opened()
    return int(text) if text.isdecimal() and len(text) < 6 and int(text) in set(numbers) else None


def _opened() -> str:
    """Return what the address has for the slice."""
    texts = take(_SLICE)
    if texts is not None:
        st.session_state[_OPENED] = texts[-1] if texts else ""
    text = str(st.session_state.get(_OPENED, ""))
    show(_SLICE, [text] if text else [])
    return text


def tell_unknown_slice() -> None:
    """Draw a sentence where the address names a slice though none is open."""
    if text := _opened():
        st.warning(tr("There is no slice {text} on this page.", text=escape_markdown(text)), icon=":material/link_off:")


def _picture_digest(slice_: Slice) -> str:
    digest = hashlib.sha256(f"{slice_.pixels.dtype} {slice_.pixels.shape}".encode())
    for part in (slice_.pixels, slice_.mask):
        digest.update(b"" if part is None else part.tobytes())
    return digest.hexdigest()


def outlined_thumbnail(slice_: Slice) -> np.ndarray:
    """Return a small image of the slice with the outline of its true mask, (h, w, 3) uint8."""
    shown = shown_pixels(slice_, longest_side=_SIDE)
    pixels = slice_.pixels[shown]
    truth = None if slice_.mask is None else slice_.mask[shown]
    return compose_overlay(pixels, DisplayOptions(*default_window(pixels), layers=(SHOW_TRUTH,)), truth=truth)


@st.cache_resource(max_entries=512, show_spinner=False, hash_funcs={Slice: _picture_digest})
def _thumbnail_png(slice_: Slice) -> bytes:
    return encode_png(outlined_thumbnail(slice_))
