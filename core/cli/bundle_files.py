"""Commands on what follows from trained bundles: card, lite, draw, samples, check."""

from pathlib import Path

import click

from core.cli.options import FILE
from core.cli.speech import say, to_reader, told
from core.translation.messages import Message, tr, tr_plural


@click.command("card")
@click.argument("bundle", required=False)
@click.option("--all", "every", is_flag=True, help="Every bundle in models/.")
@click.option("--schema", is_flag=True, help="Write models/card.schema.json, and nothing else.")
def card_command(bundle: str | None, every: bool, schema: bool) -> int:
    """Bring a card's texts up to its recipe and the code.

    Written again are the recipe's texts (title, about, limits, notes), the definitions of metrics, the texts of the
    gate, layers.csv and README.md. The training run is not needed.
    """
    from core.bundles.listing import list_bundles

    if (bundle is not None) + every + schema != 1:
        raise click.UsageError(told(Message("Give either a bundle's name or --all or --schema.")))
    if schema:
        _write_schema()
        return 0
    if bundle:
        _update_card(bundle)
        return 0
    listing = list_bundles()
    for name in listing.bundles:
        _update_card(name)
    for problem in listing.problems.values():
        say(problem)
    return int(bool(listing.problems))


def _write_schema() -> None:
    from core.bundles.card.schema import SCHEMA, card_schema
    from core.config import models_folder
    from core.files import replace_file

    path = models_folder() / SCHEMA
    with replace_file(path) as temporary:
        temporary.write_text(card_schema(), encoding="utf-8")
    say(Message("{path} is up to date with the code.", path=path))


def _update_card(name: str) -> None:
    from core.bundles.bundle import CARD, open_bundle
    from core.bundles.card_update import update_card
    from core.evaluation.card_definitions import definition_changes
    from core.ood.gate_recipe import gate_text_changes
    from core.training.card_writer import rewrite_texts
    from core.training.export import write_layers
    from core.training.recipe import load_recipe

    bundle = open_bundle(name)
    card = rewrite_texts(bundle, load_recipe(name))
    changes = {**definition_changes(card), **gate_text_changes(card)}
    update_card(bundle.folder, changes, "Definitions and texts of the gate brought up to the code.")
    write_layers(open_bundle(name))
    card_file = bundle.folder / CARD
    say(Message("{path} is up to date with recipes/{name}.toml and the code.", path=card_file, name=name))


@click.command("lite")
@click.argument("name")
@click.option("--into", type=FILE, help="Write this file, and leave the bundle as it is.")
@click.option("--models", type=FILE, help="The folder of bundles; models/ where not stated.")
def lite_command(name: str, into: Path | None, models: Path | None) -> None:
    """Convert a bundle's network for LiteRT (network.tflite)."""
    from core.bundles.bundle import LITE, open_bundle
    from core.training.lite import convert_bundle, write_lite

    bundle = open_bundle(name, models)
    if into:
        convert_bundle(bundle, into)
    else:
        write_lite(bundle)
    path = into or bundle.folder / LITE
    say(Message("{path}: {megabytes:.1f} MB", path=path, megabytes=path.stat().st_size / 1e6))


@click.command("draw")
@click.argument("name")
@click.option("--models", type=FILE, help="The folder of bundles; models/ where not stated.")
def draw_command(name: str, models: Path | None) -> None:
    """Store what a bundle's network draws of each class."""
    from core.bundles.bundle import DRAWINGS, open_bundle
    from core.evaluation.explanations.drawings import draw_classes

    bundle = open_bundle(name, models)
    drawings = draw_classes(bundle)
    for class_name, drawing in zip(bundle.card.classes, drawings, strict=True):
        probability = Message("probability of its own drawing {probability:.3f}", probability=drawing.probability)
        say(f"{class_name:12} {told(probability)}", flush=True)
    path = bundle.folder / DRAWINGS
    say(Message("{path}: {kilobytes:.0f} KB", path=path, kilobytes=path.stat().st_size / 1e3))


@click.command("samples")
def samples_command() -> None:
    """Store the answers to the shipped samples."""
    from core.evaluation.sample_answers import write_sample_answers
    from core.inference.sample_answers import ANSWERS

    answers = write_sample_answers()
    megabytes = ANSWERS.stat().st_size / 1e6
    say(Message("{path}: {answers} answers, {megabytes:.1f} MB", path=ANSWERS, answers=answers, megabytes=megabytes))


@click.command("check")
def check_command() -> int:
    """Check every bundle, the README's tables and the searches.

    Cards are checked against their schema, files against size and hash, figures against the files that decide them,
    and READMEs against the cards. The exit status is 1 where there is a fault.
    """
    from core.check.project import check_project

    sound = True
    for checked in check_project():
        faults = len(checked.faults)
        with to_reader():
            found = tr_plural("{count} fault", "{count} faults", faults) if faults else tr("sound")
        say(f"{checked.name + ':':24}{told(checked.counts)}, {found}", flush=True)
        for fault in checked.faults:
            say(f"  {told(fault)}", flush=True)
        sound = sound and not checked.faults
    return int(not sound)
