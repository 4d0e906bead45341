"""What an alert says: the plan's own sentence, else the shipped one, so that it never waits for a plan. Pure."""

from typing import Literal

Action = Literal["return", "evacuate", "shelter", "clear"]
Status = Literal["actual", "drill"]

RAISED: tuple[Action, ...] = ("return", "evacuate", "shelter")
DRILL = "现在是演练。"
"""What a drill says first."""
_SAYS: dict[Action, str] = {
    "return": "请注意，请全体同学立即返回校内。",
    "evacuate": "请注意，请全体师生立即疏散。",
    "shelter": "请注意，请全体师生立即就地隐蔽。",
    "clear": "警报解除。",  # never spoken: who resumes decides when it is safe
}


def sentence(action: Action, status: Status, own: str | None = None) -> str:
    """A drill says first that it is one. `own`: the plan's."""
    say = own or _SAYS[action]
    return f"{DRILL}{say}" if status == "drill" and action != "clear" else say


SENTENCES = tuple(sentence(action, status) for status in ("actual", "drill") for action in RAISED)
"""All that are spoken: every gate has them rendered."""
