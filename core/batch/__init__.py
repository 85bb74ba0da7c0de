"""Many slices by several processes: sources, answers, parts of a table, a run that goes on after a kill, reports."""
