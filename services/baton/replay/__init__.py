"""Offline: a scenario or a recorded log through the same engine, without Kafka or Faust.

`scenario` and `logs` read files, `play` drives the engine, `expect` compares with what was expected, `show` prints,
and `run` is all of it for the command line.
"""
