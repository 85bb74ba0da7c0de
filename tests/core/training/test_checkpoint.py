import copy
import json
import multiprocessing
import os

import numpy as np
import pytest

from core.errors import TrainingError
from core.training.checkpoint import STATE_NAME, State, load_state, save_state
from tests.killing import KILLED, save_killed_at


def a_state(epoch):
    """A state whose every part tells its epoch."""
    random = np.random.default_rng(epoch)
    return State(
        variables=[random.random((40, 30), np.float32), np.array([epoch, 7], np.uint32)],
        optimizer=[np.array(epoch), np.float32(1e-3 / epoch), random.random((40, 30), np.float32)],
        best=[random.random((40, 30), np.float32)],
        best_value=0.5 / epoch,
        best_epoch=epoch,
        history=[{"epoch": e, "loss": 1 / e, "learning_rate": 1e-3} for e in range(1, epoch + 1)],
        counters={"early_stopping": {"wait": epoch, "best": 0.5 / epoch, "stopped_epoch": 0}, "reduce_rate": {}},
        finished=epoch > 1,
        recipe={"name": "report-cnn", "training": {"batch": 300, "patience": None}},
    )


def same(state, other):
    """Whether two states are equal, down to the types of their arrays."""
    for name in ("variables", "optimizer", "best"):
        first, second = getattr(state, name), getattr(other, name)
        if len(first) != len(second):
            return False
        for a, b in zip(first, second, strict=True):
            if a.dtype != b.dtype or a.shape != b.shape or not (a == b).all():
                return False
    names = ("best_value", "best_epoch", "history", "counters", "finished", "recipe")
    return all(getattr(state, name) == getattr(other, name) for name in names)


OLD, NEW = a_state(1), a_state(2)


def test_a_state_comes_back_as_it_was(tmp_path):
    save_state(tmp_path, NEW)
    assert same(load_state(tmp_path), NEW)
    assert not same(load_state(tmp_path), OLD)


def test_arrays_keep_their_order_beyond_the_tenth(tmp_path):
    state = copy.copy(OLD)
    state.variables = [np.array(i) for i in range(120)]
    save_state(tmp_path, state)
    assert [int(value) for value in load_state(tmp_path).variables] == list(range(120))


def test_a_state_before_its_first_best_comes_back(tmp_path):
    empty = State([], [], [], None, 0, [], {}, False)
    save_state(tmp_path, empty)
    assert same(load_state(tmp_path), empty)


def test_infinity_in_a_counter_comes_back(tmp_path):
    # What Keras' callbacks start with.
    state = copy.copy(OLD)
    state.counters = {"early_stopping": {"best": float("inf"), "wait": 0}}
    save_state(tmp_path, state)
    assert load_state(tmp_path).counters == state.counters


def test_no_state_is_none_and_not_an_error(tmp_path):
    assert load_state(tmp_path) is None
    assert load_state(tmp_path / "no such folder") is None


@pytest.fixture(scope="module")
def processes():
    """Children of a small server process: forking this one, with its threads, could hang."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.killing"])
    return context


@pytest.mark.parametrize("old", [None, OLD], ids=["first save", "later save"])
def test_a_kill_at_any_file_operation_leaves_the_old_state_or_the_new_one(tmp_path, processes, old):
    folder, log = tmp_path / "run", tmp_path / "operations"
    if old:
        save_state(folder, old)
    outcomes = []
    for fatal in range(1, 200):
        child = processes.Process(target=save_killed_at, args=(fatal, folder, NEW, log))
        child.start()
        child.join(120)
        assert child.exitcode in (0, KILLED)
        loaded = load_state(folder)
        outcomes.append("new" if loaded and same(loaded, NEW) else "old")
        if outcomes[-1] == "old":
            assert (loaded is None) if old is None else same(loaded, old)
        if child.exitcode == 0:
            break
        if outcomes[-1] == "new" and old:
            # Every kill meets the old state, and the litter of the kills before.
            (folder / STATE_NAME).unlink()
            save_state(folder, old)
    assert child.exitcode == 0
    assert outcomes[-1] == "new"
    assert os.listdir(folder) == [STATE_NAME]
    # The last child's operations: if these are not counted, nothing was tested.
    done = log.read_text().split()
    assert {"open", "write", "fsync", "replace"} <= set(done)
    assert outcomes.count("old") == done.index("replace") + 1
    assert "fsync" in done[: done.index("replace")]
    assert "fsync" in done[done.index("replace") :]


@pytest.mark.parametrize("litter", [b"", b"half a state", bytes(10**6)], ids=["empty", "half", "longer"])
def test_litter_of_a_killed_save_does_not_hinder_the_next(tmp_path, litter):
    save_state(tmp_path, OLD)
    (tmp_path / f".{STATE_NAME.replace('.', '.tmp.')}").write_bytes(litter)
    assert same(load_state(tmp_path), OLD)
    save_state(tmp_path, NEW)
    assert same(load_state(tmp_path), NEW)
    assert os.listdir(tmp_path) == [STATE_NAME]


def test_a_states_file_keeps_its_layout_so_that_runs_begun_earlier_go_on(tmp_path):
    save_state(tmp_path, OLD)
    with np.load(tmp_path / STATE_NAME) as file:
        arrays = {"variables/0000", "variables/0001", *(f"optimizer/{i:04d}" for i in range(3)), "best/0000"}
        assert set(file.files) == {"rest", *arrays}
        rest = json.loads(str(file["rest"]))
    assert set(rest) == {"best_value", "best_epoch", "history", "counters", "finished", "recipe"}


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_state_cut_short_is_refused_with_a_sentence(tmp_path, share):
    save_state(tmp_path, OLD)
    path = tmp_path / STATE_NAME
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(TrainingError, match="delete it"):
        load_state(tmp_path)


def test_a_state_with_damaged_arrays_is_refused(tmp_path):
    save_state(tmp_path, OLD)
    path = tmp_path / STATE_NAME
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(TrainingError, match="delete it"):
        load_state(tmp_path)


@pytest.mark.parametrize("rest", ['{"history": []}', '{"unknown": 1}', "no json"])
def test_a_state_of_another_version_is_refused(tmp_path, rest):
    np.savez(tmp_path / STATE_NAME, rest=np.array(rest))
    with pytest.raises(TrainingError, match="delete it"):
        load_state(tmp_path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / STATE_NAME).write_bytes(b"not a state")
    with pytest.raises(TrainingError, match="delete it"):
        load_state(tmp_path)
    np.save(tmp_path / "array.npy", np.arange(3))
    (tmp_path / "array.npy").rename(tmp_path / STATE_NAME)
    with pytest.raises(TrainingError, match="delete it"):
        load_state(tmp_path)
