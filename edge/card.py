"""The sound card, looked at between the calls: one that is gone or muted is told before the next call needs it, and one
that came back is in order before anybody called by hand. After a clip that failed it is looked at while it still shows
why: what the card had no part in stays a Problem until a call was heard. On a thread of its own: a mixer may hang.
"""

import threading
from collections.abc import Callable

from config.limits import CARD_LOOK_S
from edge.alphabet import PartFailed


class CardWatch:
    """`check` says why nothing would sound, empty: it would; `tell` gets what changed. `failed` is set when a clip
    failed. `trouble`: how it stands now.
    """

    def __init__(
        self,
        check: Callable[[], str],
        tell: Callable[[PartFailed], None],
        failed: threading.Event,
        *,
        trouble: bool,
        every_s: float = CARD_LOOK_S,
    ) -> None:
        self._check, self._tell, self._failed, self._every_s = check, tell, failed, every_s
        self._last = None if trouble else ""
        self._closed = threading.Event()
        threading.Thread(target=self._run, name="card", daemon=True).start()

    def close(self) -> None:
        """No further look is begun."""
        self._closed.set()
        self._failed.set()

    def _run(self) -> None:
        while True:
            self._failed.wait(self._every_s)
            self._failed.clear()
            if self._closed.is_set():
                return
            if (why := self._check()) != self._last:
                self._last = why
                self._tell(PartFailed("player", why))
