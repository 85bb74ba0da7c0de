"""What the command line says: help, lines and errors, in the language of the environment.

Only what a person reads is spoken so. What a command writes into files, but for PDF reports, and prints as
JSON or by the names of figures, stays English whatever the environment: programs read it, and cards and tables are
compared with what the code writes. So the process keeps its English, and ``to_reader`` changes the language for a line.
"""

import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy

import click

from core.translation.language import choose_language, speaking
from core.translation.messages import shown, tr


def environment_language() -> str:
    """Return the language that the environment asks for, as gettext reads it; English where it is none of ours.

    LC_ALL, LC_MESSAGES and LANG say it, the first that is set; LANGUAGE may list others that are preferred, unless the
    locale is C.
    """
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "C")
    preferred = os.environ.get("LANGUAGE", "").split(":")
    asked = [locale] if locale.partition(".")[0] in ("C", "POSIX") else [*preferred, locale]
    return choose_language(asked, None)


@contextmanager
def to_reader() -> Iterator[None]:
    """Speak the environment's language within."""
    with speaking(environment_language()):
        yield


def told(said: object) -> str:
    """Return a text of the code, a message or an error in the environment's language; any other object as a string."""
    with to_reader():
        return tr(said) if isinstance(said, str) else shown(said)


def say(said: object, *, error: bool = False, flush: bool = False) -> None:
    """Print a message or an error in the environment's language.

    Args:
        said: anything; what cannot be translated is printed as it is.
        error: print it to stderr.
        flush: print it at once, also into a pipe.
    """
    print(told(said), file=sys.stderr if error else sys.stdout, flush=flush)


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a docstring, each without its line breaks: the messages that a help consists of."""
    return [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n")]


def with_told_help(command: click.Command) -> click.Command:
    """Return a command whose help is in the environment's language; the command itself stays as it is."""
    told_command = copy(command)
    if command.help:
        told_command.help = "\n\n".join(told(paragraph) for paragraph in paragraphs(command.help))
    told_command.params = [_with_told_help(param) for param in command.params]
    return told_command


def _with_told_help(param: click.Parameter) -> click.Parameter:
    if not isinstance(param, click.Option):
        return param
    told_option = copy(param)
    if param.help:
        told_option.help = told(param.help)
    if isinstance(param.show_default, str):
        told_option.show_default = told(param.show_default)
    return told_option
