"""The wire contract as a foreign program has it: the files of docs/wire, a digest, instants as text; none of ours."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

WITHIN_S = 60.0
"""Ceiling of every wait."""
Message = dict[str, Any]
Clock = Callable[[], datetime]
_WIRE = Path(__file__).resolve().parent.parent / "docs/wire"
_SCHEMAS = {
    file.name.partition(".")[0]: Draft202012Validator(
        json.loads(file.read_text("utf-8")), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    for file in _WIRE.glob("*.schema.json")
}


def root(school: str, gate: str) -> str:
    return f"fangxue/v1/{school}/{gate}"


def read(kind: str, payload: bytes) -> tuple[Message, list[str]]:
    """A message, and what the schema finds wrong with it."""
    message: Message = json.loads(payload)
    return message, [f"{kind}: {error.message}" for error in _SCHEMAS[kind].iter_errors(message)]


def line(message: Message) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode("utf-8")


def digest(payload: bytes) -> str:
    return hashlib.sha256(payload.split(b"\n")[0]).hexdigest()[:16]


def text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def instant(written: str) -> datetime:
    return datetime.fromisoformat(written)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def client(name: str) -> Client:
    """MQTT 3.1.1, a session that the broker keeps. The id at the broker: the name, `_` for `/`."""
    made = Client(
        CallbackAPIVersion.VERSION2,
        client_id=name.replace("/", "_"),
        clean_session=False,
        protocol=MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    made.username_pw_set(name)
    return made
