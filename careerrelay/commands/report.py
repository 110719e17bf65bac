"""`careerrelay report`: the daily line to the admin, now and for any day that is still in the table."""

from datetime import datetime

import click

from careerrelay.front import Front, emit, json_option, lang_option, pass_front
from core.lang import Lang


@click.command()
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="That day; default: today so far.")
@lang_option
@json_option
@pass_front
def report(front: Front, day: datetime | None, lang: Lang | None, as_json: bool) -> None:
    """Print what a day brought and what waits now, in numbers, as ADMIN__MAIL gets it every morning.

    Days begin in ADMIN__TIMEZONE. Mail of others than recruiting senders is counted for RETENTION__RAW_DAYS days.
    """
    from careerrelay import daily

    with front.runtime() as runtime:
        chosen = daily.today(runtime.settings, runtime.clock.now()) if day is None else day.date()
        made = daily.collect(runtime, chosen)
        letter = daily.render(made, front.lang(lang))
    emit(as_json, daily.plain(made), letter.subject, "", letter.text.rstrip())
