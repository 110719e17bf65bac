"""`careerrelay company link`: the same link until a new one is asked for, with the words and the QR code to print."""

from pathlib import Path
from xml.etree import ElementTree as ET

from tests.careerrelay.command_line import Installation, add_agency, add_company


def test_a_company_gets_its_link_once_and_a_new_one_on_request(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    company_id = str(add_company(installation))
    without_agency = installation.json("company", "link", company_id)
    assert without_agency["texts"] == {}
    add_agency(installation, int(company_id))
    svg = tmp_path / "link.svg"
    link = installation.json("company", "link", company_id, "--svg", str(svg))
    assert link["url"] == without_agency["url"]
    assert link["url"].startswith("http://127.0.0.1:8080/r/c/")
    assert all("Mirai Career" in text and link["url"] in text for text in link["texts"].values())
    assert ET.parse(svg).getroot().tag.endswith("svg")
    assert installation.json("company", "link", company_id, "--new")["url"] != link["url"]
    assert len(installation.refused("company", "link", "77")) == 1
