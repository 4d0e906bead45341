"""The sound card, looked at between the calls: one that is gone or muted is told before the next call needs it, and one
that came back is in order before anybody called by hand. On a thread of its own: a mixer may hang.
"""

import threading
from collections.abc import Callable

from config.limits import CARD_LOOK_S
from edge.alphabet import PartFailed


class CardWatch:
    """`check` says why nothing would sound, empty: it would; `tell` gets what changed. `trouble`: how it stands now."""

    def __init__(
        self,
        check: Callable[[], str],
        tell: Callable[[PartFailed], None],
        *,
        trouble: bool,
        every_s: float = CARD_LOOK_S,
    ) -> None:
        self._check, self._tell, self._every_s = check, tell, every_s
        self._last = None if trouble else ""
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="card", daemon=True).start()

    def close(self) -> None:
        """No further look is begun."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            if (why := self._check()) != self._last:
                self._last = why
                self._tell(PartFailed("player", why))
