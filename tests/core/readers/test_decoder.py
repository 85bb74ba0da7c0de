"""The process that reads files: it gives what reading gives, is ended in time, and starts again."""

import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from core.config import ROOT
from core.errors import SliceError, WorkerError
from core.readers.decoder import Decoder
from core.readers.decoder_pool import DECODER, DecoderPool
from core.readers.slices import read_slice
from tests.core.inference.test_worker import is_running, wait_until_ended
from tests.pictures import GREY, MASK, PICTURE, PIXELS, encode
from tests.published import mat_bytes

PNG = encode(PICTURE, "PNG")
WITH_READING = "import os, time, core.readers.decoder as d; whole = d.read_slice; d.read_slice = {}; d._serve()"
"""A decoder whose reading is another function."""


def decoder(reading, **options):
    """A decoder that reads a file named "odd" by ``reading``, an expression, and others as ever."""
    code = WITH_READING.format(f"lambda data, name: ({reading}) if name == 'odd' else whole(data, name)")
    return Decoder(command=("-c", code), **options)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (PNG, "slice.png"),
        (encode(PICTURE, "TIFF", save_all=True, append_images=[PICTURE]), "slice.tif"),
        (mat_bytes(PIXELS, MASK, label=2), "1.mat"),
    ],
)
def test_the_process_gives_what_reading_gives(data, name):
    ours, its = read_slice(data, name), DECODER.read(data, name)
    np.testing.assert_array_equal(its.pixels, ours.pixels)
    assert its.pixels.dtype == np.float32
    np.testing.assert_array_equal(its.mask, ours.mask)
    assert (its.name, its.class_name, its.notes, its.warnings) == (
        ours.name,
        ours.class_name,
        ours.notes,
        ours.warnings,
    )


@pytest.mark.parametrize("data", [b"", b"not a picture", PNG[:300], encode(PICTURE, "GIF")])
def test_a_refusal_is_the_same_sentence(data):
    with pytest.raises(SliceError) as ours:
        read_slice(data, "slice.png")
    with pytest.raises(SliceError) as its:
        DECODER.read(data, "slice.png")
    assert str(its.value) == str(ours.value)


def test_files_share_one_process_which_is_another():
    pool = DecoderPool()
    pool.read(PNG, "a.png")
    first = pool.pids
    pool.read(PNG, "b.png")
    assert pool.pids == first and len(first) == 1


@pytest.mark.parametrize("hostile", [1, 2])
def test_a_hostile_file_does_not_hold_up_an_innocent_one(hostile):
    pool = DecoderPool(make=lambda: decoder("[None for _ in iter(int, 1)]", seconds=4.0))
    pool.read(PNG, "warm.png")
    refused = []

    def send():
        with pytest.raises(SliceError, match="4 s"):
            pool.read(PNG, "odd")
        refused.append(time.monotonic())

    threads = [threading.Thread(target=send) for _ in range(hostile)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    np.testing.assert_array_equal(pool.read(PNG, "innocent.png").pixels, GREY)
    answered = time.monotonic()
    for thread in threads:
        thread.join()
    assert len(refused) == hostile and answered < min(refused)
    assert len(pool.pids) == 1, "what was started besides has ended"


def test_an_ordinary_rush_starts_no_further_process():
    pool = DecoderPool(wait=60)
    threads = [threading.Thread(target=pool.read, args=(PNG, f"{i}.png")) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pool.pids) == 1


def test_no_more_processes_run_than_the_pool_may_have():
    pool, seen = DecoderPool(processes=2, wait=0, make=lambda: decoder("time.sleep(0.3) or whole(data, name)")), []

    def send():
        pool.read(PNG, "odd")
        seen.append(len(pool.pids))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(seen) <= 2 and len(pool.pids) == 1


def test_the_process_loads_nothing_heavy():
    code = "import sys, core.readers.decoder; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert not {"tensorflow", "keras", "streamlit", "pandas", "scipy", "h5py"} & set(loaded)


@pytest.mark.parametrize("reading", ["[None for _ in iter(int, 1)]", "time.sleep(600)"], ids=["computes", "waits"])
def test_a_file_that_takes_too_long_is_refused_and_the_next_one_read(reading):
    slow = decoder(reading, seconds=0.5)
    slow.read(PNG, "slice.png")
    before = slow.pid
    started = time.monotonic()
    with pytest.raises(SliceError, match=r"0\.5 s"):
        slow.read(PNG, "odd")
    assert time.monotonic() - started < 20
    assert wait_until_ended(before)
    np.testing.assert_array_equal(slow.read(PNG, "slice.png").pixels, GREY)
    assert slow.pid not in (None, before)


def test_a_file_that_ends_the_process_is_refused_and_the_next_one_read():
    fragile = decoder("os.abort()")
    with pytest.raises(SliceError, match="damaged"):
        fragile.read(PNG, "odd")
    np.testing.assert_array_equal(fragile.read(PNG, "slice.png").pixels, GREY)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory")
def test_a_file_that_takes_too_much_memory_is_refused_and_the_process_goes_on():
    hungry = decoder("bytearray(2**32)")
    with pytest.raises(SliceError):
        hungry.read(PNG, "odd")
    before = hungry.pid
    hungry.read(PNG, "slice.png")
    assert hungry.pid == before is not None


def test_what_a_library_prints_does_not_stand_between_the_answers():
    loud = decoder("os.write(1, b'noise') and whole(data, name)")
    np.testing.assert_array_equal(loud.read(PNG, "odd").pixels, GREY)
    np.testing.assert_array_equal(loud.read(PNG, "slice.png").pixels, GREY)


def test_an_interrupted_wait_does_not_give_its_answer_to_the_next_file(monkeypatch):
    ordinary = Decoder()
    ordinary.read(PNG, "slice.png")
    load = pickle.load

    def interrupt(_):
        monkeypatch.setattr(pickle, "load", load)
        raise KeyboardInterrupt

    monkeypatch.setattr(pickle, "load", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ordinary.read(PNG, "first.png")
    assert ordinary.read(PNG, "second.png").name == "second.png"


@pytest.mark.parametrize("command", [("-c", "raise SystemExit(1)"), ("-m", "core.no_such_module")])
def test_a_process_that_cannot_start_is_told_in_a_sentence(command):
    with pytest.raises(WorkerError, match="could not be started"):
        Decoder(command=command).read(PNG, "slice.png")


def test_threads_get_their_own_files():
    shared, names = Decoder(), [f"{i}.png" for i in range(12)]
    read = {}
    threads = [threading.Thread(target=lambda n=n: read.update({n: shared.read(PNG, n).name})) for n in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == {name: name for name in names}


@pytest.mark.parametrize("reading", ["whole(data, name)", "[None for _ in iter(int, 1)]"], ids=["idle", "busy"])
def test_the_process_ends_with_a_killed_parent(reading):
    code = f"""
import threading, time
from tests.core.readers.test_decoder import PNG, decoder
one = decoder({reading!r}, seconds=1.0)
one.read(PNG, "slice.png")
print(one.pid, flush=True)
threading.Thread(target=lambda: one.read(PNG, "odd"), daemon=True).start()
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
    assert wait_until_ended(pid, 30)


def test_a_sample_needs_no_process():
    code = (
        "from core.readers.samples import read_samples; from core.readers.decoder_pool import DECODER; "
        "read_samples()[0].slice(); print(DECODER.pids)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
