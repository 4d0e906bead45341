"""The three families of errors: theirs (bad input), the outside's (device, network, disk), ours (assert)."""


class FangxueError(Exception):
    """Base of everything this project raises on purpose."""


class BadInputError(FangxueError, ValueError):
    """Somebody gave us something we refuse. The text names field, value and remedy; nothing was changed."""


class OutsideError(FangxueError, OSError):
    """A device, the network or the disk did not do its part. The text says which, and what to try."""
