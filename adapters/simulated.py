"""`lull simulate` for a person who watches: progress while it runs, then a table to read."""

import os
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from adapters.simulate import Answer, simulate
from player.simulation.comparison import Interval

HEADS = {
    "agitation_minutes_per_day": "agitated min/day",
    "relapses_per_day": "relapses/day",
    "swaps_per_hour": "swaps/h",
    "harm_events": "harm/day",
    "regret": "regret/choice",
    "music_minutes_per_day": "music min/day",
    "prompts_per_day": "prompts/day",
}


def simulate_watched(
    policies: Sequence[str], console: Console, *, residents: int, days: int, seed: int, workers: int
) -> Answer:
    """workers 0: one for each core. Raises `SelectionError`."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("lives", total=None)
        return simulate(
            residents,
            days,
            policies,
            seed,
            workers or os.cpu_count() or 1,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )


def as_table(answer: Answer) -> Table:
    """Means with 95 % intervals over residents; the last rows are of the world without any effect."""
    table = Table(title=f"{answer.residents} residents × {answer.days} days, seed {answer.seed}")
    table.add_column("policy")
    for head in HEADS.values():
        table.add_column(head, justify="right")
    worlds = [("", answer.policies)]
    if answer.no_effect is not None:
        worlds.append((" (no effect)", answer.no_effect.policies))
    for world, policies in worlds:
        for name, figures in policies.items():
            table.add_row(name + world, *(_cell(figures[figure]) for figure in HEADS))
        table.add_section()
    return table


def _cell(figure: Interval) -> str:
    return f"{figure.mean:.3g} [{figure.low:.3g}, {figure.high:.3g}]"
