"""What the server of the forks imports before it serves."""

import gc

from tests.cli.forked import load

load()
gc.collect()
gc.freeze()  # a collection in a fork would copy every page
