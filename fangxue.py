"""The command: picks a program and imports only that, once it is sure that the packages beside it are ours."""

import gc
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

__version__ = "0.1.0"

_PROGRAMS = {
    "centre": (
        "broker.cli",
        "中心：下发放学表、记录、网页",
        "the centre: sends the days, keeps the records, serves the pages",
    ),
    "gate": ("edge.cli", "校门：按时播报、灯光、按钮", "a gate: calls, lights, buttons"),
    "fleet": ("edge.cli", "许多模拟校门，供试验", "many simulated gates, for trials"),
    "plan": ("broker.cli_plan", "检查、预览放学方案", "check and preview a school's plan"),
    "change": ("broker.cli_change", "改今天的放学：暂停、顺延、叫班 …", "change today: hold, delay, call …"),
    "alert": (
        "broker.cli_alert",
        "向全部校门发警报、演练，或解除",
        "raise an alert or a drill at every gate, or clear it",
    ),
    "say": ("audio.cli", "一句话怎么读：拼音、试听", "how a sentence is read, and how it sounds"),
    "records": ("broker.cli", "查看播报记录", "what was called, and when"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one program with its own arguments; returns the exit status. Bad input is 2, trouble outside 1."""
    if foreign := _foreign():
        print(foreign, file=sys.stderr)
        return 2
    name, *rest = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in {"-V", "--version"}:
        print(f"fangxue {__version__}")
        return 0
    if name in {"-h", "--help"}:
        print(_usage())
        return 0
    if name not in _PROGRAMS:
        unknown = _words(f"没有这个命令：{name}", f"no such command: {name}")
        print(f"{unknown}\n\n{_usage()}", file=sys.stderr)
        return 2
    return _run(name, rest)


def _run(name: str, argv: Sequence[str]) -> int:
    from config.errors import BadInputError, OutsideError  # noqa: PLC0415 (only after the check that it is ours)

    try:
        program: Callable[[Sequence[str]], int] = getattr(importlib.import_module(_PROGRAMS[name][0]), name)
        gc.freeze()  # else each full collection, 6 ms on x86 and more on a Pi, looks again at all that was imported
        return program(argv)
    except BadInputError as error:
        print(error, file=sys.stderr)
        return 2
    except OutsideError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of what we print has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130


def _foreign() -> str:
    """Our packages have plain names, which another distribution may take: empty, or the words about it."""
    here = Path(__file__).resolve().parent
    for name in ("audio", "broker", "config", "edge"):
        spec = importlib.util.find_spec(name)
        found = Path(spec.origin).resolve() if spec and spec.origin else None
        # Ours lies beside this file and holds a docstring, nothing else: a foreign file may have replaced it in place.
        if found != here / name / "__init__.py" or found.read_text("utf-8").count("\n") != 1:
            return _words(
                f"软件包 {name} 不是放学的（{found}）：被同名软件包取代。\n"
                "请为放学单独建一个环境并重新安装；源码目录中：删除 .venv 后重新运行 ./run",
                f"the package {name} is not Fangxue's ({found}): another one of that name took its place.\n"
                "Install Fangxue in an environment of its own; in a checkout, remove .venv and run ./run again",
            )
    return ""


def _usage() -> str:
    lines = [f"  {name:<9} {_words(zh, en)}" for name, (_, zh, en) in _PROGRAMS.items()]
    return "\n".join(
        [
            _words("用法：fangxue 命令 [参数 …]", "usage: fangxue COMMAND [ARGUMENT …]"),
            *lines,
            _words(
                "每个命令都有 --help；fangxue --version 显示版本",
                "Each has --help; fangxue --version says which this is",
            ),
        ]
    )


def _words(zh: str, en: str) -> str:
    language = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return zh if language.startswith("zh") else en


if __name__ == "__main__":
    sys.exit(main())
