"""The glossary: short, and whole."""

import re

import pytest

from core.config import ROOT
from core.metrics.glossary import GLOSSARY

USES = re.compile(r"\bterm\(\s*[\"']([^\"']+)")


@pytest.mark.parametrize("name", GLOSSARY)
def test_a_term_has_two_sentences(name: str) -> None:
    sentences = re.findall(r"[.;](?=\s[A-Z0-9]|$)", GLOSSARY[name].meaning)
    assert len(sentences) == 2, GLOSSARY[name].meaning


def test_pages_use_every_term_of_the_glossary_and_no_other() -> None:
    sources = [
        path.read_text(encoding="utf-8") for folder in ("pages", "panels") for path in (ROOT / folder).rglob("*.py")
    ]
    assert {name for source in sources for name in USES.findall(source)} == set(GLOSSARY)
