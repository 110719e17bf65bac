"""Settings: every error at once, secrets from files, no silent typos."""

from pathlib import Path

import pytest

from core.endpoints import Listen, NextHop, Security
from core.errors import ConfigError
from core.setting_sources import load, read
from core.settings import Settings, names


def given(**env: str) -> dict[str, str]:
    return {f"CAREERRELAY_{name}": value for name, value in env.items()}


def problems(config: Path | None = None, /, **env: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(config, given(**env))
    return caught.value.message


def test_defaults_need_no_setting_at_all() -> None:
    settings = load()
    assert settings.smtp.listen == (Listen("127.0.0.1", 2525),)
    assert settings.relay.next_hop is None
    assert settings.relay.retry_s == (60, 300, 900, 1800, 3600, 7200, 14400)
    assert settings.keys_file == Path("var/keys/ring.json")


def test_every_problem_is_reported_at_once() -> None:
    text = problems(SMTP__LISTEN="2525", RELAY__RETRY_S="60,soon", WEB__BASE_URL="ftp://x", SMTP__LISTN="x", HOME="")
    assert "CAREERRELAY_SMTP__LISTEN: '2525': write HOST:PORT" in text
    assert "CAREERRELAY_RELAY__RETRY_S" in text
    assert "CAREERRELAY_WEB__BASE_URL" in text
    assert "CAREERRELAY_SMTP__LISTN: no such setting; did you mean CAREERRELAY_SMTP__LISTEN?" in text
    assert len(text.splitlines()) == 4


@pytest.mark.parametrize(
    ("env", "part"),
    [
        ({"SMTP__TLS_CERT": "/nowhere/cert.pem"}, "set both or none"),
        ({"SMTP__LISTEN": "tls://127.0.0.1:465"}, "tls:// needs"),
        ({"RELAY__NEXT_HOP": "smtp://user:secret@mail.example.jp"}, "never in its URL"),
        ({"RELAY__NEXT_HOP": "smtp://user@mail.example.jp"}, "goes in clear"),
        ({"RELAY__NEXT_HOP": "mail.example.jp:25"}, "write smtp://HOST:PORT"),
        ({"RELAY__NEXT_HOP": "smtp://mail.example.jp:99999"}, "port"),
        ({"RELAY__PASSWORD_FILE": "/nowhere/password"}, "cannot read /nowhere/password"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL: write postgresql+psycopg"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL: write redis://"),
        ({"SMTP__MESSAGE_BYTES_MAX": "ten"}, "given: 'ten'"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_do(env: dict[str, str], part: str) -> None:
    assert part in problems(None, **env)


def test_a_secret_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter-2\n")
    settings = load(env=given(RELAY__PASSWORD_FILE=str(secret)))
    assert settings.relay.password.get_secret_value() == "hunter-2"
    assert "hunter-2" not in repr(settings)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "careerrelay.toml"
    file.write_text('home = "/srv/a"\n[smtp]\nhostname = "file.example.jp"\n[relay]\nnext_hop = "smtp://10.0.0.1:25"\n')
    settings = load(file, given(SMTP__HOSTNAME="env.example.jp"))
    assert settings.smtp.hostname == "env.example.jp"
    assert settings.home == Path("/srv/a")
    assert settings.relay.next_hop == NextHop(Security.PLAIN, "10.0.0.1", 25)


def test_a_file_with_an_unknown_key_or_bad_syntax_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "careerrelay.toml"
    file.write_text("[smtp]\nlistn = 'x'\n")
    assert problems(file) == f"{file}: [smtp] listn: no such setting; did you mean listen?"
    file.write_text("[smtp]\nListen = '127.0.0.1:25'\n")
    assert problems(file) == f"{file}: [smtp] Listen: no such setting; did you mean listen?"
    file.write_text("smtp = 25\n")
    assert problems(file) == f"{file}: smtp: a section; write [smtp]"
    file.write_text("[smpt]\nlisten = 'x'\n")
    assert problems(file) == f"{file}: smpt: no such setting; did you mean smtp?"
    file.write_text("[smtp]\nlisten = '25'\n[web]\nbase_url = 'example.jp'\n")
    assert problems(file).splitlines() == [
        f"{file}: [smtp] listen: '25': write HOST:PORT, for example 127.0.0.1:2525 or tls://0.0.0.0:465",
        f"{file}: [web] base_url: 'example.jp': write https://HOST or https://HOST/PATH, without / at the end",
    ]
    file.write_text("[smtp\n")
    assert str(file) in problems(file)
    assert "no such file" in problems(tmp_path / "missing.toml")


def test_what_hangs_on_a_wrong_setting_is_not_told_too_and_all_else_is(tmp_path: Path) -> None:
    text = problems(SMTP__LISTEN="nowhere", SMTP__TLS_CERT="/nowhere/a", RELAY__TLS_CA="/nowhere/b", REDIS_URL="x")
    assert [line.split(":")[0].removeprefix("CAREERRELAY_") for line in text.splitlines()] == [
        "SMTP__LISTEN",
        "SMTP__TLS_CERT and CAREERRELAY_SMTP__TLS_KEY",
        "SMTP__TLS_CERT",
        "RELAY__TLS_CA",
        "REDIS_URL",
    ]


def test_a_wrong_variable_leaves_the_file_to_be_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "careerrelay.toml"
    file.write_text("[jobs]\nbatch = 'many'\n")
    found = read(file, given(JOBS__BATCH="few"))
    assert [line.split(": ")[0] for line in found.problems] == ["CAREERRELAY_JOBS__BATCH", str(file)]
    assert found.settings.jobs.batch == Settings().jobs.batch


def test_the_file_may_name_files_too(tmp_path: Path) -> None:
    file = tmp_path / "careerrelay.toml"
    (tmp_path / "password").write_text("hunter-2\n")
    file.write_text(f'[relay]\npassword_file = "{tmp_path / "password"}"\n')
    assert load(file).relay.password.get_secret_value() == "hunter-2"
    file.write_text('[relay]\npassword_file = "/nowhere"\n')
    assert problems(file) == f"{file}: [relay] password_file: cannot read /nowhere: No such file or directory"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:2525", Listen("127.0.0.1", 2525)),
        ("tls://0.0.0.0:465", Listen("0.0.0.0", 465, tls=True)),
        ("[::1]:25", Listen("::1", 25)),
        ("localhost:0", Listen("localhost", 0)),
    ],
)
def test_listen_addresses_read_back_as_written(text: str, expected: Listen) -> None:
    assert Listen.parse(text) == expected
    assert str(Listen.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("smtp://127.0.0.1:2626", NextHop(Security.PLAIN, "127.0.0.1", 2626)),
        ("smtp+starttls://relay@mx.example.jp:587", NextHop(Security.STARTTLS, "mx.example.jp", 587, "relay")),
        ("smtps://mx.example.jp", NextHop(Security.TLS, "mx.example.jp", 465)),
    ],
)
def test_next_hops_are_parsed_once(text: str, expected: NextHop) -> None:
    assert NextHop.parse(text) == expected


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in names(Settings) if not field.description] == []
