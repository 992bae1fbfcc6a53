"""Settings for every test: property tests have no deadline, since compiling and a busy machine are no failures."""

from hypothesis import settings

settings.register_profile("yibao", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("yibao")
