"""For every test: hypothesis times nothing (a busy machine is no fault), and a failure prints what repeats it."""

from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
