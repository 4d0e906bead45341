"""The sample schools in `deploy/examples/schools/`."""

from typing import Any

from config.extends import whole
from wire_samples import ROOT

FOLDER = ROOT / "deploy/examples/schools"
SCHOOLS = ("abroad", "big", "city-school", "high-boarding", "kindergarten", "primary", "village")


def beside(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def raw_of(name: str) -> dict[str, Any]:
    """A school's table, with what it extends."""
    raw = whole((FOLDER / f"{name}.toml").read_text("utf-8"), beside).raw
    assert raw is not None
    return raw
