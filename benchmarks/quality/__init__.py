"""Ranking quality, a module a protocol: `python -m benchmarks.quality PROTOCOL --data FOLDER [--seeds 5]`.

A protocol turns public data into an ordinary export, runs the product's own ETL, fits and evaluates on the
given split, and returns a `ProtocolReport`: `run(options: Options) -> ProtocolReport`.
"""
