"""The viewer without a browser: what it is sent is the slice, and its script draws what core.inference.render draws."""

import json
import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.config import ROOT
from core.inference.render import (
    COLOUR_MAPS,
    SHOW_HEAT_MAP,
    SHOW_TRUTH,
    DisplayOptions,
    colour_table,
    compose_overlay,
    default_window,
    grey_image,
    outline,
)
from core.readers.slices import Slice
from core.translation.language import speaking
from panels.shared.viewer.viewer import (
    MODULES,
    Adjusting,
    Volume,
    adjust_as_wished,
    component_html,
    component_script,
    heat_layer,
    mask_layers,
    packed_picture,
    probability_layer,
    step_as_wished,
    stored_values,
)
from panels.shared.viewer.words import TEXTS, spoken_words

FOLDER = ROOT / "panels" / "shared" / "viewer"
MOST_SCRIPT = 40_000
"""Bytes."""
with_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
GENERATOR = np.random.default_rng(0)


def unpacked(packed: bytes) -> tuple[dict[str, Any], np.ndarray]:
    (length,) = struct.unpack("<I", packed[:4])
    return json.loads(packed[4 : 4 + length]), np.frombuffer(zlib.decompress(packed[4 + length :]), np.uint8)


def a_slice(pixels: np.ndarray, **fields: Any) -> Slice:
    return Slice(pixels.astype(np.float32), "a slice.png", **fields)


