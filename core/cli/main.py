"""``python -m core``: everything that SliceScope does without a browser.

A command ``x-y`` is the function ``x_y_command`` of the module that ``COMMANDS`` names.
"""

import sys
from importlib import import_module

import click

from core.errors import SliceScopeError

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
    "check": "core.cli.check",
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
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), f"{cmd_name.replace('-', '_')}_command")
        return command


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
        with commands.make_context("python -m core", list(arguments)) as context:
            return commands.invoke(context) or 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\n{prefix}: stopped.", file=sys.stderr)
        return 130
    except SliceScopeError as error:
        message = str(error)
    except ModuleNotFoundError as error:
        message = f"the package {error.name} is missing; 'make setup' installs it."
    except OSError as error:
        message = _system_message(error)
    print(f"{prefix}: {message}", file=sys.stderr)
    return 1


def _system_message(error: OSError) -> str:
    """Describe an error of the system in one sentence; a library such as h5py names neither file nor reason apart."""
    if error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}."
    message = " ".join((error.strerror or str(error)).split()) or type(error).__name__
    return f"{message.rstrip('.')}."
