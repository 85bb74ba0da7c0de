"""The command samples."""

import click


@click.command("samples")
def samples_command() -> None:
    """Store the answers to the shipped samples."""
    from core.evaluation.sample_answers import write_sample_answers
    from core.inference.sample_answers import ANSWERS

    print(f"{ANSWERS}: {write_sample_answers()} answers, {ANSWERS.stat().st_size / 1e6:.1f} MB")