def node(script: str, **values: Any) -> Any:
    """Run a script with the viewer's pure functions as ``p`` and values as ``v``; return what it leaves in ``out``."""
    program = f"""
        import * as p from {json.dumps((FOLDER / "picture.mjs").as_uri())};
        import {{ readFileSync }} from "node:fs";
        const v = JSON.parse(readFileSync(0, "utf8"));
        {script}
        console.log(JSON.stringify(out));"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@with_node
def test_the_scripts_own_tests_pass() -> None:
    done = subprocess.run(["node", "--test", Path(__file__).parent], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"^# pass (\d+)", done.stdout, re.MULTILINE)[1]) > 10


def test_every_text_of_the_viewer_s_document_and_script_can_be_translated() -> None:
    html = (FOLDER / "viewer.html").read_text(encoding="utf-8")
    said = set(re.findall(r'(?:aria-label|aria-roledescription|title)="([^"]+)"', html))
    said |= {text.strip() for text in re.findall(r">([^<>]+)<", html) if text.strip()}
    for name in MODULES:
        said |= set(re.findall(r'say\(\w+, "([^"]+)"', (FOLDER / f"{name}.mjs").read_text(encoding="utf-8")))
    assert said <= set(TEXTS)
    assert spoken_words() == {}
    with speaking("es"):
        assert spoken_words()["decimal"] == ","


def test_the_script_is_small_and_needs_no_host_nor_an_unsafe_policy() -> None:
    files = {
        path.name: path.read_text(encoding="utf-8")
        for path in FOLDER.iterdir()
        if path.suffix != ".py" and path.is_file()
    }
    assert {f"{name}.mjs" for name in MODULES} == {name for name in files if name.endswith(".mjs")}
    assert sum(len(text.encode()) for name, text in files.items() if name.endswith(".mjs")) <= MOST_SCRIPT
    for name, text in files.items():
        assert not re.search(
            r"\beval\(|new Function|innerHTML|https?:|\son\w+=|\sstyle=|<script|@import|url\(", text
        ), name
    script = component_script()
    assert not re.search(r"^import ", script, re.MULTILINE) and script.count("export default") == 1


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("adjusting", [False, True])
@pytest.mark.parametrize("stepping", [False, True])
def test_a_viewer_has_its_buttons_before_its_script_has_come(small: bool, adjusting: bool, stepping: bool) -> None:
    """Else its tools take another number of rows at first, and the picture moves."""
    html = component_html(small=small, adjusting=adjusting, stepping=stepping)
    assert ('class="viewer small"' in html) == small
    for name, is_there in (("adjusting", adjusting), ("stepping", stepping)):
        assert (f'<span class="{name}">' in html) == is_there
        assert (f'<span class="{name}" hidden>' in html) != is_there


@pytest.mark.parametrize(
    ("pixels", "bytes_", "is_exact"),
    [
        (np.array([[3.0, 258]]), 1, True),
        (np.array([[-1000.0, 3000], [0, 1]]), 2, True),
        (np.array([[0.25, 0.5]]), 2, False),
        (np.array([[0.0, 1e6]]), 2, False),
        (np.array([[7.0, 7]]), 1, True),
    ],
)
def test_whole_numbers_are_kept_and_others_to_a_65535th_of_their_range(pixels, bytes_, is_exact) -> None:
    stored, offset, scale = stored_values(pixels)
    assert stored.dtype.itemsize == bytes_
    assert np.abs(offset + scale * stored - pixels).max() <= (0 if is_exact else np.ptp(pixels) / 65535)


def test_what_is_sent_holds_the_slice_and_its_layers() -> None:
    pixels = GENERATOR.integers(0, 4000, (6, 5))
    mask = pixels > 2000
    heat = GENERATOR.random((6, 5))
    layers = [heat_layer(heat, "evidence"), probability_layer(heat), *mask_layers(mask, ~mask)]
    header, planes = unpacked(
        packed_picture(a_slice(pixels, spacing_mm=0.5, notes=("Simulated.",)), layers, {"key": "k"})
    )
    assert (header["width"], header["height"], header["bytes"], header["spacing"], header["step"]) == (5, 6, 2, 0.5, 1)
    assert header["key"] == "k" and header["notes"] == "Simulated." and header["file"] == "a-slice-view.png"
    assert [layer["name"] for layer in header["layers"]] == [SHOW_HEAT_MAP, "Probability", SHOW_TRUTH, "Predicted mask"]
    *image, tables = np.split(planes, np.arange(1, 7) * 30)
    low, high, hot, probable, true, predicted = (plane.reshape(6, 5) for plane in image)
    assert (header["offset"] + low + high.astype(int) * 256 == pixels).all()
    assert (hot == np.rint(heat * 255)).all() and (probable == hot).all()
    assert (true == ~mask).all() and (predicted == mask).all()
    assert (tables.reshape(4, 256, 3) == [np.rint(colour_table(name)) for name in COLOUR_MAPS]).all()


def test_a_large_slice_is_thinned_out_and_says_so() -> None:
    header, _ = unpacked(packed_picture(a_slice(np.zeros((3000, 1200))), [], {}))
    assert (header["step"], header["width"], header["height"]) == (3, 400, 1000)


def test_another_picture_layer_or_word_has_another_id_and_a_picture_keeps_its_own() -> None:
    slice_ = a_slice(np.arange(20).reshape(4, 5))
    mask = slice_.pixels > 3
    first, again, *others = (
        unpacked(packed_picture(*arguments))[0]
        for arguments in (
            (slice_, [], {}),
            (slice_, [], {}),
            (slice_, mask_layers(mask, None), {}),
            (slice_, mask_layers(~mask, None), {}),
            (slice_, [], {"caption": "another"}),
            (replace(slice_, pixels=slice_.pixels[::-1].copy()), [], {}),
        )
    )
    assert first == again
    assert len({header["id"] for header in (first, *others)}) == 5
    assert [header["picture"] == first["picture"] for header in others] == [True, True, True, False]


def test_a_true_mask_without_a_tumour_is_no_layer() -> None:
    assert mask_layers(None, np.zeros((2, 2), bool)) == []


@pytest.mark.parametrize(("wish", "step"), [(1, 1), (9, 2), (-9, -2), ("1", None), (None, None)])
def test_steps_stay_within_the_volume(wish, step) -> None:
    steps: list[int] = []
    step_as_wished(Volume(3, 5, steps.append), wish)
    assert steps == ([] if step is None else [step])


def test_what_a_browser_may_not_ask_for_changes_nothing() -> None:
    asked: list[Any] = []
    adjusting = Adjusting(lambda kind, box: asked.append((kind, box)), undoable=False)
    for wish in (
        {},
        {"kind": "delete"},
        {"kind": "crop"},
        {"kind": "crop", "box": [1, 2, "3", 4]},
        {"kind": ["left"]},
        3,
        None,
    ):
        adjust_as_wished(adjusting, wish)
    assert not asked
    adjust_as_wished(adjusting, {"kind": "left"})
    adjust_as_wished(adjusting, {"kind": "crop", "box": [1, 20, 3, 40]})
    assert asked == [("left", None), ("crop", (1, 20, 3, 40))]


@with_node
@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (40, 700), (640, 20)])
def test_outlines_are_those_of_render(shape) -> None:
    mask = GENERATOR.random(shape) > 0.7
    found = node(
        "const out = [...p.outline(v.mask, v.width, v.height)]",
        mask=mask.astype(int).ravel().tolist(),
        width=shape[1],
        height=shape[0],
    )
    assert (np.array(found).reshape(shape) == outline(mask)).all()


@with_node
def test_grey_values_are_those_of_render() -> None:
    pixels = GENERATOR.normal(0, 300, (9, 9)).round()
    header, planes = unpacked(packed_picture(a_slice(pixels), [], {}))
    window = default_window(pixels)
    found = node(
        "const { values } = p.splitPlanes(v.header, Uint8Array.from(v.planes)); const out = [...values].map("
        "(value) => p.greyTable(v.header, ...v.window)[value] & 255)",
        header=header,
        planes=planes.tolist(),
        window=window,
    )
    assert (np.array(found).reshape(9, 9) == grey_image(pixels, *window)[..., 0]).all()


@with_node
@pytest.mark.parametrize("fill", [False, True])
@pytest.mark.parametrize("colours", range(len(COLOUR_MAPS)))
def test_layers_are_those_of_render(fill, colours) -> None:
    pixels = GENERATOR.integers(0, 255, (16, 16))
    mask, truth = (GENERATOR.random((16, 16)) > 0.6 for _ in range(2))
    heat = GENERATOR.integers(0, 256, (16, 16)) / 255
    slice_ = a_slice(pixels, mask=truth)
    header, planes = unpacked(packed_picture(slice_, [heat_layer(heat, ""), *mask_layers(mask, truth)], {}))
    look = {"layers": {}, "fill": fill, "maskOpacity": 0.8, "heatOpacity": 0.5, "colours": colours}
    rgba = node(
        "const rgba = new Uint8ClampedArray(v.header.width * v.header.height * 4);"
        "p.paintLayers(v.header, p.splitPlanes(v.header, Uint8Array.from(v.planes)), v.look, rgba, []);"
        "const out = [...rgba]",
        header=header,
        planes=planes.tolist(),
        look=look,
    )
    over = np.array(rgba, float).reshape(16, 16, 4)
    window = default_window(slice_.pixels)
    alpha = over[..., 3:] / 255
    found = grey_image(slice_.pixels, *window) * (1 - alpha) + over[..., :3] * alpha
    options = DisplayOptions(*window, heat_opacity=0.5, mask_opacity=0.8, fill=fill, colour_map=COLOUR_MAPS[colours])
    wanted = compose_overlay(slice_.pixels, options, mask=mask, heat=heat, truth=truth)
    assert np.abs(found - wanted).max() < 3, "a canvas keeps eight bits of opacity"
