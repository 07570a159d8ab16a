"""Settings for all tests."""

from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("edge", deadline=None)
settings.load_profile("edge")
