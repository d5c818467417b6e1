"""The engine: one deployment's memory of what was told, its deadlines and its watermark. No input or output.

It is told facts and ticks, and returns what to write. It knows neither Kafka nor Faust nor Avro; the same engine
runs behind the agents and in the offline replay.
"""
