"""How the text of a setting becomes its value. Each function raises ValueError with what is wrong."""

import os
import re
from ipaddress import ip_network
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.endpoints import Listen, NextHop
from core.endpoints import nameserver as parse_nameserver
from core.errors import ConfigError


def _parsed(kind: type[Listen] | type[NextHop], value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return kind.parse(value)
    except ConfigError as error:
        raise ValueError(error.message) from None


def listen(value: object) -> object:
    return _parsed(Listen, value)


def listen_list(value: object) -> object:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    return [listen(item) for item in value] if isinstance(value, list | tuple) else value


def next_hop(value: object) -> object:
    return None if value == "" else _parsed(NextHop, value)


def numbers(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def words(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def addresses(value: object) -> object:
    parts = words(value)
    for part in parts if isinstance(parts, list | tuple) else ():
        local, at, domain = str(part).rpartition("@")
        if not at or not local or not domain or any(char.isspace() for char in str(part)):
            raise ValueError(f"{part!r} is not a mail address")
    return parts


def nameservers(value: object) -> object:
    parts = words(value)
    for part in parts if isinstance(parts, list | tuple) else ():
        parse_nameserver(str(part))
    return parts


def networks(value: object) -> object:
    parts = words(value)
    return (
        [ip_network(part) if isinstance(part, str) else part for part in parts]
        if isinstance(parts, list | tuple)
        else parts
    )


def timezone(value: object) -> object:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{value!r} is no time zone; write Asia/Tokyo or UTC") from None
    return value


def base_url(value: object) -> object:
    if not re.fullmatch(r"https?://[^/\s]+(/[^\s]*[^/\s])?", str(value)):
        raise ValueError(f"{value!r}: write https://HOST or https://HOST/PATH, without / at the end")
    return value


def time_of_day(value: object) -> object:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(value), re.ASCII):
        raise ValueError(f"{value!r}: write HH:MM, from 00:00 to 23:59")
    return value


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
