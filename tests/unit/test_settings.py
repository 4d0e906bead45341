"""Settings are read whole: everything that is wrong at once, and what is documented is what is read."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fangxue
from config.errors import BadInputError
from config.settings import (
    BrokerSettings,
    CentreSettings,
    ClockSettings,
    GateSettings,
    PanelSettings,
    PlayerSettings,
    S,
    read,
)
from key_tables import keys, rows, untrue
from wire_samples import ROOT

EXAMPLES = ROOT / "deploy/examples"
GATE = (EXAMPLES / "gate.toml").read_text("utf-8")
CENTRE = (EXAMPLES / "centre.toml").read_text("utf-8")
DOCUMENT = (ROOT / "docs/settings.md").read_text("utf-8")
LEAST = 'v = 1\nschool = "s"\ngate = "g"\ndata = "d"\n[player]\nkind = "null"\n[panel]\nkind = "mock"\n'


def refusal(text: str, model: type[S]) -> list[str]:
    with pytest.raises(BadInputError) as caught:
        read(text, "x.toml", model, "en")
    return [line.removeprefix("x.toml: error ").split(" → ")[0] for line in str(caught.value).splitlines()]


def test_the_examples_are_good() -> None:
    assert read(GATE, "gate.toml", GateSettings, "zh") == GateSettings(
        v=1,
        school="shifan",
        gate="east",
        data="/var/lib/fangxue/gate",
        voice="pyttsx3",
        broker=BrokerSettings(host="127.0.0.1", port=1883),
        player=PlayerSettings(kind="alsa", card="Device"),
        panel=PanelSettings(kind="gpio", red=17, amber=27, green=22, amplifier=23),
    )
    assert read(CENTRE, "centre.toml", CentreSettings, "zh") == CentreSettings(
        v=1,
        plan="/var/lib/fangxue/centre/plan.toml",
        data="/var/lib/fangxue/centre",
        clock=ClockSettings(source="owner"),
        broker=BrokerSettings(host="127.0.0.1", port=1883),
    )


def test_a_file_in_another_encoding_is_told_how_to_save_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    file = tmp_path / "centre.toml"
    file.write_bytes('v = 1\nplan = "方案.toml"\ndata = "d"\n'.encode("gbk"))
    for command in (["records", "day", "--date", "2026-11-25"], ["gate"]):
        assert fangxue.main([*command, "--settings", str(file)]) == 2
        assert "不是 UTF-8 编码的文本（第 14 字节） → 在编辑器中“另存为”，编码选 UTF-8" in capsys.readouterr().err


def test_what_is_not_written_has_its_default() -> None:
    least = read(LEAST, "x", GateSettings, "en")
    assert (least.voice, least.broker, least.panel) == ("pyttsx3", BrokerSettings(), PanelSettings(kind="mock"))
    assert least.clock.chip_ppm is None
    assert read(f"{LEAST}[clock]\nchip_ppm = 5\n", "x", GateSettings, "en").clock.chip_ppm == 5
    centre = read('v = 1\nplan = "p"\ndata = "d"\n', "x", CentreSettings, "en")
    assert (centre.clock.source, centre.broker, centre.embedded_port) == ("kernel", None, None)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("v = 1", "v = 2", "v = 2: is not one of the choices"),
        ("v = 1", "v = true", "v = true: is not one of the choices"),
        ("v = 1", "v = 1.0", "v = 1.0: is not one of the choices"),
        ("v = 1\n", "", "v: is missing"),
        ('gate = "g"', 'gate = "G"', 'gate = "G": an id is 1 to 32'),
        ('gate = "g"', 'gate = "centre"', 'gate = "centre": an id is 1 to 32'),
        ('data = "d"', 'data = ""', 'data = "": text is empty'),
        ('data = "d"', 'data = "d\\u0000"', 'data = "d\\u0000": text is empty'),
        ('data = "d"', 'dataa = "d"', "dataa: there is no such key（data?）"),
        ('kind = "null"', 'kind = "mp3"', 'player.kind = "mp3": is not one of the choices'),
        ('kind = "null"', 'kind = "alsa"', "player.card: is missing"),
        ('kind = "null"', 'kind = "null"\ncrad = "x"', "player.crad: there is no such key（card?）"),
        ('kind = "null"', 'kind = "null"\ncard = 1', "player.card = 1: is of the wrong kind"),
        ("[player]", "[broker]\nport = 0\n[player]", "broker.port = 0: is out of range (≥ 1)"),
        ("[player]", "[broker]\nport = 65536\n[player]", "broker.port = 65536: is out of range (≤ 65535)"),
        ("[player]", '[broker]\nport = "1883"\n[player]', 'broker.port = "1883": is of the wrong kind'),
        ("[player]", '[broker]\nhost = "10.0.0.1"\n[player]', 'broker.host = "10.0.0.1": is not one of the choices'),
        ("[player]", "[clock]\nchip_ppm = 0\n[player]", "clock.chip_ppm = 0: is out of range (≥ 1.0)"),
        ("[player]", "[clock]\nchip_ppm = 51\n[player]", "clock.chip_ppm = 51: is out of range (≤ 50.0)"),
        ('kind = "mock"', 'kind = "mock"\nred = 28', "panel.red = 28: is out of range (≤ 27)"),
        ('kind = "mock"', 'kind = "mock"\nred = 27', "panel.amber = 27: this pin is already panel.red"),
        ('kind = "mock"', 'kind = "mock"\nred = 8', "panel.red = 8: this pin is pulled up while the Pi starts"),
        ('kind = "mock"', 'kind = "mock"\namplifier = 2', "panel.amplifier = 2: this pin is pulled up while"),
        ('kind = "mock"', 'kind = "mock"\ngreen = 14', "panel.green = 14: 14 and 15 are the serial console"),
        ('kind = "mock"', 'kind = "mock"\nhold = 15', "panel.hold = 15: 14 and 15 are the serial console"),
        ('[panel]\nkind = "mock"\n', "", "panel: is missing"),
        ('[panel]\nkind = "mock"\n', 'panel = "mock"\n', "player.panel: there is no such key"),
        ("[player]", "[player", "-: is no valid TOML"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place_and_value(old: str, new: str, expected: str) -> None:
    assert LEAST.count(old) == 1
    lines = refusal(LEAST.replace(old, new), GateSettings)
    assert any(line.startswith(expected) for line in lines), lines
    assert len(lines) == (2 if "player.panel" in expected else 1)


def test_a_bad_pin_comes_with_its_reason_and_a_free_one_that_is_nobody_elses() -> None:
    bad = LEAST + "red = 4\namber = 14\ngreen = 17\namplifier = 17\nhold = 8\n"
    with pytest.raises(BadInputError) as caught:
        read(bad, "x", GateSettings, "zh")
    lines = str(caught.value).splitlines()
    assert lines == [
        (
            "x: 错误 panel.red = 4: 开机时这个针脚被上拉（BCM 0 至 8），灯会亮、功放会接通"
            " → 灯和功放接在 9 至 27，例如改为 27"
        ),
        "x: 错误 panel.amber = 14: 14 和 15 是串口控制台，开机时会跳变 → 换一个针脚，例如 22",
        "x: 错误 panel.amplifier = 17: 针脚已被 panel.green 占用 → 每个针脚只用一次，例如改为 23",
    ]
    mended = bad.replace("red = 4", "red = 27").replace("= 14", "= 22").replace("amplifier = 17", "amplifier = 23")
    assert read(mended, "x", GateSettings, "zh").panel.hold == 8


@pytest.mark.parametrize("pin", [2, 8, 9, 13, 16, 26])
def test_a_button_may_be_on_any_pin_but_the_console(pin: int) -> None:
    assert read(f"{LEAST}next = {pin}\n", "x", GateSettings, "en").panel.next == pin


def test_every_fault_is_named_at_once() -> None:
    text = 'v = 1\nplan = ""\ndata = 5\nbrokr = {}\nembedded_port = 0\n[clock]\nsource = "sun"\n'
    assert refusal(text, CentreSettings) == [
        'plan = "": text is empty, too long, has spaces at its ends or invisible characters',
        "data = 5: is of the wrong kind",
        'clock.source = "sun": is not one of the choices',
        "embedded_port = 0: is out of range (≥ 1)",
        "brokr: there is no such key（broker?）",
    ]


def test_the_words_are_in_the_readers_language() -> None:
    with pytest.raises(BadInputError, match=r"^x\.toml: 错误 v = 2: 不在可选之列 → 只能是 1$"):
        read(LEAST.replace("v = 1", "v = 2"), "x.toml", GateSettings, "zh")


@given(st.text() | st.lists(st.sampled_from(LEAST.splitlines()), max_size=9).map("\n".join))
def test_any_text_is_taken_or_refused_in_words(text: str) -> None:
    try:
        read(text, "x", GateSettings, "zh")
    except BadInputError as error:
        assert str(error)  # noqa: PT017 - a text that is taken is as good


@pytest.mark.parametrize(("heading", "model"), [("## `gate.toml`", GateSettings), ("## `centre.toml`", CentreSettings)])
def test_the_document_names_every_key_with_its_default_and_limits(
    heading: str, model: type[GateSettings] | type[CentreSettings]
) -> None:
    table = rows(re.split(r"\n## ", DOCUMENT[DOCUMENT.index(heading) :])[0])
    named = dict(keys(model))
    assert sorted(key for key, _, _ in table) == sorted(named)
    assert {row[0]: faults for row in table if (faults := untrue(row, named[row[0]]))} == {}
