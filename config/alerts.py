"""What an alert says when its own sentence is not ready: shipped, so that it never waits for a plan. Pure."""

from typing import Literal

Action = Literal["return", "evacuate", "shelter", "clear"]
Status = Literal["actual", "drill"]

_SAYS: dict[Action, str] = {
    "return": "请注意，请全体同学立即返回校内。",
    "evacuate": "请注意，请全体师生立即疏散。",
    "shelter": "请注意，请全体师生立即就地隐蔽。",
}


def sentence(action: Action, status: Status) -> str:
    """A drill says first that it is one."""
    return f"现在是演练。{_SAYS[action]}" if status == "drill" else _SAYS[action]


SENTENCES = tuple(sentence(action, status) for status in ("actual", "drill") for action in _SAYS)
"""All of them: every gate has them rendered."""
