"""The command check."""

import click


@click.command("check")
def check_command() -> int:
    """Check every bundle, the README's tables and the searches.

    Cards are checked against their schema, files against size and hash, figures against the files that decide them,
    and READMEs against the cards. The exit status is 1 where there is a fault.
    """
    from core.check.project import check_project

    sound = True
    for checked in check_project():
        found = f"{len(checked.faults)} fault{'s' * (len(checked.faults) > 1)}" if checked.faults else "sound"
        print(f"{checked.name + ':':24}{checked.counts}, {found}", flush=True)
        for fault in checked.faults:
            print(f"  {fault}", flush=True)
        sound = sound and not checked.faults
    return int(not sound)
