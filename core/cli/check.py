"""The command check."""

import click

from core.cli.speech import say, to_reader
from core.translation.messages import tr, tr_plural


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
        say(f"{checked.name + ':':24}{checked.counts}, {found}", flush=True)
        for fault in checked.faults:
            say(f"  {fault}", flush=True)
        sound = sound and not checked.faults
    return int(not sound)
