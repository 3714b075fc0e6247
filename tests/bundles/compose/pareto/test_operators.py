import numpy as np
from pymoo.core.population import Population  # type: ignore[import-untyped]  # ships no types

from bundles.compose.pareto.operators import DistinctSets, crossover, mutate, tournament

RNG_SEED = 0


def random_members(count: int, *, num_fixed: int = 2) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    members = np.random.default_rng(1).random((count, 12)) < 0.4
    members[:, :num_fixed] = True
    return members


def test_children_share_out_what_their_parents_have() -> None:
    mothers, fathers = random_members(50), random_members(50)[::-1]

    children = crossover(mothers, fathers, rng=np.random.default_rng(RNG_SEED))

    first, second = children[:50], children[50:]
    np.testing.assert_array_equal(first & second, mothers & fathers)
    np.testing.assert_array_equal(first | second, mothers | fathers)
    assert (first != mothers).any()
    assert (first != fathers).any()


def test_a_mutation_takes_one_item_out_puts_one_in_or_both_and_leaves_the_fixed_ones() -> None:
    members = random_members(400)

    changed = mutate(members, num_fixed=2, rng=np.random.default_rng(RNG_SEED))

    lost, gained = (members & ~changed).sum(axis=1), (changed & ~members).sum(axis=1)
    assert changed[:, :2].all()
    kinds = {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert set(zip(lost.tolist(), gained.tolist(), strict=True)) == kinds


def test_of_two_that_meet_the_better_one_wins() -> None:
    order = np.array([3, 0, 2, 1])

    won = tournament(order, count=2000, rng=np.random.default_rng(RNG_SEED))

    counts = np.bincount(won, minlength=4) / 2000
    # The best of four wins unless both that are drawn are others: 1 - (3/4)²; the worst needs itself twice.
    np.testing.assert_allclose(counts[[1, 0]], [1 - (3 / 4) ** 2, (1 / 4) ** 2], atol=0.04)


def test_a_set_that_is_known_is_a_duplicate_whatever_the_order_of_its_kind() -> None:
    members = np.eye(4, dtype=np.bool_)
    population = Population.new("X", members[[0, 1, 0]])

    kept = DistinctSets().do(population, Population.new("X", members[[1]]))

    np.testing.assert_array_equal(kept.get("X"), members[[0]])
