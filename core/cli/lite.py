"""The command lite."""

from pathlib import Path

import click

from core.cli.options import FILE


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
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
