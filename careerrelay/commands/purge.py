"""`careerrelay purge`: forget now what is older than its time, or only say what would be."""

import click

from careerrelay.front import Front, emit, json_option, pass_front, table


@click.command()
@click.option("--dry-run", is_flag=True, help="Delete nothing: say what the next round would, at most 200 of a kind.")
@json_option
@pass_front
def purge(front: Front, dry_run: bool, as_json: bool) -> None:
    """Forget what is older than its time. A worker does this every hour by itself."""
    from careerrelay import purging

    with front.runtime() as runtime:
        counts = purging.try_out(runtime) if dry_run else purging.run(runtime)
    rows: list[tuple[str | int, ...]] = [(name, count) for name, count in counts.items() if count]
    emit(as_json, {"dry_run": dry_run, "rows": counts}, *table(("would go" if dry_run else "gone", "rows"), rows))
