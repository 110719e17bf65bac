"""`careerrelay block`: a company's own text, checked, kept, listed and taken away."""

from pathlib import Path

from tests.careerrelay.command_line import Installation, add_company
from tests.gateway.test_blocks import OWN


def test_a_text_is_checked_kept_listed_and_removed(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "home")
    installation.good("migrate")
    company = str(add_company(installation))
    file = tmp_path / "own.toml"
    file.write_text(OWN.replace("不要な方", "①"), encoding="utf-8")
    assert installation.refused("block", "check", str(file)) == [
        f"careerrelay: {file}:4: not in ISO-2022-JP: ①; write them with other characters",
        f"careerrelay: {file}:4: not in EUC-JP: ①; write them with other characters",
    ]
    assert installation.refused("block", "save", str(file), "--company", company)
    file.write_text(OWN, encoding="utf-8")
    assert installation.json("block", "check", str(file)) == {"ok": True, "lang": "ja", "tone": "own"}
    installation.good("block", "save", str(file), "--company", company)
    (kept,) = installation.json("block", "list", "--company", company)
    assert (kept["tone"], kept["saved_by"]) == ("own", "cli")
    assert "ja-own" in installation.good("block", "list", "--company", company)
    assert installation.refused("block", "remove", "own", "--company", company)
    installation.good("block", "remove", "ja-own", "--company", company)
    assert installation.refused("block", "remove", "ja-own", "--company", company)
    assert installation.json("block", "list", "--company", company) == []
    assert installation.refused("block", "check", str(tmp_path / "none.toml"))
