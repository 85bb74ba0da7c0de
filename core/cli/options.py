"""Options that several commands share."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

import click

from core.dataset.store import default_store

FILE = click.Path(path_type=Path)
"""A file or a folder, given as a ``Path``; whether it exists is checked by who opens it."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def store_option(function: _Function) -> _Function:
    """Add ``--store``, the prepared data set."""
    return click.option(
        "--store",
        type=FILE,
        default=default_store,
        show_default="figshare.h5 in the folder SLICESCOPE_DATA, or in data/",
        help="The prepared data set.",
    )(function)


def runs_option(function: _Function) -> _Function:
    """Add ``--runs``, the folder of training runs."""
    return click.option(
        "--runs", type=FILE, default=_default_runs, show_default="beside the store", help="The folder of training runs."
    )(function)


def _default_runs() -> Path:
    from core.training.history import default_runs

    return default_runs()


class MultipleValuesCommand(click.Command):
    """A command whose repeatable options take several values: "--folds 1 2" means "--folds 1 --folds 2"."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; see ``repeat_options``."""
        options = [param for param in self.params if isinstance(param, click.Option) and param.multiple]
        return super().parse_args(ctx, repeat_options(args, {name for option in options for name in option.opts}))


def repeat_options(arguments: list[str], repeatable: Collection[str]) -> list[str]:
    """Put a repeatable option before each of its values: "--folds 1 2" becomes "--folds 1 --folds 2"."""
    repeated: list[str] = []
    option = None
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in repeatable else None
        elif option and repeated[-1] != option:
            repeated.append(option)
        repeated.append(argument)
    return repeated
