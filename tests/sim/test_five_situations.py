"""Five situations that a headmaster would tell. Each ends in what parents heard and what the record sheet says."""

from pathlib import Path

from situation_rig import PLAN, Situation

RETURN = "请全体同学立即返回校内。"
ALL_HEARD = [f"11:3{n}:00 一年级{name}班" for n, name in enumerate("一二三四五六七八")]
ALL_CALLED = [*(f"一年级{name}班 已播" for name in "一二三四五六七八"), "已播 8/8"]


def test_the_power_is_cut_at_1135(tmp_path: Path) -> None:
    """Class 6 was being called when the lights went out at the east gate. Forty seconds later the gate was back: it
    asked the office for the time, called class 6 again, and nobody else was late.
    """
    school = Situation(tmp_path)
    school.until("11:35:02")
    assert school.east.lights == "green on"
    school.east.power_cut()
    assert school.east.lights == "dark"
    school.until("11:35:42")
    school.east.power_back()
    school.until("11:57:30")
    assert school.east.heard() == [
        *ALL_HEARD[:5],
        "11:35:00 一年级六班……",
        "11:35:45 一年级六班",
        *ALL_HEARD[6:],
    ]
    assert school.sheet() == [
        *ALL_CALLED[:5],
        "一年级六班 晚播 45 秒(第 2 次)",
        *ALL_CALLED[6:8],
        "已播 8/8，晚播 1",
    ]
    assert school.west.heard() == ["11:30:00 二年级一班", "11:31:00 二年级二班"]


def test_the_network_is_cut_for_a_day(tmp_path: Path) -> None:
    """At five past ten an excavator found our cable. The gates did not notice: they had the day, and called it. Only
    the office did not know, and its sheet said so; next morning the cable was mended, and the sheet was whole.
    """
    school = Situation(tmp_path)
    school.until("10:05:00")
    school.network_cut()
    school.until("12:00:00")
    assert [(gate.name, gate.link) for gate in school.page().gates] == [("东门", "lost"), ("西门", "lost")]
    assert school.sheet() == [
        *(line.replace("已播", "校门未报告") for line in ALL_CALLED[:8]),
        "已播 0/8，校门未报告 8",
    ]
    school.until("10:05:00", days=1)
    school.network_back()
    school.until("10:06:00", days=1)
    assert [(gate.name, gate.link) for gate in school.page().gates] == [("东门", "up"), ("西门", "up")]
    assert school.east.heard() == [*ALL_HEARD, "18:00:00 晚自习放学，请家长等候。"]
    assert school.sheet() == ALL_CALLED
    assert school.sheet("west") == ["二年级一班 已播", "二年级二班 已播", "已播 2/2"]


def test_a_release_is_forgotten(tmp_path: Path) -> None:
    """Our guard lets each class go with his button. A parent kept him talking: class 3 waited a minute and a half and
    was passed over, then class 4 too, and the gate said nothing by itself. When he was back he let class 3 go; class 4
    he forgot for good, and the sheet says that nobody called it.
    """
    guarded = PLAN.replace("every_s = 60", 'every_s = 60\npacing = "guarded"\nmax_wait_s = 90')
    school = Situation(tmp_path, guarded.replace("count = 8", "count = 4"))
    for clock in ("11:30:10", "11:31:10"):
        school.until(clock)
        school.east.press("next")
    school.until("11:32:30")
    assert school.shown().next_class == "g1c3"
    school.until("11:34:00")
    assert school.shown().next_class == "g1c4"
    school.until("11:40:00")
    assert school.sheet()[2:] == ["一年级三班 已让过", "一年级四班 已让过", "已播 2/4，已让过 2"]
    school.east.press("next")
    school.until("11:57:30")
    assert school.east.heard() == ["11:30:10 一年级一班", "11:31:10 一年级二班", "11:40:00 一年级三班"]
    assert school.sheet() == [
        *ALL_CALLED[:3],
        "一年级四班 未播(已过时)",
        "已播 3/4，未播(已过时) 1",
    ]


def test_an_accident_at_the_gate_is_held_for_twelve_minutes_and_nobody_is_left_inside(tmp_path: Path) -> None:
    """A scooter fell in front of the gate while class 4 was being called. The guard pressed 暂停: red at once, class 4
    was still said to its end, and nobody else. Twelve minutes later he pressed again; four classes were waiting inside,
    the window should have closed five minutes ago, and all of them were called, in order, a minute apart.
    """
    school = Situation(tmp_path, PLAN.replace('"11:55"', '"11:40"'))
    school.until("11:33:02")
    school.east.press("hold")
    school.go(0.2)
    assert school.east.lights == "red on"
    school.until("11:41:00")
    assert (school.east.lights, school.shown().doing) == ("red on", "held")
    assert [hold.by for hold in school.shown().holds] == ["门卫"]
    school.until("11:45:02")
    school.east.press("hold")
    school.until("11:57:30")
    assert school.east.heard() == [
        *ALL_HEARD[:4],
        "11:45:02 一年级五班",
        "11:46:02 一年级六班",
        "11:47:02 一年级七班",
        "11:48:02 一年级八班",
    ]
    assert school.sheet() == ALL_CALLED


def test_everybody_is_called_back_while_the_server_loses_power(tmp_path: Path) -> None:
    """A dog was loose in front of the school. The office pressed 返回校内 in the middle of class 4, and both gates were
    confirmed; then the server went dark. The gates did not care: red, flashing, every half minute. After three minutes
    the server was back and still knew. The dog was caught: 解除, and only when the office pressed 恢复 did class 4 hear
    its call again, and the others after it.
    """
    school = Situation(tmp_path)
    school.until("11:33:02")
    school.alert("return")
    school.go(1)
    alert = school.page().alert
    assert alert is not None
    assert (alert.confirmed, alert.missing) == (2, ())
    school.until("11:33:30")
    school.server_off()
    school.until("11:36:30")
    assert (school.east.lights, school.west.lights) == ("red fast", "red fast")
    school.server_back()
    school.until("11:36:40")
    standing = school.page().alert
    assert standing is not None
    assert (standing.alert, standing.confirmed) == (alert.alert, 2)
    school.alert("clear", confirmed=True)
    school.go(1)
    assert (school.east.lights, school.west.lights) == ("red on", "red on")
    school.until("11:40:00")
    school.resume()
    school.until("11:57:30")
    often = ["11:33:02", "11:33:09", "11:33:16", "11:33:46", "11:34:16", "11:34:46", "11:35:16", "11:35:46", "11:36:16"]
    assert school.east.heard() == [
        *ALL_HEARD[:3],
        "11:33:00 一年级四班……",
        *(f"{clock} {RETURN}" for clock in often),
        "11:40:00 一年级四班",
        "11:41:00 一年级五班",
        "11:42:00 一年级六班",
        "11:43:00 一年级七班",
        "11:44:00 一年级八班",
    ]
    assert school.sheet() == [*ALL_CALLED[:3], "一年级四班 已播(第 2 次)", *ALL_CALLED[4:]]
    assert school.west.heard()[2:] == [f"{clock} {RETURN}" for clock in often]
