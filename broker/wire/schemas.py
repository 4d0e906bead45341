"""`python -m broker.wire.schemas docs/wire`: the messages as JSON Schemas for programs that are not ours."""

import json
import sys
from pathlib import Path
from typing import Any

from broker.wire.messages import MESSAGES
from config.changes import Change
from config.types import Frozen

MODELS: dict[str, type[Frozen]] = {**MESSAGES, "change": Change}
"""By the name of the file; a Change travels by REST."""


def schema(model: type[Frozen]) -> dict[str, Any]:
    """Draft 2020-12, with the keys as they stand on the wire."""
    made: dict[str, Any] = _closed(model.model_json_schema(mode="validation", by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": model.__name__}


def texts() -> dict[str, str]:
    """Every file's name and text."""
    return {
        f"{name}.schema.json": json.dumps(schema(model), ensure_ascii=False, indent=1) + "\n"
        for name, model in MODELS.items()
    }


def _closed(node: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Without pydantic's titles; a map takes no keys but those of its pattern."""
    if isinstance(node, list):
        return [_closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: {name: _closed(one) for name, one in value.items()} if key in _NAMED else _closed(value)
        for key, value in node.items()
        if key != "title"
    }
    return {**kept, "additionalProperties": False} if "patternProperties" in kept else kept


_NAMED = ("properties", "patternProperties", "$defs")
"""Their keys are names, not words of JSON Schema."""


if __name__ == "__main__":
    for file_name, text in texts().items():
        (Path(sys.argv[1]) / file_name).write_text(text, "utf-8")
