"""The lines of trials through parallel axes."""

import tomllib

import pytest

from core.config import ROOT
from panels.tuning.parallel_axes import WEAKEST

THEMES = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]


def channels(colour: str) -> list[float]:
    return [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]


def luminance(colour: list[float]) -> float:
    """WCAG's relative luminance."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_weakest_line_stands_out_from_the_ground(theme: str) -> None:
    ground, line = (channels(THEMES[theme][name]) for name in ("backgroundColor", "primaryColor"))
    drawn = [WEAKEST * over + (1 - WEAKEST) * under for over, under in zip(line, ground, strict=True)]
    low, high = sorted((luminance(drawn), luminance(ground)))
    assert (high + 0.05) / (low + 0.05) >= 3
