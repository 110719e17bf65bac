"""How this installation runs. Read once (`core.setting_sources`) and passed down; what companies decide is data."""

import socket
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core import setting_values
from core.endpoints import Listen, NextHop

PREFIX = "CAREERRELAY_"


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Smtp(Section):
    listen: Annotated[tuple[Listen, ...], NoDecode, BeforeValidator(setting_values.listen_list)] = Field(
        (Listen("127.0.0.1", 2525),),
        min_length=1,
        description="addresses to accept mail on, comma-separated; tls:// for implicit TLS",
    )
    tls_cert: Path | None = Field(None, description="PEM certificate chain; STARTTLS is offered when set")
    tls_key: Path | None = Field(None, description="PEM private key of the certificate")
    hostname: str = Field(
        default_factory=socket.getfqdn,
        min_length=1,
        description="name in the greeting, EHLO, Received and bounces",
    )
    message_bytes_max: int = Field(52_428_800, ge=1024, description="largest mail in bytes, announced by SIZE")
    line_bytes_max: int = Field(1_048_576, ge=1000, description="longest line of a mail in bytes")
    recipients_max: int = Field(
        1000,
        ge=100,
        description="recipients of one mail; more get 452 (RFC 5321 4.5.3.1.8 wants at least 100)",
    )
    connections_max: int = Field(
        500, ge=1, description="open connections of one gateway process; strangers get at most half of them"
    )
    connections_per_address_max: int = Field(
        200, ge=1, description="open connections of one address inside a company's networks, or of its users after AUTH"
    )
    connections_per_stranger_max: int = Field(
        10, ge=1, description="open connections of one address (IPv6: /64) outside all networks, before AUTH"
    )
    stranger_s: float = Field(
        120.0, gt=0, description="seconds that a client outside all networks may stay without AUTH"
    )
    idle_s: float = Field(300.0, gt=0, description="seconds without a command before 421 (RFC 5321 4.5.3.2.7)")
    line_s: float = Field(60.0, gt=0, description="seconds from a command's first byte to its end before 421")
    data_bytes_per_s_min: int = Field(
        512, ge=1, description="slowest average rate of a message, once IDLE_S have passed, before 421"
    )
    data_memory_bytes_max: int = Field(
        67_108_864, ge=1_048_576, description="mail bytes that one process holds in memory while receiving"
    )
    auth_failures_per_minute_max: int = Field(
        10, ge=1, description="failed AUTH of one address a minute, shared out among the processes; networks x3 and x9"
    )
    auth_failures_per_day_max: int = Field(50, ge=1, description="the same for a day")
    auth_delay_s: float = Field(
        1.0, ge=0, le=5, description="seconds before the answer to a failed AUTH, times the failures in that session"
    )
    proxy_from: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(setting_values.networks)] = (
        Field(
            (),
            description="networks of load balancers, comma-separated; they must send a PROXY header (v1 or v2)",
        )
    )
    foreign_sender: Literal["relay", "refuse"] = Field(
        "relay", description="mail of a sender outside the company's domains: relay unjudged, or refuse"
    )


class Relay(Section):
    next_hop: Annotated[NextHop | None, NoDecode, BeforeValidator(setting_values.next_hop)] = Field(
        None,
        description="server that takes every relayed mail: smtp://host:port, smtp+starttls://user@host:port, smtps://user@host:port",
    )
    password: SecretStr = Field(SecretStr(""), description="password of the next hop's user")
    tls_verify: bool = Field(True, description="verify the next hop's certificate")
    tls_ca: Path | None = Field(
        None, description="PEM file of a private CA that may sign the next hop's certificate, besides the system's CAs"
    )
    retry_s: Annotated[tuple[int, ...], NoDecode, BeforeValidator(setting_values.numbers)] = Field(
        (60, 300, 900, 1800, 3600, 7200, 14400),
        min_length=1,
        description="seconds between attempts; the last repeats until give_up_s",
    )
    give_up_s: int = Field(
        432_000,
        ge=1,
        description="age in seconds at which an undelivered mail bounces (RFC 5321 4.5.4.1: 4-5 days)",
    )
    delay_notice_s: int = Field(14_400, ge=60, description="age in seconds at which the sender is told of a delay")
    assume_8bit: bool = Field(
        True, description="send 8-bit bytes as they are to a next hop without 8BITMIME; off: 5.6.3 bounce"
    )
    connections_max: int = Field(8, ge=1, description="kept connections of one process to one next hop")
    connection_age_s: float = Field(300.0, gt=0, description="seconds after which a kept connection is not used again")
    connection_mails_max: int = Field(1000, ge=1, description="mails over one connection to the next hop")
    rate_per_minute: int = Field(
        0, ge=0, description="mails a minute to one next hop, shared by all gateway processes; 0: no limit"
    )
    connect_timeout_s: float = Field(30.0, gt=0, description="seconds to connect and greet")
    command_timeout_s: float = Field(300.0, gt=0, description="seconds to wait for a reply (RFC 5321 4.5.3.2)")
    dot_timeout_s: float = Field(
        600.0, gt=0, description="seconds to wait for the reply to the final dot (RFC 5321 4.5.3.2.6)"
    )


