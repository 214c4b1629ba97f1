"""The resident worker: it has everything imported, and a fork of it is the process that would else be started."""
