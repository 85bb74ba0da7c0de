"""The command predict: what it prints and writes."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.bundles.bundle import DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER, distinct_bundles, open_bundle
from core.cli.main import main
from core.dataset.slices import read_and_recognise_slice
from core.inference.gate import GateDecision
from core.inference.predictor import Predictor
from core.inference.result import slice_result
from core.outcome import LOW_CONFIDENCE, WITHHELD, GateThresholds
from tests.core.cli.support import REPORT_BUNDLES, sentence, write_picture


@pytest.mark.parametrize(
    ("options", "names"),
    [([], (DEFAULT_CLASSIFIER, DEFAULT_SEGMENTER)), (REPORT_BUNDLES, ("report-cnn", "report-unet"))],
    ids=["one network for both", "two networks"],
)
def test_predict_prints_the_predictor_s_results(
    options: list[str],
    names: tuple[str, str],
    commands: None,
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    paths = [write_picture(tmp_path / "one.png", 1), write_picture(tmp_path / "two.png", 2, width=48, height=80)]
    assert main(["predict", *map(str, paths), *options, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    chosen = open_bundle(names[0], models), open_bundle(names[1], models)
    predictor = Predictor(*chosen)
    for result, path in zip(printed, paths, strict=True):
        slice_ = read_and_recognise_slice(path.read_bytes(), path.name)
        expected = slice_result(slice_, predictor(slice_), distinct_bundles(*chosen))
        assert result.pop("probabilities") == pytest.approx(expected.pop("probabilities"), abs=1e-5)
        assert result == expected
    assert [(result["width"], result["height"]) for result in printed] == [(64, 64), (48, 80)]


def test_predict_writes_overlay_and_mask_at_the_slices_own_size(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_picture(tmp_path / "one.png", 1, width=48, height=80)
    out = tmp_path / "new" / "folder"
    assert main(["predict", str(path), *REPORT_BUNDLES, "--out", str(out), "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)
    assert sorted(file.name for file in out.iterdir()) == ["one-mask.png", "one-overlay.png"]
    with Image.open(out / "one-mask.png") as image:
        assert image.size == (48, 80)
        mask = np.asarray(image)
    assert set(np.unique(mask)) == {0, 255}
    assert (mask > 0).sum() == result["mask"]["area_px"]
    with Image.open(out / "one-overlay.png") as image:
        assert image.size == (48, 80)
        assert image.mode == "RGB"


@pytest.mark.parametrize(("answer", "mask"), [*((name, False) for name in WITHHELD), (LOW_CONFIDENCE, True)])
def test_predict_withholds_mask_outline_and_heat_map_after_the_gate(
    answer: str,
    mask: bool,
    commands: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    decision = GateDecision(answer, 0, 5, np.array([0.1, 0.6, 0.3]), GateThresholds(-1, 1, 0.8, 20, 1))
    predict = Predictor.__call__
    monkeypatch.setattr(Predictor, "__call__", lambda self, slice_: replace(predict(self, slice_), gate=decision))
    out = tmp_path / "out"
    path = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(path), *REPORT_BUNDLES, "--out", str(out), "--json"]) == 0
    (printed,) = json.loads(capsys.readouterr().out)
    assert printed["outcome"] == answer and printed["reason"] == decision.reason
    assert printed["class"] == (printed["likeliest_class"] if mask else None)
    assert (out / "one-mask.png").exists() == mask
    with Image.open(out / "one-overlay.png") as image:
        coloured = np.ptp(np.asarray(image).astype(int), axis=2).any()
    assert coloured == mask


def test_an_unreadable_file_does_not_stop_the_others(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [write_picture(tmp_path / f"good-{i}.png", i) for i in (1, 2)]
    bad = tmp_path / "bad.png"
    bad.write_bytes(good[0].read_bytes()[:200])
    gone = tmp_path / "gone.png"
    files = [str(path) for path in (good[0], bad, gone, good[1])]
    assert main(["predict", *files, *REPORT_BUNDLES, "--out", str(tmp_path / "out")]) == 1
    output = capsys.readouterr()
    lines = output.out.strip().splitlines()
    assert [line.split(":")[0] for line in lines] == [str(path) for path in good]
    assert all("px tumour" in line for line in lines)
    errors = output.err.strip().splitlines()
    assert [line.split(":")[0] for line in errors] == [str(bad), str(gone)], "a line each, and no traceback"
    assert "cut short" in errors[0]
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_files_whose_results_would_overwrite_each_other_are_refused(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a").mkdir()
    same_names = [write_picture(path, 1) for path in (tmp_path / "one.png", tmp_path / "a" / "one.png")]
    assert main(["predict", *map(str, same_names), *REPORT_BUNDLES, "--out", str(tmp_path / "out")]) == 1
    assert "called one" in sentence(capsys.readouterr().err)
    assert main(["predict", *map(str, same_names), *REPORT_BUNDLES]) == 0


def test_json_stays_json_when_a_file_is_unreadable(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    assert main(["predict", str(bad), *REPORT_BUNDLES, "--json"]) == 1
    output = capsys.readouterr()
    assert json.loads(output.out) == []
    refusal = sentence(output.err)
    assert refusal.startswith(f"{bad}: ")
    assert all(accepted in refusal for accepted in ("PNG", "JPEG", "TIFF", "WebP", "BMP", ".mat"))


@pytest.mark.parametrize("option", ["--classifier", "--segmenter"])
def test_an_unknown_bundle_is_one_sentence(
    option: str, commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(path), option, "nothing"]) == 1
    output = capsys.readouterr()
    names = "report-cnn, report-unet, unified-unet"
    assert re.fullmatch(rf"core predict: .* no bundle 'nothing'; .*{names}\.", sentence(output.err))
    assert not output.out


def test_a_bundle_of_the_wrong_task_is_one_sentence(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_picture(tmp_path / "one.png", 1)
    assert main(["predict", str(path), "--segmenter", "report-cnn"]) == 1
    assert re.search(r"is for classification; .*for segmentation", capsys.readouterr().err)


def test_warnings_about_a_file_are_printed_beside_its_prediction(
    commands: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = Image.open(write_picture(tmp_path / "one.png", 1))
    picture.save(tmp_path / "pages.tif", save_all=True, append_images=[picture])
    colour = np.dstack([np.asarray(picture)] * 2 + [255 - np.asarray(picture)])
    Image.fromarray(colour).save(tmp_path / "cat.png")
    paths = [tmp_path / name for name in ("one.png", "pages.tif", "cat.png")]
    assert main(["predict", *map(str, paths), *REPORT_BUNDLES, "--json"]) == 0
    output = capsys.readouterr()
    assert len(json.loads(output.out)) == 3
    pages, cat = (line for line in output.err.splitlines() if line.startswith(str(tmp_path)))
    assert pages.startswith(f"{paths[1]}: ") and "one page" in pages
    assert cat.startswith(f"{paths[2]}: ") and "colour" in cat
