"""The page's address, and its QR code where a terminal has room for it."""

import io
import os

import segno

from deploy.demo_screen import Screen

NOTE = "本机浏览器打开；手机扫码还打不开，要等账号功能 on this machine only"


def address(url: str, screen: Screen) -> str:
    code = _code(url)
    fits = screen.live and len(code[0]) <= screen.size()[0]
    return "\n".join([f"页面 page: {url}", *(map(_lit, code) if fits else ()), NOTE])


def _code(url: str) -> list[str]:
    """Half blocks; what is printed is the light part of the code."""
    drawn = io.StringIO()
    segno.make_qr(url).terminal(drawn, border=2, compact=True)
    return drawn.getvalue().splitlines()


def _lit(line: str) -> str:
    """White on black whatever the terminal's own colours are; without colour it is right on a dark one."""
    return line if os.environ.get("NO_COLOR") else f"\x1b[97;40m{line}\x1b[0m"
