"""The command batch: predict's answers for many files, a run that goes on, and what is refused."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.batch.answering import BatchOptions
from core.batch.manifest import MANIFEST
from core.batch.run import run_batch
from core.batch.table import ERRORS_CSV, RESULTS, RESULTS_CSV
from core.cli.main import main
from core.config import ROOT, SAMPLES
from core.files import hold_lock
from tests.core.cli.support import REPORT_BUNDLES, sentence, write_picture
from tests.pages.whole_app.test_disks import in_own_mounts, needs_mounts
from tests.volumes import a_head, dicom_series, nifti

VALUES, _ = a_head()
FEW = VALUES[12:18]
CHILD = """
import sys
import time
from pathlib import Path
from core.batch.answering import BatchOptions
from core.batch.run import run_batch
from core.errors import SliceScopeError
overlays = "overlays" in sys.argv
options = BatchOptions("report-cnn", "report-unet", overlays=overlays)
begin = lambda files: lambda outcome: time.sleep(0 if overlays else 0.1)
try:
    summary = run_batch(
        (sys.argv[1],), Path(sys.argv[2]), options, workers=int(sys.argv[3]), begin=begin, part_seconds=0
    )
except SliceScopeError as error:
    raise SystemExit(str(error))
print(summary.slices)
"""
"""A run that writes a part after every outcome, slowly enough to be ended meanwhile: source, folder, workers."""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(24):
        write_picture(folder / f"{number:02}.png", number)
    return folder


def batch(*arguments: object, status: int = 0) -> None:
    assert main(["batch", *map(str, arguments)]) == status


def results(out: Path) -> list[dict]:
    return [json.loads(text) for text in pd.read_parquet(out / RESULTS)["result"]]


def table(out: Path, name: str = RESULTS_CSV) -> list[dict[str, str]]:
    with (out / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def child(*arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_answers_are_those_of_predict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "head.nii.gz").write_bytes(nifti(FEW, compressed=True))
    files = [*sorted(SAMPLES.glob("*.png"))[::4], tmp_path / "head.nii.gz"]
    assert main(["predict", *map(str, files), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    batch(*files, "--out", tmp_path / "out", "--workers", 2)
    assert results(tmp_path / "out") == printed
    rows = table(tmp_path / "out")
    assert [row["of"] for row in rows] == ["slice"] * (len(printed) - 1) + ["volume"]
    for row, result in zip(rows[:3], printed[:3], strict=True):
        shown = result["gate"]["calibrated_probabilities"]
        assert [float(row[f"p_{name}"]) for name in shown] == pytest.approx(list(shown.values()), rel=1e-5)
        assert row["area_px"] == ("" if result["mask"]["withheld"] else str(result["mask"]["area_px"]))
    assert table(tmp_path / "out", ERRORS_CSV) == []


def test_the_pictures_of_a_folder_are_a_series_where_that_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, names in ((one, ("glioma-axial-1", "no-tumour-axial", "glioma-axial-2")), (two, ("glioma-axial-1",))):
        folder.mkdir()
        for name in names:
            (folder / f"{name}.png").write_bytes((SAMPLES / f"{name}.png").read_bytes())
    assert main(["predict", *map(str, sorted(one.iterdir())), "--as-series", "--json"]) == 0
    *alone, expected = json.loads(capsys.readouterr().out)
    assert expected["of"] == "series" and expected["slices_counted"] == [1, 2]
    batch(one, two, "--out", tmp_path / "out", "--as-series", "--pdf")
    *slices, together = results(tmp_path / "out")
    assert slices[:3] == alone and len(slices) == 4, "a single picture is no series"
    assert together == {**expected, "name": "one"}
    row = table(tmp_path / "out")[-1]
    assert row["of"] == "series" and row["source"] == str(one) and row["slices"] == "3"
    assert row["class"] == "glioma" and "left out: 1 no tumour found" in row["remarks"]
    batch(one, two, "--out", tmp_path / "out", "--pdf")
    assert len(results(tmp_path / "out")) == 4, "without it the same folder has none, and nothing is answered again"


def test_a_picture_alone_is_no_series(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(SAMPLES / "glioma-axial-1.png"), "--as-series"]) != 0
    assert "two or more" in sentence(capsys.readouterr().err)


def test_every_kind_of_source_is_answered_once(commands: None, tmp_path: Path, pictures: Path) -> None:
    for number, data in enumerate(dicom_series(FEW)):
        path = tmp_path / "series" / f"{number}.dcm"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.write(pictures / "03.png", "03.png")
    (pictures / "list.csv").write_text("path\n04.png\n05.png\n")
    sources = [pictures / "0[01].png", pictures / "list.csv", tmp_path / "some.zip", tmp_path / "series"]
    batch(*sources, pictures / "01.png", *REPORT_BUNDLES, "--out", tmp_path / "out")
    rows = table(tmp_path / "out")
    names = [row["name"] for row in rows if row["slice"] == "" and row["of"] == "slice"]
    assert names == ["00.png", "01.png", "04.png", "05.png", "03.png"]
    assert [row["name"] for row in rows if row["of"] == "volume"] == ["series"]
    assert len(rows) == 5 + len(FEW) + 1 and len({row["source"] for row in rows}) == 6


def test_masks_and_overlays_are_those_of_predict(commands: None, tmp_path: Path, pictures: Path) -> None:
    files = [pictures / "00.png", pictures / "01.png"]
    assert main(["predict", *map(str, files), *REPORT_BUNDLES, "--out", str(tmp_path / "predict")]) == 0
    batch(*files, *REPORT_BUNDLES, "--out", tmp_path / "out", "--masks", "--overlays")
    for row in table(tmp_path / "out"):
        stem = Path(row["name"]).stem
        for column, ending in (("mask_file", "mask"), ("overlay_file", "overlay")):
            written = np.asarray(Image.open(tmp_path / "out" / row[column]))
            assert (written == np.asarray(Image.open(tmp_path / "predict" / f"{stem}-{ending}.png"))).all()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty.png": lambda good: b"",
    "cut.png": lambda good: good[:200],
    "text.png": lambda good: b"no picture",
    "picture.gif": lambda good: b"GIF89a" + bytes(40),
    "odd.mat": lambda good: b"MATLAB 5.0" + bytes(200),
    "odd.nii": lambda good: nifti(FEW)[:500],
    "odd.nii.gz": lambda good: nifti(FEW, compressed=True)[:900],
    "odd.dcm": lambda good: dicom_series(FEW)[0][:400],
    "bad.zip": lambda good: b"PK\x03\x04" + bytes(40),
    "constant.nii": lambda good: nifti(np.ones_like(FEW)),
}


def test_broken_files_are_rows_that_say_why(
    commands: None, tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = (pictures / "00.png").read_bytes()
    for name, spoil in BROKEN.items():
        (pictures / name).write_bytes(spoil(good))
    (pictures / "gone.png").symlink_to(tmp_path / "nowhere")
    batch(pictures, *REPORT_BUNDLES, "--out", tmp_path / "out", "--workers", 2, status=1)
    assert len(table(tmp_path / "out")) == 24
    errors = table(tmp_path / "out", ERRORS_CSV)
    assert {Path(row["source"]).name for row in errors} == {*BROKEN, "gone.png"}
    assert all(row["error"].endswith(".") and "\n" not in row["error"] for row in errors)
    assert "11 inputs failed" in capsys.readouterr().err


def test_a_mended_and_a_changed_file_are_answered_anew_and_no_other(
    commands: None, tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "00.png").write_bytes(b"broken")
    batch(pictures, *REPORT_BUNDLES, "--out", tmp_path / "out", status=1)
    write_picture(pictures / "00.png", 50)
    write_picture(pictures / "01.png", 51)
    write_picture(pictures / "zz.png", 52)
    capsys.readouterr()
    batch(pictures, *REPORT_BUNDLES, "--out", tmp_path / "out")
    assert ": 3 slices" in capsys.readouterr().out
    rows = table(tmp_path / "out")
    assert sorted(row["name"] for row in rows) == sorted(path.name for path in pictures.iterdir())
    batch(pictures, *REPORT_BUNDLES, "--out", tmp_path / "fresh")
    key = "source"
    assert sorted(rows, key=lambda row: row[key]) == sorted(table(tmp_path / "fresh"), key=lambda row: row[key])
    assert table(tmp_path / "out", ERRORS_CSV) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_run_goes_on_where_it_was_ended(how: signal.Signals, commands: None, tmp_path: Path, pictures: Path) -> None:
    out = tmp_path / "out"
    running = child(pictures, out, 2)
    end = time.monotonic() + 120
    while len(list((out / "parts").glob("part-*"))) < 4 and running.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    if how == signal.SIGINT:
        os.killpg(running.pid, how)  # as a terminal does
    else:
        running.kill()
    running.communicate()
    kept = len(pd.concat([pd.read_parquet(path) for path in (out / "parts").glob("part-*")]))
    assert 4 <= kept < 24 and not (out / RESULTS).exists()
    options = BatchOptions("report-cnn", "report-unet")
    assert run_batch((str(pictures),), out, options, workers=2).slices == 24 - kept
    assert run_batch((str(pictures),), tmp_path / "whole", options).slices == 24
    assert (out / RESULTS_CSV).read_text() == (tmp_path / "whole" / RESULTS_CSV).read_text()
    assert len(table(out)) == 24


def test_ctrl_c_ends_the_command_with_one_sentence(commands: None, tmp_path: Path, pictures: Path) -> None:
    command = [sys.executable, "-m", "core", "batch", str(pictures), "--out", str(tmp_path / "out"), *REPORT_BUNDLES]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not (tmp_path / "out" / MANIFEST).exists() and running.poll() is None:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130 and "Traceback" not in said
    assert said.strip().splitlines()[-1].endswith("the same command goes on.")


def test_a_worker_that_is_killed_costs_nothing(commands: None, tmp_path: Path, pictures: Path) -> None:
    out = tmp_path / "out"
    running = child(pictures, out, 2)
    workers: list[int] = []
    while len(list((out / "parts").glob("part-*"))) < 2 and running.poll() is None:
        time.sleep(0.01)
    with contextlib.suppress(FileNotFoundError):
        tasks = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        for pid in map(int, tasks):
            if b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes():
                workers.append(pid)
    if not workers:
        pytest.skip("no list of processes here")
    os.kill(workers[0], signal.SIGKILL)
    _, said = running.communicate()
    assert running.returncode == 0, said
    assert len({row["source"] for row in table(out)}) == len(table(out)) == 24
    assert table(out, ERRORS_CSV) == []


def test_two_runs_on_one_folder_are_refused_and_a_lock_left_behind_is_not(
    commands: None, tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    batch(pictures / "00.png", *REPORT_BUNDLES, "--out", out)
    with hold_lock(out / ".lock") as is_free:
        assert is_free
        capsys.readouterr()
        batch(pictures, *REPORT_BUNDLES, "--out", out, status=1)
        assert "Another run" in capsys.readouterr().err
    batch(pictures / "00.png", *REPORT_BUNDLES, "--out", out)


def test_a_folder_of_another_model_or_options_is_refused(
    commands: None, tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [pictures / "00.png", *REPORT_BUNDLES, "--out", tmp_path / "out"]
    batch(*arguments)
    before = (tmp_path / "out" / RESULTS_CSV).read_bytes()
    for options in (["--as-is"], ["--masks"], ["--plane", "axial"], ["--classifier", "unified-unet"]):
        capsys.readouterr()
        batch(*arguments, *options, status=1)
        assert "give another --out" in capsys.readouterr().err, options
        assert (tmp_path / "out" / RESULTS_CSV).read_bytes() == before, options


def test_a_folder_of_other_files_an_empty_source_and_no_folder_are_refused(
    commands: None, tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for source, out in ((pictures, pictures), (tmp_path / "empty", tmp_path / "new"), (pictures, pictures / "00.png")):
        batch(source, *REPORT_BUNDLES, "--out", out, status=1)
        assert sentence(capsys.readouterr().err).startswith("core batch: ")
    assert not (tmp_path / "new").exists()


@needs_mounts
def test_a_full_disk_loses_nothing_that_was_written(commands: None, tmp_path: Path, pictures: Path) -> None:
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    run = f'"{sys.executable}" -c "$CHILD" "{pictures}" "{disk}/out" 1 overlays'
    script = (
        f'{run}; echo "status $?"; ls {disk}/out/parts | wc -l; mount -o remount,size=64m {disk}; {run};'
        f' echo "status $?"; cp -r {disk}/out {copy}'
    )
    command = (*in_own_mounts(f"mount -t tmpfs -o size=160k none {disk}"), "sh", "-c", script)
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"CHILD": CHILD}, capture_output=True, text=True)
    first, parts, slices, second = done.stdout.split("\n")[:4]
    assert first == "status 1" and "takes no further file" in done.stderr and "Traceback" not in done.stderr
    assert second == "status 0" and int(parts) > 0
    assert int(slices) <= 24 - int(parts), "what was written is not done again"
    assert len({row["source"] for row in table(copy)}) == len(table(copy)) == 24
