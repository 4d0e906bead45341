"""The JSON Schemas of docs/wire say to a foreign program what ours takes and refuses."""

import json
from datetime import date
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from broker.wire.messages import MESSAGES, decode, encode
from broker.wire.schemas import MODELS, texts
from config import limits
from config.errors import BadInputError
from config.lint import read
from config.timetable import timetable
from wire_samples import ALERT, CHANGE, CUE, DAY, EVENT, GOOD, PLAN, RECORD, ROOT, STATUS, WINDOW, line

WIRE = ROOT / "docs/wire"
README = (WIRE / "README.md").read_text("utf-8")


def validator(kind: str) -> Draft202012Validator:
    schema = json.loads((WIRE / f"{kind}.schema.json").read_text("utf-8"))
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def test_the_files_are_those_of_the_models() -> None:
    # To make them anew: python -m broker.wire.schemas docs/wire
    assert {file.name: file.read_text("utf-8") for file in WIRE.glob("*.json")} == texts()


def test_there_is_a_schema_for_each_message() -> None:
    assert set(MODELS) == {*MESSAGES, "change"} == set(GOOD)
    assert {kind: model for kind, (model, _) in GOOD.items()} == MODELS


@pytest.mark.parametrize("kind", GOOD)
def test_a_schema_is_sound_and_stands_alone(kind: str) -> None:
    schema = json.loads((WIRE / f"{kind}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert '"$id"' not in json.dumps(schema)
    # Every object is closed: an unknown field is refused by everybody.
    assert [one for one in objects(schema) if one.get("additionalProperties") is not False] == []


def objects(node: object) -> list[dict[str, Any]]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node] if isinstance(node, dict) and node.get("type") == "object" else []
    return own + [found for one in inner for found in objects(one)]


@pytest.mark.parametrize("kind", GOOD)
def test_what_the_models_write_is_valid(kind: str) -> None:
    model, plain = GOOD[kind]
    written = encode(decode(line(plain), model, limits.GATE_DAY_MAX_BYTES))
    assert [error.message for error in validator(kind).iter_errors(json.loads(written))] == []


def test_every_day_of_the_sample_school_is_valid() -> None:
    plan, _ = read(PLAN, "shifan.toml")
    for on in (date(2026, 11, 25), date(2026, 11, 28)):
        for day in timetable(plan, on):
            assert [error.message for error in validator("day").iter_errors(json.loads(encode(day)))] == []


BAD: list[tuple[str, dict[str, Any]]] = [
    *((kind, {**plain, "v": v}) for kind, (_, plain) in GOOD.items() for v in (2, 0, True, "1", None)),
    *((kind, {**plain, "unknown": 1}) for kind, (_, plain) in GOOD.items()),
    *(
        (kind, {key: value for key, value in plain.items() if key != left_out})
        for kind, (_, plain) in GOOD.items()
        if kind != "change"
        for left_out in plain
        if MODELS[kind].model_fields.get(left_out) is None or MODELS[kind].model_fields[left_out].is_required()
    ),
    *(("change", {key: value for key, value in CHANGE.items() if key != out}) for out in ("n", "key", "at", "kind")),
    ("day", {**DAY, "school": "Shifan"}),
    ("day", {**DAY, "school": "centre"}),
    ("day", {**DAY, "date": "2026-02-30"}),
    ("day", {**DAY, "date": "20261125"}),
    ("day", {**DAY, "zone": ""}),
    ("day", {**DAY, "revision": -1}),
    ("day", {**DAY, "revision": 2**53}),
    ("day", {**DAY, "revision": "3"}),
    ("day", {**DAY, "revision": 3.5}),
    ("day", {**DAY, "issued_at": "2026-11-24T16:00:00+00:00"}),
    ("day", {**DAY, "issued_at": "2026-11-24T16:00:00.0001Z"}),
    ("day", {**DAY, "issued_at": "2026-11-24 16:00:00Z"}),
    ("day", {**DAY, "cues": None}),
    ("day", {**DAY, "windows": [{**WINDOW, "id": "none"}]}),
    ("day", {**DAY, "windows": [{**WINDOW, "gain_db": 13}]}),
    ("day", {**DAY, "cues": [{**CUE, "id": "2026-11-25/noon/g3c1"}]}),
    ("day", {**DAY, "cues": [{**CUE, "say": ""}]}),
    ("day", {**DAY, "cues": [{**CUE, "say": "放" * 201}]}),
    ("day", {**DAY, "cues": [{**CUE, "say": " 放学"}]}),
    ("day", {**DAY, "cues": [{**CUE, "say": "放学 "}]}),
    ("day", {**DAY, "cues": [{**CUE, "say": "放\0学"}]}),
    ("day", {**DAY, "cues": [{**CUE, "say": "放\u202e学"}]}),
    ("day", {**DAY, "cues": [{**CUE, "say": "放\n学"}]}),
    ("day", {**DAY, "cues": [{**CUE, "repeat": 6}]}),
    ("day", {**DAY, "cues": [CUE] * 501}),
    ("day", {**DAY, "readings": [{"text": "茌平", "pinyin": "chí píng " * 8}]}),
    ("day", {**DAY, "caps": [{**DAY["caps"][0], "gain_db": -40}]}),
    ("alert", {**ALERT, "action": "panic"}),
    ("alert", {**ALERT, "id": "a 1"}),
    ("ack", {"v": 1, "log": "0BADCAFE", "seq": 1}),
    ("ack", {"v": 1, "log": "0badcafe0", "seq": 1}),
    ("status", {**STATUS, "days": {"tomorrow": STATUS["days"]["2026-11-25"]}}),
    ("status", {**STATUS, "days": {"2026-02-30": STATUS["days"]["2026-11-25"]}}),
    ("status", {**STATUS, "slip": {"Noon": 1}}),
    ("status", {**STATUS, "slip": {"noon": -1}}),
    ("status", {**STATUS, "bound_s": "1"}),
    ("status", {**STATUS, "waiting": [CUE["id"]] * 51}),
    ("event", {**EVENT, "records": [RECORD] * 21}),
    ("event", {**EVENT, "records": [{**RECORD, "result": "called"}]}),
    ("event", {**EVENT, "problems": [{**EVENT["problems"][0], "args": {"A b": "c"}}]}),
    ("change", {**CHANGE, "kind": "delete"}),
    ("change", {**CHANGE, "delay_s": 86401}),
]


@pytest.mark.parametrize(("kind", "plain"), BAD)
def test_what_decode_refuses_by_its_shape_the_schema_refuses_too(kind: str, plain: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        decode(line(plain), MODELS[kind], 1024 * 1024)
    assert not validator(kind).is_valid(plain)


def test_what_only_decode_refuses_stands_in_the_readme() -> None:
    only_ours = {
        "两条口令同一 id": {**DAY, "cues": [CUE, CUE]},
        "口令未按 (at, id) 排序": {**DAY, "cues": DAY["cues"][::-1]},
        "口令的日期与 date 不同": {**DAY, "date": "2026-11-26"},
        "until 早于 at": {**DAY, "cues": [{**CUE, "until": "2026-11-25T03:29:59Z"}]},
        "closes 不晚于 opens": {**DAY, "windows": [{**WINDOW, "closes": WINDOW["opens"]}]},
        "id 与 window、kind 不符": {**DAY, "cues": [{**CUE, "kind": "notice"}]},
        "没有这个 window": {**DAY, "windows": []},
        "整数写成 3.0": {**DAY, "revision": 3.0},
    }
    for words, plain in only_ours.items():
        with pytest.raises(BadInputError):
            decode(line(plain), MODELS["day"], limits.GATE_DAY_MAX_BYTES)
        assert validator("day").is_valid(plain), f"the schema can say it: {words}"
        assert words in README


@pytest.mark.parametrize("kind", GOOD)
def test_the_readme_names_each_file_and_the_limits(kind: str) -> None:
    assert f"{kind}.schema.json" in README
    assert f"{limits.GATE_DAY_MAX_BYTES // 1024} KiB" in README
    assert f"{limits.MESSAGE_MAX_BYTES // 1024} KiB" in README
