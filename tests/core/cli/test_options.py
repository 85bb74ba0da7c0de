"""Options of commands."""

import pytest

from core.cli.options import repeat_options


@pytest.mark.parametrize(
    ("arguments", "repeated"),
    [
        ("name --folds 1 2 3", "name --folds 1 --folds 2 --folds 3"),
        ("--folds 1 --folds 2", "--folds 1 --folds 2"),
        ("name --folds 1 2 --collect", "name --folds 1 --folds 2 --collect"),
        ("--store file --folds 1 2 --runs folder", "--store file --folds 1 --folds 2 --runs folder"),
        ("--folds 1 2 -- name", "--folds 1 --folds 2 -- name"),
        ("name --folds", "name --folds"),
        ("name", "name"),
    ],
)
def test_each_value_of_a_repeatable_option_gets_the_option_before_it(arguments: str, repeated: str) -> None:
    assert repeat_options(arguments.split(), {"--folds"}) == repeated.split()
