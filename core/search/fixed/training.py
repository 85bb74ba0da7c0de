"""Training the runs of a study that are fixed beforehand, and writing what it chooses into the literal recipes."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from core.config import recipes_folder, searches_folder
from core.dataset.splits import TABLE_1
from core.errors import TrainingError
from core.files import replace_file, write_table
from core.search.fixed.runs import (
    NETWORK_COLUMNS,
    RESULTS,
    TRAINING_COLUMNS,
    Run,
    best_of_batch,
    finished_runs,
    read_fixed_runs,
    read_runs,
)
from core.search.full_size import to_toml
from core.training.data.batches import updates_per_epoch
from core.training.data.examples import Examples, read_split_examples
from core.training.recipe import Recipe, load_recipe, parse_recipe
from core.training.recorder import TrainingProgress
from core.training.trainer import run_training

CHOSEN = ("learning_rate", *NETWORK_COLUMNS)
"""Settings that a study chooses."""


def run_recipe(name: str, run: Run) -> Recipe:
    """Return a run of the study of recipe ``name`` as a recipe, NAME-run-N, on Table 1 with its validation part."""
    table = {key: value for key, value in load_recipe(name).table.items() if key != "origin"}
    training = table["training"] | {key: run[key] for key in TRAINING_COLUMNS}
    options = table["network"].get("options", {}) | {key: run[key] for key in NETWORK_COLUMNS}
    changed = {"split": TABLE_1, "training": training, "network": table["network"] | {"options": options}}
    return parse_recipe(f"{name}-run-{run['run']}", table | changed)


def train_fixed_runs(
    name: str,
    store: Path,
    runs: Path,
    *,
    progress: Callable[[str], TrainingProgress] = lambda name: lambda done, total, metrics: None,
    read: Callable[[Recipe, Path], tuple[Examples, Examples]] = read_split_examples,
) -> pd.DataFrame:
    """Train the runs of a study in order, no test slice read; write the results after each.

    Each is an ordinary run: killed at any moment, the next call goes on. A run with results is not trained again.

    Args:
        name: the study's and its recipe's.
        store: the prepared data set.
        runs: the folder of runs.
        progress: makes the progress callback of a run from its name.
        read: reads training and validation examples.

    Returns:
        The results; see ``core.search.fixed.runs.read_fixed_runs``.
    """
    import keras

    path = searches_folder() / name / RESULTS
    path.parent.mkdir(parents=True, exist_ok=True)
    results = read_fixed_runs(name)
    rows = [] if results is None else results.to_dict("records")
    done = {row["run"] for row in rows}
    missing = [run for run in read_runs(name) if run["run"] not in done]
    examples = read(run_recipe(name, missing[0]), store) if missing else None
    for run in missing:
        assert examples
        keras.backend.clear_session()  # Keras otherwise keeps the networks of earlier runs
        recipe = run_recipe(name, run)
        history = run_training(recipe, *examples, runs / recipe.name, progress=progress(recipe.name)).history
        rows.append(
            {
                **run,
                "updates_per_epoch": updates_per_epoch(len(examples[0]), recipe.training),
                "epochs": len(history),
                **{key: history[-1][key] for key in ("val_loss", "val_accuracy")},
                "seconds": round(sum(row["seconds"] for row in history)),
            }
        )
        write_table(path, pd.DataFrame(rows))
    return pd.DataFrame(rows)


def write_choice(study: str, name: str) -> Run:
    """Write the settings that a study chooses into the recipe ``name``: those of the best run at its batch.

    Returns:
        That run.

    Raises:
        TrainingError: a run of the study is missing, or it has none at the recipe's batch.
    """
    recipe, results = load_recipe(name), finished_runs(study)
    batch = recipe.training.batch
    if results is None:
        raise TrainingError(
            "The study '{study}' is not finished; 'python -m core study {study}' goes on with it.", study=study
        )
    if batch not in set(results["batch"]) or not recipe.origin:
        raise TrainingError(
            "The study '{study}' chooses nothing for '{name}', whose batch is {batch}.",
            study=study,
            name=name,
            batch=batch,
        )
    best = best_of_batch(results, batch)
    why = f"Run {best['run']} of {len(results)} of a study fixed beforehand: lowest validation loss at batch {batch}; "
    why += "no test slice was read."
    table = recipe.table
    table["training"]["learning_rate"] = best["learning_rate"]
    table["network"]["options"] |= {key: best[key] for key in NETWORK_COLUMNS}
    table["origin"]["chosen"] |= dict.fromkeys(CHOSEN, why)
    with replace_file(recipes_folder() / f"{name}.toml") as temporary:
        head = f"# Rate, dropout and range of the input are written by `python -m core study {study} --choose`.\n"
        temporary.write_text(head + to_toml(table), encoding="utf-8")
    return best
