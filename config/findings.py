"""Findings: what is wrong with a plan, as data; and their words, which are made only where people read."""

from dataclasses import dataclass, field
from typing import Literal

from config.findings_calendar import OF_THE_CALENDAR

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `place`: where in the file, such as `windows.noon.closes`; `value`: what stands there.

    `file`: the base plan in which it stands; empty when it is the plan itself.
    """

    code: str
    place: str
    value: str = ""
    args: dict[str, str] = field(default_factory=dict)
    severity: Literal["error", "warning"] = "error"
    file: str = ""


def words(finding: Finding, lang: Lang) -> str:
    """One line: place, value, what is wrong, what to do. `args` fill the words; a value may hold braces."""
    wrong, remedy = (text.format_map(finding.args) for text in _WORDS[finding.code][lang])
    value = f" = {finding.value}" if finding.value else ""
    level = {"zh": {"error": "错误", "warning": "提醒"}, "en": {"error": "error", "warning": "warning"}}[lang]
    place = finding.place if len(finding.place) <= _PLACE_MAX else finding.place[: _PLACE_MAX - 1] + "…"
    return f"{level[finding.severity]} {place}{value}: {wrong} → {remedy}"


def clock(time_s: float) -> str:
    """Seconds after midnight as a plan writes them."""
    minutes, seconds = divmod(int(time_s), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


_PLACE_MAX = 160
"""Three ids and their keys; a place that is longer holds a mistake for an id, such as a quote that was never closed."""


_WORDS: dict[str, dict[Lang, tuple[str, str]]] = {
    **OF_THE_CALENDAR,
    "toml": {
        "zh": ("不是有效的 TOML（{detail}）", "按提示的行列检查引号、等号和方括号"),
        "en": ("is no valid TOML ({detail})", "check quotes, equal signs and brackets at that line"),
    },
    "not_text": {
        "zh": ("不是 UTF-8 编码的文本（第 {byte} 字节）", "在编辑器中“另存为”，编码选 UTF-8"),
        "en": ("is no text in UTF-8 (byte {byte})", "save it anew with the encoding UTF-8"),
    },
    "too_large": {
        "zh": ("文件超过 {most} 字节", "一所学校一个文件；删去多余内容"),
        "en": ("the file is larger than {most} bytes", "one school a file; remove what is not of it"),
    },
    "missing": {
        "zh": ("缺少这一项", "补上这一项，写法见 docs/plan.md"),
        "en": ("is missing", "add it as docs/plan.md shows"),
    },
    "unknown_key": {
        "zh": ("没有这个名称的项{hint}", "改正拼写或删去"),
        "en": ("there is no such key{hint}", "correct the spelling or remove it"),
    },
    "not_table": {
        "zh": ("应是一个表", "按 docs/plan.md 写成 [名称] 或 [[名称]]"),
        "en": ("must be a table", "write it as [name] or [[name]], see docs/plan.md"),
    },
    "bad_id": {
        "zh": ("编号只能用小写字母、数字和连字符，1 至 32 个，且不能是 centre 或 none", "例如 g3 或 east-gate"),
        "en": ("an id is 1 to 32 of a-z, 0-9 and hyphen, and not centre or none", "for example g3 or east-gate"),
    },
    "bad_time": {
        "zh": ("不是时刻", '写成带引号的 "08:30" 或 "11:30:20"，小时写两位，冒号用英文的；次日零点后写 "24:10"'),
        "en": ("is no time of day", 'write "08:30" or "11:30:20" in quotes, two digits an hour; past midnight "24:10"'),
    },
    "bad_date": {
        "zh": ("不是日期", '写成带引号的 "2026-11-25"'),
        "en": ("is no date", 'write "2026-11-25" in quotes'),
    },
    "bad_choice": {
        "zh": ("不在可选之列", "只能是 {choices}"),
        "en": ("is not one of the choices", "use one of {choices}"),
    },
    "bad_type": {
        "zh": ("类型不对", "应是{kind}"),
        "en": ("is of the wrong kind", "it must be a {kind}"),
    },
    "bad_range": {
        "zh": ("超出范围（{limit}）", "改为范围内的值"),
        "en": ("is out of range ({limit})", "use a value inside it"),
    },
    "bad_text": {
        "zh": ("文字为空、过长、首尾有空格或含不可见字符", "重新键入这段文字（名称至多 64 字，句子至多 200 字）"),
        "en": (
            "text is empty, too long, has spaces at its ends or invisible characters",
            "type it anew (names at most 64 characters, sentences 200)",
        ),
    },
    "bad_value": {
        "zh": ("不能接受（{detail}）", "改正这一项，写法见 docs/plan.md"),
        "en": ("is refused ({detail})", "correct it as docs/plan.md shows"),
    },
    "v": {
        "zh": ("本程序只认方案格式 v = 1", "写 v = 1，或升级程序"),
        "en": ("this program reads plan format v = 1", "write v = 1, or update the program"),
    },
    "twin": {
        "zh": ("编号重复", "每个编号只用一次"),
        "en": ("this id is used twice", "use each id once"),
    },
    "two_meanings": {
        "zh": ("校区、校门、年级或组里不止一个叫这个编号，规则会管到它们全部", "给其中一个换个编号"),
        "en": ("a campus, gate, grade or group share this id: the rule would be for all of them", "rename one of them"),
    },
    "no_such": {
        "zh": ("没有这个{kind}{hint}", "先在方案中定义它，或改正编号"),
        "en": ("there is no such {kind}{hint}", "define it in the plan, or correct the id"),
    },
    "zone_name": {
        "zh": ("没有这个时区", '例如 "Asia/Shanghai"'),
        "en": ("there is no such time zone", 'for example "Asia/Shanghai"'),
    },
    "count_or_name": {
        "zh": ("一组班级写 grade 和 count，或写 names；单个班级写 name：三者取一", '例如 grade = "三年级"、count = 6'),
        "en": (
            "a grade has grade and count, or names; a single class has name: one of the three",
            'for example grade = "三年级", count = 6',
        ),
    },
    "order": {
        "zh": ("时间先后不对：应为 opens ≤ starts < closes", "改正三个时刻（现为 {opens}、{starts}、{closes}）"),
        "en": ("times are out of order: opens ≤ starts < closes", "correct them (now {opens}, {starts}, {closes})"),
    },
    "late_last": {
        "zh": ("{gate}最后一个班（{name}）在 {at} 叫到，晚于 closes", "延后 closes、缩短 every_s 或提前 starts"),
        "en": (
            "the last class at {gate} ({name}) is called at {at}, after closes",
            "move closes, shorten every_s or start earlier",
        ),
    },
    "every_s": {
        "zh": ("放学时段需要 every_s（两班起始间隔，秒）", "例如 every_s = 45"),
        "en": ("a dismissal window needs every_s (start to start, seconds)", "for example every_s = 45"),
    },
    "notice": {
        "zh": ("上学与晚自习时段不叫班，需要 notice（播报的一句话）", '例如 notice = "早上好，请有序入校。"'),
        "en": (
            "arrival and evening windows call no class and need a notice to say",
            'for example notice = "早上好，请有序入校。"',
        ),
    },
    "not_for_kind": {
        "zh": ("{kind} 时段不叫班，没有 {keys}", "删去，或把 kind 改为 dismissal"),
        "en": ("a window of kind {kind} calls no class and has no {keys}", "remove it, or make the kind dismissal"),
    },
    "not_for_pacing": {
        "zh": ("按时叫班的时段不等人放行，没有 {keys}", "删去，或把 pacing 改为 guarded 或 ready"),
        "en": ("a timed window waits for nobody and has no {keys}", "remove it, or make the pacing guarded or ready"),
    },
    "never_on": {
        "zh": ("这样的日子没有这个时段，这里写的没有人看", "删去，或把这一天加进 day_types 或 weekdays"),
        "en": ("the window is not there on such a day: nobody reads this", "remove it, or add the day to the window"),
    },
    "twice": {
        "zh": ("{name}在同一时段的同一校门被列了两次", "只列一次；两种走法在一个门，就分成两个时段或合成一句"),
        "en": (
            "{name} is listed twice at one gate in one window",
            "list it once; two ways at one gate need two windows",
        ),
    },
    "never_called": {
        "zh": ("{name}在任何放学时段都不会被叫到", "把它加入某个放学时段的 order"),
        "en": ("{name} is called in no dismissal window", "add it to the order of one"),
    },
    "no_dismissal": {
        "zh": ("没有放学时段，任何班级都不会被叫到", '增加一个 kind = "dismissal" 的时段'),
        "en": ("there is no dismissal window: no class is ever called", 'add a window with kind = "dismissal"'),
    },
    "overlap": {
        "zh": ("与“{other}”的时间重叠", "错开两个时段的 opens 与 closes"),
        "en": ("overlaps with window {other}", "move opens or closes of one of them"),
    },
    "no_classes": {
        "zh": ("{gate}没有任何班级，也没有播报", "给它分配接送区和班级，或删去这个校门"),
        "en": ("{gate} has no class and no notice", "give it zones and classes, or remove the gate"),
    },
    "template": {
        "zh": (
            "句子里必须恰有一个 {{classes}}，可有一个 {{zone}}，不能有其他花括号",
            '例如 "请注意，{{classes}}正在放学。"',
        ),
        "en": (
            "the sentence needs exactly one {{classes}}, may have one {{zone}}, and no other braces",
            'for example "请注意，{{classes}}正在放学。"',
        ),
    },
    "same_name": {
        "zh": ("与 {other} 同名，家长分不清", "改成不同的名称"),
        "en": ("has the same name as {other}: nobody could tell them apart", "give it another name"),
    },
    "too_many": {
        "zh": ("{gate}一天有 {count} 条口令，最多 {most} 条", "合并班级或减少时段"),
        "en": ("{gate} has {count} cues a day, at most {most}", "join classes or drop windows"),
    },
    "too_heavy": {
        "zh": ("{gate}一天的放学表有 {count} 字节，最多 {most} 字节", "缩短句子和名称，或减少时段"),
        "en": ("a day of {gate} takes {count} bytes, at most {most}", "shorten sentences and names, or drop windows"),
    },
    "too_long": {
        "zh": ("叫“{name}”的句子有 {count} 字，最多 {most} 字", "缩短句子或班级名称"),
        "en": ("the sentence for {name} has {count} characters, at most {most}", "shorten it, or the class's name"),
    },
    "too_long_said": {
        "zh": ("说出来约 {takes} 秒，最长 {most} 秒，校门说不了", "缩短句子，或分成几句、几组"),
        "en": ("takes about {takes} s to say, at most {most}: no gate can say it", "shorten it, or part it"),
    },
    "base_name": {
        "zh": ("要写同一目录里的文件名", '例如 extends = "city.toml"，不带路径'),
        "en": ("must be the name of a file beside this one", 'for example extends = "city.toml", without a path'),
    },
    "base_unread": {
        "zh": ("读不到这个基础方案（{detail}）", "把它放在本文件旁边，检查文件名和权限"),
        "en": ("this base plan cannot be read ({detail})", "put it beside this file, check its name and rights"),
    },
    "base_circle": {
        "zh": ("方案绕着圈互相引用，或多于 {most} 层", "基础方案不能再引用本方案"),
        "en": (
            "plans extend one another in a circle, or more than {most} deep",
            "a base plan must not extend this one",
        ),
    },
    "without": {
        "zh": ("基础方案里没有这一项", '写成 without = ["windows.evening"]，只能与 extends 一起用'),
        "en": ("there is nothing of this name in the base plan", 'write without = ["windows.evening"], beside extends'),
    },
    "reserved": {
        "zh": ("这个编号有固定的意思（normal、closed 和星期）", "换一个编号；停课日没有时段"),
        "en": (
            "this id has a meaning of its own (normal, closed, weekdays)",
            "take another; a closed day has no windows",
        ),
    },
    "one_owner": {
        "zh": ("只有一个人管这份方案，他不在时没人能改", "再写一个人"),
        "en": ("one person alone keeps this plan", "name a second one"),
    },
    "neighbours": {
        "zh": (
            "这个时段（{opens}–{closes}）在邻居休息时出声（7:00 前、12:30–13:30、21:30 后）",
            "能改就改时间，确有需要就调低 gain_db",
        ),
        "en": ("neighbours rest before 7:00, 12:30–13:30 and after 21:30", "move it, or lower gain_db"),
    },
    "too_close": {
        "zh": ("播 {repeat} 遍加停顿约 {takes} 秒，超过间隔，会越来越晚", "加大 every_s，或减少 repeat"),
        "en": ("{repeat} sayings and rests take about {takes} s: calls fall behind", "raise every_s, or lower repeat"),
    },
    "sound_alike": {
        "zh": ("与“{other}”听起来一样，家长分不清", "改一个名称，或在 [readings] 写明读音"),
        "en": ("sounds like {other}: nobody could tell them apart", "rename it, or write its reading in [readings]"),
    },
    "same_segment": {
        "zh": ("{at} 前后{name}（{gate}）和{other}（{other_gate}）都走这一段，会挤在一起", "错开两门的时刻，或改路线"),
        "en": ("{name} ({gate}) and {other} ({other_gate}) both walk there about {at}", "shift a call, or a route"),
    },
    "zone_busy": {
        "zh": ("{at} 叫{name}到{zone}，{other}还没走完", "拉开间隔、换接送区，或改 clear_s、写 most"),
        "en": (
            "{name} is called to {zone} at {at}, before {other} is gone",
            "space them, or correct clear_s, or set most",
        ),
    },
    "at_or_after": {
        "zh": ("一次叫班写 at（时刻）或 after_s（starts 之后多少秒），二者取一", '例如 at = "17:15"'),
        "en": (
            "a call has at (an instant) or after_s (seconds after starts): one of the two",
            'for example at = "17:15"',
        ),
    },
    "outside": {
        "zh": ("不在时段之内（{opens}–{closes}），不会播", "改正时刻，或放宽时段的 opens 与 closes"),
        "en": ("lies outside its window ({opens}–{closes}) and would not be said", "correct it, or widen the window"),
    },
    "not_called_on": {
        "zh": (
            "{name}在“{day}”没有时段叫，家长等不到",
            "加入那天的某个放学时段；那天本不离校，就写 leaves，或在日型里写 dismissal = false",
        ),
        "en": (
            "{name} is called in no window on {day}: parents would wait",
            "add it to a dismissal window of that day; if it does not leave then: leaves, or dismissal = false",
        ),
    },
    "more_often": {
        "zh": ("{name}这天叫 {count} 次，正常的日子 {usual} 次", "被代替的时段写上 day_types；本来如此就不用改"),
        "en": (
            "{name} is called {count} times, {usual} on a normal day",
            "give the windows it replaces their day_types; if it is meant so, leave it",
        ),
    },
    "gate_shut": {
        "zh": ("{gate}此时不开，而“{window}”要在这里叫{name}", "改正 hours，或换校门、换时刻"),
        "en": ("{gate} is not open then, and {window} calls {name} there", "correct hours, or move the call"),
    },
    "instead_shut": {
        "zh": ("{gate}自己在 {on} 也关，改到那里的班不会叫", "换一个校门或错开日期；本来就不叫，就不写 instead"),
        "en": (
            "{gate} is closed too on {on}: nobody would be called",
            "name another gate, or no gate if it is meant so",
        ),
    },
    "crowd": {
        "zh": ("{zone}在 {at} 有 {count} 个班，最多 {most} 个，会挤在一起", "拉开间隔、换接送区，或改 most 与 clear_s"),
        "en": (
            "{zone} holds {count} classes at {at}, at most {most}",
            "space them, use other zones, or correct most and clear_s",
        ),
    },
    "readable": {
        "zh": ("这些字读不出来：{characters}", "换用常用汉字或数字，或在 [readings] 写读音"),
        "en": ("cannot be read aloud: {characters}", "use common characters or digits, or add [readings]"),
    },
    "pinyin": {
        "zh": ("不是拼音", "逐个音节写，用空格隔开，例如 chí píng 或 chi2 ping2"),
        "en": ("is no pinyin", "syllable by syllable, with spaces: chí píng or chi2 ping2"),
    },
    "twin_pin": {
        "zh": ("针脚已被 {other} 占用", "每个针脚只用一次，例如改为 {free}"),
        "en": ("this pin is already {other}", "use each pin once, for example {free}"),
    },
    "up_pin": {
        "zh": ("开机时这个针脚被上拉（BCM 0 至 8），灯会亮、功放会接通", "灯和功放接在 9 至 27，例如改为 {free}"),
        "en": (
            "this pin is pulled up while the Pi starts (BCM 0 to 8): the lamp or relay would be on",
            "put lamps and relay on 9 to 27, for example {free}",
        ),
    },
    "console_pin": {
        "zh": ("14 和 15 是串口控制台，开机时会跳变", "换一个针脚，例如 {free}"),
        "en": ("14 and 15 are the serial console and toggle while the Pi starts", "use another, for example {free}"),
    },
}
