"""Commands on data from other sources: external, screen."""

from pathlib import Path
from typing import Any

import click

from core.cli.options import FILE, store_option
from core.cli.speech import say, told
from core.translation.messages import Message


@click.command("external")
@click.argument("bundle")
@click.argument("folder", type=FILE, required=False)
@click.option("--split", default="dev", show_default=True, help="The split of the index to measure.")
@store_option
@click.option(
    "--non-brain",
    type=FILE,
    multiple=True,
    help="Folder of non-brain images, for the gate on the split test; may be given more than once.",
)
@click.option("--stored", is_flag=True, help="Run no network; compute the figures again from the stored predictions.")
def external_command(
    bundle: str, folder: Path | None, split: str, store: Path, non_brain: tuple[Path, ...], stored: bool
) -> None:
    """Run a bundle on an external test set; write its figures.

    FOLDER has an index.csv with the columns file, class and split.
    """
    from core.bundles.bundle import open_bundle
    from core.cli.progress import slices_bar
    from core.errors import DatasetError
    from core.ood.external_set import compute_external_metrics, measure_external_set

    opened = open_bundle(bundle)
    if stored:
        card = compute_external_metrics(opened)
    elif folder is None:
        raise DatasetError("The folder with the pictures is missing; only --stored does without.")
    else:
        card = measure_external_set(opened, folder, split=split, store=store, non_brain=non_brain, progress=slices_bar)
    _print_external(card.as_dict()["metrics"]["external"], split)


def _print_external(figures: dict[str, Any], split: str) -> None:
    """Print the figures of a split, then what was aimed at."""
    for name, value in {**figures, **figures.get(split, {})}.items():
        if name not in ("dev", "definitions", "aims"):
            print(f"{name:26}{format(value, '.4f') if isinstance(value, float) else value}")
    for name, aim in figures.get("aims", {}).items():
        missed = aim["short_by"]
        outcome = Message("missed by {difference:.4f}", difference=missed) if missed else Message("met")
        say(f"{name:26}{told(aim['aim'])}, {told(outcome)}")


@click.command("screen")
@click.argument("bundle")
@click.argument("folder", type=FILE)
@store_option
@click.option(
    "--non-brain", type=FILE, help="Folder of pictures that are no head slices, for a network with the task presence."
)
@click.option("--check", is_flag=True, help="Fit nothing; only measure again what the gate that is there is based on.")
def screen_command(bundle: str, folder: Path, store: Path, non_brain: Path | None, check: bool) -> None:
    """Fit a network's OOD and no-tumour gate.

    FOLDER has an index.csv with the columns file, class and split (train and dev).
    """
    from functools import partial

    from tqdm import tqdm

    from core.bundles.bundle import open_bundle
    from core.config import PRESENCE
    from core.dataset.store import Store
    from core.errors import DatasetError
    from core.ood.fit import fit_gate
    from core.ood.gate_control import check_gate
    from core.ood.presence.fit import fit_presence_gate

    gated, bar = open_bundle(bundle), partial(tqdm, desc=bundle, unit=told(Message(" groups")))
    with Store(store) as opened:
        if check:
            card = check_gate(gated, opened, folder)
        elif PRESENCE in gated.tasks:
            if non_brain is None:
                raise DatasetError(
                    "The folder of pictures that are no head slices is missing; scripts/make_other_images.py writes "
                    "one, and --non-brain names it."
                )
            card = fit_presence_gate(gated, opened, folder, non_brain, progress=bar)
        else:
            card = fit_gate(gated, opened, folder, progress=bar)
    for part in ("thresholds", "fitted_on", "calibration_error", "source_control"):
        for name, value in card.as_dict()["screen"].get(part, {}).items():
            if not isinstance(value, (str, dict)):
                print(f"{name:44}{value if isinstance(value, int) else format(value, '.4f')}")
