"""Seconds of one training step of the network on Complete Journey: `python -m benchmarks.training_step`.

The batches before validation, at the settings of a configuration. Training stops after a few steps. Wall
seconds depend on what else runs on the machine; processor seconds much less.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from benchmarks.commands import add_config, home_parser, running
from benchmarks.quality.holdouts import protocol_b_config
from benchmarks.results import markdown_table, write_section
from etl.ingest import ingest
from gnn.config import TrainingConfig
from gnn.data.training_data import TrainingData, split_by_time, training_data
from gnn.network.training import train_links

#: Steps that are not measured: the first ones allocate memory.
WARM_UP = 5


class _EnoughSteps(Exception):  # noqa: N818  # no error: it ends the training
    pass


@dataclass
class StepClock:
    """Measures the steps of a training run, and ends it after `num_steps`."""

    num_steps: int
    wall_s: list[float] = field(default_factory=list)
    """Wall seconds of each step after the first, with the making of its batch."""
    processor_s: list[float] = field(default_factory=list)
    """Processor seconds of each step, summed over threads."""
    _last: tuple[float, float] | None = None

    def progress(self, stage: str, done: int, total: int) -> None:
        """A `gnn.network.training.Progress`.

        Raises:
            _EnoughSteps: After the last step that is measured.
        """
        now = time.perf_counter(), time.process_time()
        if self._last is not None:
            self.wall_s.append(now[0] - self._last[0])
            self.processor_s.append(now[1] - self._last[1])
        if len(self.wall_s) == self.num_steps:
            raise _EnoughSteps
        self._last = now


def measure_steps(
    data: TrainingData, config: TrainingConfig, *, num_steps: int, checkpoint: Path
) -> StepClock:
    """Train on `data` for `num_steps` steps after the warm-up; fewer where training ends before."""
    clock = StepClock(WARM_UP + num_steps)
    with suppress(_EnoughSteps):
        train_links(
            data.ranked_purchases,
            data.edges,
            data.ranked,
            config=config,
            validation=None,
            max_epochs=config.max_epochs,
            checkpoint=checkpoint,
            progress=clock.progress,
            sequence_config=config.sequence if data.is_sequence else None,
        )
    return StepClock(num_steps, clock.wall_s[WARM_UP:], clock.processor_s[WARM_UP:])


def main() -> None:
    """Measure, print the table and keep it in `results.md`."""
    parser = home_parser(__doc__)
    add_config(parser, default="standard")
    parser.add_argument("--steps", type=int, default=50, help="measure this many steps")
    arguments = parser.parse_args()
    config = replace(protocol_b_config(arguments.config), device="cpu")
    with running(parser, arguments.home) as (home, scratch):
        tables = ingest("completejourney", home).tables
        split = split_by_time(tables, config=config)
        until = None if split is None else split.validation_from
        data = training_data(tables, config=config, is_sequence=False, until=until)
        clock = measure_steps(data, config, num_steps=arguments.steps, checkpoint=scratch / "run.pt")
    rows = [
        (name, f"{1_000 * median(seconds):.0f} ms", f"{1_000 * min(seconds):.0f} ms")
        for name, seconds in (("wall", clock.wall_s), ("processor", clock.processor_s))
    ]
    lines = [
        f"Config `{config.name}`, {config.batch_size} baskets a step, {len(data.ranked):,} items, "
        f"{len(clock.wall_s)} steps.",
        "",
        *markdown_table(["time", "median step", "fastest step"], rows),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    write_section("Training step", f"python -m benchmarks.training_step --config {config.name}", lines)


if __name__ == "__main__":
    main()
