"""`fangxue alert`: raise an alert at every gate of the school, or clear it, over REST."""

import argparse
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from broker.alerts import WORDS
from broker.cli_change import done
from config import limits
from config.alerts import RAISED
from config.errors import BadInputError
from config.types import written


def alert(argv: Sequence[str]) -> int:
    """0 done; 2 refused, with the reason; 1 no answer, and whether it was done is not known."""
    options = _options(argv)
    wish: dict[str, object] = {"key": uuid.uuid4().hex, "by": options.by, "action": options.action or "clear"}
    if options.action is None:
        wish |= {"confirmed": options.confirmed} | ({"clears": options.clears} if options.clears else {})
    else:
        wish |= {"drill": options.drill} | ({"until": _until(options.until)} if options.until else {})
    answer = done(options.url, "/v1/alerts", wish)
    kind = {"actual": "真警报 actual", "drill": "演练 drill"}[answer["status"]]
    replaces = f"，换掉了 replaces {WORDS[answer['replaces']]}" if answer["replaces"] else ""
    print(f"已保存并发出 saved and sent：{WORDS[answer['action']]}，{kind}，{answer['seq']}{replaces}")
    return 0


def _until(text: str) -> str:
    try:
        at: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        how = "不是带时区的时刻 is no instant with its zone → 2026-11-25T16:30:00+08:00"
        raise BadInputError(f"--until = {text}: {how}")
    return written(at.astimezone(UTC))


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fangxue alert", description="向全部校门发警报，或解除。Raise an alert at every gate, or clear it."
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    raised = verbs.add_parser("raise", help="发出 raise one; a new actual one replaces what stands")
    raised.add_argument("action", choices=RAISED, metavar="ACTION", help=" ".join(RAISED))
    raised.add_argument("--drill", action="store_true", help="演练 a drill; with --until")
    raised.add_argument("--until", metavar="T", help="演练到何时 when a drill ends, as 2026-11-25T16:30:00+08:00")
    clear = verbs.add_parser("clear", help="解除；各门仍暂停，等人恢复 all clear; gates stay held until resumed")
    clear.add_argument("--confirmed", action="store_true", help="确认安全，确定要解除 asked twice, and meant")
    clear.add_argument(
        "--clears", type=int, metavar="N", help="解除哪一个；不写就告诉是哪一个 its number; left out, it is told"
    )
    clear.set_defaults(action=None)
    url = f"http://127.0.0.1:{limits.CONSOLE_PORT}"
    for verb in (raised, clear):
        verb.add_argument("--by", required=True, metavar="NAME", help="操作人 who raises or clears it")
        verb.add_argument("--url", default=url, help=f"中心的地址，默认 {url} the centre's address")
    return parser.parse_args(argv)
