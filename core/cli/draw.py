"""The command draw."""

from pathlib import Path

import click

from core.cli.options import FILE


@click.command("draw")
@click.argument("name")
@click.option("--models", type=FILE, help="The folder of bundles; models/ where not stated.")
def draw_command(name: str, models: Path | None) -> None:
    """Store what a bundle's network draws of each class."""
    from core.bundles.bundle import DRAWINGS, open_bundle
    from core.evaluation.drawings import draw_classes

    bundle = open_bundle(name, models)
    drawings = draw_classes(bundle)
    for class_name, drawing in zip(bundle.card.classes, drawings, strict=True):
        print(f"{class_name:12} probability of its own drawing {drawing.probability:.3f}", flush=True)
    path = bundle.folder / DRAWINGS
    print(f"{path}: {path.stat().st_size / 1e3:.0f} KB")
