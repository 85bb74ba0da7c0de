"""``python -m core``: everything that SliceScope does without a browser.

A command ``x-y`` is the function ``x_y_command`` of the module that ``COMMANDS`` names.
"""

import sys
from importlib import import_module

import click

from core.cli.speech import say, told, with_told_help
from core.errors import SliceScopeError, system_reason
from core.translation.messages import Message

COMMANDS = {
    "prepare": "core.cli.data",
    "splits": "core.cli.data",
    "frame": "core.cli.data",
    "outlines": "core.cli.data",
    "train": "core.cli.train",
    "cross-validate": "core.cli.train",
    "lite": "core.cli.bundle_files",
    "samples": "core.cli.bundle_files",
    "draw": "core.cli.bundle_files",
    "card": "core.cli.bundle_files",
    "check": "core.cli.bundle_files",
    "search": "core.cli.search",
    "study": "core.cli.search",
    "evaluate": "core.cli.evaluate",
    "compare": "core.cli.evaluate",
    "readme": "core.cli.evaluate",
    "external": "core.cli.external",
    "screen": "core.cli.external",
    "predict": "core.cli.predict",
    "batch": "core.cli.predict",
    "schema": "core.cli.predict",
}
"""Commands in the order of ``--help``, and the module of each."""


class LazyGroup(click.Group):
    """The commands; a command's module is imported when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, or None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name])
        return with_told_help(getattr(module, f"{cmd_name.replace('-', '_')}_command"))


@click.group(cls=LazyGroup, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Use SliceScope without a browser."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: the command's name and what follows it; those of the process if None.

    Returns:
        0; 1 after a known error, told in one sentence on stderr; 2 after wrong usage; 130 after Ctrl-C.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    prefix = f"core {arguments[0]}" if arguments else "core"
    try:
        group = with_told_help(commands)
        with group.make_context("python -m core", list(arguments)) as context:
            return group.invoke(context) or 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\n{prefix}: {told(Message('stopped.'))}", file=sys.stderr)
        return 130
    except SliceScopeError as error:
        message = told(error)
    except ModuleNotFoundError as error:
        message = told(Message("the package {name} is missing; 'make setup' installs it.", name=error.name))
    except OSError as error:
        message = _system_message(error)
    say(f"{prefix}: {message}", error=True)
    return 1


def _system_message(error: OSError) -> str:
    """Describe an error of the system in one sentence; a library such as h5py names neither file nor reason apart."""
    if error.filename is not None and error.strerror:
        return f"{error.filename}: {told(system_reason(error))}."
    message = " ".join(told(system_reason(error)).split()) or type(error).__name__
    return f"{message.rstrip('.')}."
