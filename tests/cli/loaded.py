"""What the server of the forks imports before it serves, and does once."""

import gc

gc.disable()  # else collections while it imports take a quarter of its time

from tests.cli.forked import load  # noqa: E402

load()

from tests.cli.rehearsed import rehearse  # noqa: E402 - `load` says where the product is

rehearse()
gc.collect()
gc.freeze()  # a collection in a fork would copy every page
gc.enable()