class Web(Section):
    listen: Annotated[Listen, NoDecode, BeforeValidator(setting_values.listen)] = Field(
        Listen("127.0.0.1", 8080), description="address of the console and the candidate's pages"
    )
    base_url: Annotated[str, BeforeValidator(setting_values.base_url)] = Field(
        "http://127.0.0.1:8080", description="public address; links in mails start with it"
    )
    threads: int = Field(8, ge=1, description="threads of the web process")
    api_calls_per_minute: int = Field(300, ge=1, description="calls of one API key a minute; more get 429")


class Gateway(Section):
    processes: int = Field(
        default_factory=setting_values.cores, ge=1, le=64, description="gateway processes; default: one a core"
    )


class Spool(Section):
    inline_bytes_max: int = Field(
        262_144, ge=0, description="mails up to this size stay in the database row, larger ones in a file"
    )
    free_bytes_min: int = Field(1_073_741_824, ge=0, description="free disk below which mail is answered 452")


class OwnMail(Section):
    from_: str = Field("", alias="from", description="sender of our own mails when the company has set none")


class Admin(Section):
    mail: Annotated[tuple[str, ...], NoDecode, BeforeValidator(setting_values.addresses)] = Field(
        (), description="who gets the daily line about this installation, comma-separated; empty: nobody"
    )
    report_at: Annotated[str, BeforeValidator(setting_values.time_of_day)] = Field(
        "08:00", description="time of day of the daily line, HH:MM"
    )
    timezone: Annotated[str, BeforeValidator(setting_values.timezone)] = Field(
        "Asia/Tokyo", description="where the admin's days begin and end"
    )
    locale: Literal["ja", "en"] = Field("ja", description="language of the daily line and of `doctor`")


class Dns(Section):
    nameservers: Annotated[tuple[str, ...], NoDecode, BeforeValidator(setting_values.nameservers)] = Field(
        (), description="name servers to ask, comma-separated, ADDRESS or ADDRESS:PORT; empty: the system's"
    )
    timeout_s: float = Field(5.0, gt=0, le=60, description="seconds to wait for an answer of the DNS")


class Keys(Section):
    file: Path | None = Field(None, description="key ring; default HOME/keys/ring.json")


class Jobs(Section):
    batch: int = Field(20, ge=1, description="jobs claimed at once")
    lease_s: int = Field(300, ge=5, description="seconds after which another worker may take a claimed job")
    poll_s: float = Field(1.0, gt=0, description="seconds between looks at the job table when nobody wakes the worker")
    tries_max: int = Field(10, ge=1, description="attempts before a job is dead")


class Judge(Section):
    text_bytes_max: int = Field(262_144, ge=1024, description="bytes of a mail's text that are read for the decision")
    parts_max: int = Field(1000, ge=1, description="MIME parts of a mail that may still be edited")
    depth_max: int = Field(20, ge=1, description="nesting of MIME parts of a mail that may still be edited")
    spans_max: int = Field(20_000, ge=100, description="sentences and HTML elements that are read for the decision")


class Retention(Section):
    raw_days: int = Field(
        30,
        ge=1,
        description="days that original and final bytes of edited and reviewed mails are kept, encrypted",
    )
    job_days: int = Field(14, ge=1, description="days that finished jobs stay listed")


class Consent(Section):
    undo_minutes: int = Field(
        60, ge=0, le=1440, description="minutes between a candidate's receipt and the hand-over, to undo it"
    )


class Webhook(Section):
    allow_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(setting_values.networks)
    ] = Field(
        (),
        description="networks that are not public where an agency's server may stand, comma-separated CIDR; there "
        "http:// and any port are taken too",
    )
    timeout_s: float = Field(10.0, gt=0, le=30, description="seconds for one call of an agency's server, all in all")


class Metrics(Section):
    token: SecretStr = Field(SecretStr(""), description="bearer token for /metrics; empty: loopback only")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        env_ignore_empty=True,
        populate_by_name=True,
    )

    home: Path = Field(Path("var"), description="data directory: database file, spool, keys; created with mode 0700")
    database_url: str = Field("", description="empty: SQLite file in HOME; or postgresql+psycopg://…")
    redis_url: str = Field("", description="empty: embedded workers; set: RQ carries the wake-ups")
    smtp: Smtp = Smtp()
    relay: Relay = Relay()
    web: Web = Web()
    gateway: Gateway = Gateway()
    spool: Spool = Spool()
    mail: OwnMail = OwnMail()
    admin: Admin = Admin()
    dns: Dns = Dns()
    keys: Keys = Keys()
    jobs: Jobs = Jobs()
    judge: Judge = Judge()
    retention: Retention = Retention()
    consent: Consent = Consent()
    webhook: Webhook = Webhook()
    metrics: Metrics = Metrics()

    @property
    def keys_file(self) -> Path:
        return self.keys.file or self.home / "keys" / "ring.json"

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite+pysqlite:///{(self.home / 'careerrelay.sqlite3').absolute()}"


def names(model: type[BaseModel] = Settings, prefix: str = PREFIX) -> Iterator[tuple[str, Any]]:
    """Every setting as (environment name, pydantic field), in the order of the file."""
    for name, field in model.model_fields.items():
        full = prefix + (field.alias or name).upper()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from names(field.annotation, full + "__")
        else:
            yield full, field
