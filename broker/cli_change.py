"""`fangxue change`: one change, or a choice of days, over REST; one key a call: a lost answer doubles nothing."""

import argparse
import json
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from config import limits
from config.errors import BadInputError, OutsideError

_KINDS = (
    "hold", "resume", "delay", "skip", "move", "reroute", "release", "ready", "call", "repeat",
    "notice", "extend", "day_type", "left", "quiet", "undo",
)  # fmt: skip
_CHOICES = ("keep", "mine")
_OK, _UNAVAILABLE = 200, 503


def change(argv: Sequence[str]) -> int:
    """0 done; 2 refused, with the reason; 1 no answer, and whether it was done is not known."""
    options = _options(argv)
    if options.kind in _CHOICES:
        return _choose(options)
    wish = {"key": uuid.uuid4().hex, "by": options.by, "kind": options.kind}
    names = {"gate": "gate", "window": "window", "class": "of_class", "cue": "cue", "text": "text", "why": "why"}
    wish |= {name: value for name, own in names.items() if (value := getattr(options, own)) is not None}
    wish |= {name: value for name in ("delay_s", "undoes") if (value := getattr(options, name)) is not None}
    more = {"from": "begins", "to": "to", "from_gate": "from_gate", "day_type": "day_type"}
    wish |= {name: value for name, own in more.items() if (value := getattr(options, own)) is not None}
    wish |= {name: value for name in ("ids", "classes") if (value := getattr(options, name))}
    wish |= {"confirmed": True} if options.confirmed else {}
    answer = done(options.url, "/v1/changes/preview" if options.preview else "/v1/changes", wish)
    print("\n".join(answer["lines"]) or "没有变化 no difference")
    if not options.preview:
        again = "（此前已做 done before）" if answer["again"] else ""
        gates = "、".join(f"{gate} 第 {revision} 版" for gate, revision in answer["revisions"].items())
        print(f"已保存 saved：变更 {answer['n']}{again}，{gates}")
    return 0


def _choose(options: argparse.Namespace) -> int:
    """Whose days count where gates hold newer ones."""
    wish = {"key": uuid.uuid4().hex, "by": options.by, "choose": options.kind, "dates": options.dates or []}
    answer = done(options.url, "/v1/days/choose", {**wish, "confirmed": options.confirmed})
    whose = "校门的放学表 the gates' days" if options.kind == "keep" else "中心的放学表 the centre's days"
    print(f"已保存 saved：{whose}，{' '.join(answer['dates'])}")
    return 0


def done(url: str, path: str, wish: dict[str, Any]) -> dict[str, Any]:
    """The answer to what was done. Raises BadInputError with the reason, OutsideError when none came."""
    status, answer = _asked(url, path, wish)
    if status != _OK:
        hint = "\n确认要做就加上 --confirmed add --confirmed to do it all the same" if answer.get("ask_again") else ""
        raise BadInputError(f"{answer.get('text', status)}{hint}")
    return answer


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fangxue change", description="改今天的放学，同页面上的按钮。Change today, as the buttons of the page do."
    )
    kinds = (*_KINDS, *_CHOICES)
    parser.add_argument("kind", choices=kinds, metavar="KIND", help=" ".join(kinds))
    parser.add_argument("--by", required=True, metavar="NAME", help="操作人 who asks")
    parser.add_argument("--gate", metavar="ID", help="校门；不写是全部 a gate; all when left out")
    parser.add_argument("--window", metavar="ID", help="时段 a window")
    parser.add_argument("--class", dest="of_class", metavar="ID", help="班级 a class")
    parser.add_argument("--classes", nargs="+", metavar="ID", help="换顺序：按新的先后 the classes of a move, in order")
    parser.add_argument(
        "--from-gate", metavar="ID", help="换门：这个门还没叫的都改 reroute all that is left at this gate"
    )
    parser.add_argument("--day-type", metavar="ID", help="日型 the day type of today")
    parser.add_argument(
        "--from", dest="begins", metavar="T", help="通知、静音从何时起；不写是现在 when it begins, or now"
    )
    parser.add_argument(
        "--to", metavar="T", help="静音到何时；不写是直到有人结束 when quiet ends, or until somebody ends it"
    )
    parser.add_argument("--cue", metavar="ID", help="重播哪一条 the cue to repeat")
    parser.add_argument("--delay-s", type=float, metavar="S", help="顺延或延长多少秒 by how many seconds")
    parser.add_argument("--text", metavar="TEXT", help="通知的话 what a notice says")
    parser.add_argument("--ids", nargs="+", metavar="ID", help="恢复哪些暂停，结束哪段静音 the holds or quiet that end")
    parser.add_argument("--undoes", type=int, metavar="N", help="撤销第几项 the change to undo")
    parser.add_argument("--dates", nargs="+", metavar="D", help="keep、mine 管哪些天；不写是全部 days of keep or mine")
    parser.add_argument("--why", metavar="TEXT", help="原因 the reason")
    parser.add_argument("--confirmed", action="store_true", help="问过两次，确定要做 asked twice, and meant")
    parser.add_argument("--preview", action="store_true", help="只看会怎样 only say what it would do")
    url = f"http://127.0.0.1:{limits.CONSOLE_PORT}"
    parser.add_argument("--url", default=url, help=f"中心的地址，默认 {url} the centre's address")
    return parser.parse_args(argv)


def _asked(url: str, path: str, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and answer; a lost one is asked for again with the same key. Raises OutsideError."""
    if urlsplit(url).scheme != "http" or not urlsplit(url).netloc:
        raise BadInputError(f"--url = {url}: 写成 http://127.0.0.1:8300 write it so")
    headers = {"Content-Type": "application/json"}
    request = Request(url.rstrip("/") + path, json.dumps(wish).encode(), headers, method="POST")  # noqa: S310 - http, checked above
    opener = build_opener(ProxyHandler({}))  # the centre is on this machine, never behind a proxy
    why = ""
    for _ in range(limits.CLIENT_TRIES):
        try:
            with opener.open(request, timeout=limits.CLIENT_ANSWER_S) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            with error:
                said = _said(error.read())
            if error.code != _UNAVAILABLE:
                return error.code, said
            why = said.get("text", "503")
        except (URLError, OSError, ValueError) as error:
            why = str(error)
    raise OutsideError(f"{url}: 没有回答 no answer（{why}）。中心在运行吗？Is the centre running?")


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
