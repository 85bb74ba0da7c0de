"""Progress bars of commands."""

import pytest

from core.cli.progress import trials_bar
from core.search.study import StudyProgress


def test_the_time_left_follows_from_the_trials_since_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr("tqdm.std.time", lambda: now)

    def shown(before: int) -> str:
        """What is shown after two trials of a minute each, looked at every second."""
        nonlocal now
        now = 0.0
        with trials_bar("x", 40, StudyProgress(before, 0, None)) as progress:
            for second in range(1, 121):
                now = second
                progress(StudyProgress(before + second // 60, 1, 0.5))
        return capsys.readouterr().err

    assert "2/40 [02:00<38:00, 60.00s/ trials" in shown(0), "a fresh study's first trial is no earlier one"
    assert "12/40 [02:00<28:00, 60.00s/ trials" in shown(10), "those of before took no time here"
