"""The command line speaks the environment's language, and writes files in English whatever that is."""

import ast
import os
import re
import subprocess
import sys

import click
import pytest

from core.cli.main import COMMANDS, LazyGroup, commands, main
from core.cli.speech import environment_language, paragraphs, told
from core.config import ROOT
from core.translation.language import current_language
from scripts.translations import help_of

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture
def spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "es_AR.UTF-8")


def run_core(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in an environment with only these of ``VARIABLES``."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments],
        cwd=ROOT,
        env={**kept, "PYTHONIOENCODING": "utf-8", **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "es_AR.UTF-8"}, "es"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "es_AR.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "es_MX@latin"}, "es"),
        ({"LANG": "es_AR.UTF-8", "LC_MESSAGES": "es", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "", "LC_MESSAGES": "es"}, "es"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "fr:es:en"}, "es"),
        ({"LC_ALL": "C", "LANGUAGE": "es"}, "en"),
    ],
)
def test_the_language_is_that_of_the_environment(
    variables: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert environment_language() == language


def test_help_and_a_missing_file_are_told_in_the_language_of_the_process() -> None:
    command = ("predict", "/missing/slice.png")
    english, spanish = run_core(*command), run_core(*command, LANG="es_AR.UTF-8")
    assert english.returncode == spanish.returncode == 1
    assert "/missing/slice.png: No such file or directory\n" in english.stderr
    assert "/missing/slice.png: no existe el archivo o la carpeta\n" in spanish.stderr
    command = ("compare", "--help")
    english, spanish = run_core(*command), run_core(*command, LANG="es_AR.UTF-8")
    assert "Compare two bundles on their common test slices." in english.stdout
    assert "Compara dos paquetes en sus cortes de prueba comunes." in spanish.stdout


def test_every_command_has_its_help_translated_and_short(spanish: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    listed = capsys.readouterr().out
    for name in COMMANDS:
        command = LazyGroup.get_command(commands, click.Context(commands), name)  # type: ignore[arg-type]
        assert command is not None and command.help
        first = paragraphs(command.help)[0]
        assert re.search(rf"^  {name} +{re.escape(first)}$", listed, re.MULTILINE), "short enough to stand in the list"
        for text in [option.help for option in command.params if isinstance(option, click.Option)]:
            assert text and told(text) == text, "it is translated already"


def test_a_help_is_not_kept_in_the_language_of_one_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for locale in ("C", "es", "C"):
        monkeypatch.setenv("LC_ALL", locale)
        assert main(["compare", "--help"]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[2] != said[1]


def test_what_is_written_stays_english(spanish: None, capsys: pytest.CaptureFixture[str]) -> None:
    """Its tables join words, which a language of the whole process would translate."""
    assert main(["readme", "--check"]) == 0, capsys.readouterr().err
    assert current_language() == "en"


def test_wrong_usage_that_we_refuse_is_told_in_spanish(spanish: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "report-cnn", "--full", "2", "--winner"]) == 2
    assert "--full y --winner se excluyen entre sí." in capsys.readouterr().err


def test_the_help_of_commands_and_options_is_found_for_translation() -> None:
    code = '''
@click.command("x")
@click.option("--y", help="An option.", show_default="beside it", metavar="N")
def x_command():
    """Do x,

    in two
    lines.
    """
def other():
    """Not a command."""
'''
    found = [text for node in ast.walk(ast.parse(code)) for text in help_of(node)]
    assert sorted(found) == ["An option.", "Do x,", "beside it", "in two lines."]
