"""The symmetry test: which symmetries hold in data, how nearly, and how sure that is."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch

from softsym.metrics.symmetry_tests.candidates import named_candidates
from softsym.metrics.symmetry_tests.evidence import Evidence, in_order, split_folds
from softsym.metrics.symmetry_tests.model import as_function, evaluating, require_usable
from softsym.metrics.symmetry_tests.pooling import pooled
from softsym.metrics.symmetry_tests.samples import as_table, base_groups, prepare
from softsym.metrics.symmetry_tests.statistics import (
    Held,
)
from softsym.metrics.symmetry_tests.verdict import SymmetryTest
from softsym.symmetries import Group, Rep
from softsym.symmetries import rep as parse_rep
from softsym.symmetries.numbers import require_whole

MOST_FOLDS = 10


def symmetry_test(
    x: Any,
    y: Any,
    groups: str | Iterable[str | Group] | Mapping[str, str | Group],
    rep_in: str | Rep,
    rep_out: str | Rep,
    *,
    model: Callable[..., Any] | None = None,
    clusters: Any = None,
    level: float = 0.05,
    tolerance: float = 0.05,
    noise: Any = None,
    seed: int = 0,
    folds: int = 2,
    seeds: int = 1,
    tight: bool = True,
    on_step: Callable[[str, float], None] | None = None,
) -> SymmetryTest:
    """Tests which symmetries the conditional mean E[y|x] has, and bounds how far each is broken.

    Without a model, a kernel ridge regression is fitted on one half of the samples and tested on
    the other, and the halves swap roles. A model must not have seen the samples. p-values and lower
    bounds hold however poor the predictor is; a better one makes them sharper, and the upper bounds
    tighter. Upper bounds come from the model or an equivariant regression, whichever is less.

    Args:
        x: Inputs (n, size in), numpy or torch, in any units.
        y: Targets (n, size out), or (n,) for one target.
        groups: Names of groups, or a mapping name -> group. ``"planes"`` stands for O(2) in every
            coordinate plane, ``"all"`` for every named group that acts on the space.
        rep_in: Type of the inputs, such as ``"5T0 + 5T1"``.
        rep_out: Type of the targets.
        model: Any function (n, size in) -> (n, size out) to test with, instead of one fitted here.
        clusters: A label for each sample, (n,); samples of one cluster may depend on each other.
        level: Chance of a false "broken", and of each bound being wrong.
        tolerance: Largest relative break at which a symmetry counts as holding.
        noise: Standard deviation of the noise of each target, if it is known: a number or
            (size out,). It makes the upper bounds tighter.
        seed: Seed of the split and of the group elements.
        folds: Number of parts that take turns in being held out, at least 2.
        seeds: Number of tests with seeds from ``seed`` on, pooled into one verdict: it depends less
            on the split, and takes as many times longer.
        tight: Whether a fit of its own tightens each upper bound, which takes most of the time;
            p-values, estimates and lower bounds do without.
        on_step: Called with the name of a candidate and the share of the work that is done.

    Returns:
        A mapping from names to verdicts, which prints as a table. It does not depend on the order
        of the rows, on the units of x and y, nor on offsets of invariant targets.

    Raises:
        ValueError: If sizes do not match the types, samples or clusters are too few, y is
            constant, numbers are not finite, or the model is not usable.

    Example:
        >>> x = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
        >>> found = symmetry_test(x, x.square().sum(1), ["O(3)", "Reflect(3)"], "T1", "T0")
        >>> found["O(3)"].lower < 0.05
        True
    """
    seed = operator.index(seed) if isinstance(seed, np.integer) else seed
    _require_settings(level, tolerance, folds, seed)
    if require_whole("seeds", seeds, least=1) > 1:
        asked: dict[str, Any] = {"model": model, "clusters": clusters, "noise": noise}
        asked |= {"level": level / 2, "tolerance": tolerance, "folds": folds, "tight": tight}
        tests = [
            symmetry_test(
                *(x, y, groups, rep_in, rep_out),
                **asked,
                seed=seed + k,
                on_step=_share_of(on_step, k, seeds),
            )
            for k in range(seeds)
        ]
        return pooled(tests, level, tolerance)
    if model is not None and not callable(model):
        raise ValueError(
            f"model must be a function of inputs, or a module; got {type(model).__name__}. Give "
            "the method that predicts, such as model.predict."
        )
    types = parse_rep(rep_in), parse_rep(rep_out)
    tables = as_table("x", x), as_table("y", y)
    widths = tables[0].shape[1], tables[1].shape[1]
    candidates = base_groups(named_candidates(groups, *types, widths), *types, widths)
    first = next(iter(candidates.values()))
    over = types[0].over(first), types[1].over(first)
    samples = prepare(*tables, clusters, noise, *over, first.space)
    generator = torch.Generator().manual_seed(seed)
    with evaluating(model):
        f = None if model is None else as_function(model, x, samples.x_scale, samples.y_scale)
        if f is not None:
            require_usable(f, samples.x)
        parts = split_folds(samples, folds, f, generator)
        values = in_order(parts, [part.f(samples.x[part.held]) for part in parts])
        held_in = in_order(parts, [torch.full_like(p.held, k) for k, p in enumerate(parts)])
        held = Held(samples.y, values, samples.clusters, held_in if model is None else None)
        test = Evidence(samples, types, parts, held, level, tolerance, tight)
        for i, (name, G) in enumerate(candidates.items()):
            if on_step is not None:
                on_step(name, i / len(candidates))
            test.add(name, G, torch.Generator().manual_seed(seed + 1))
    settings = {
        "level": level,
        "tolerance": tolerance,
        "seed": seed,
        "folds": folds,
        "types": tuple(map(str, types)),
        "dim": first.dim,
        "predictor": "kernel ridge regression" if model is None else "the given model",
    }
    return test.result(settings, candidates)


def _share_of(
    on_step: Callable[[str, float], None] | None, k: int, count: int
) -> Callable[[str, float], None] | None:
    """The progress of the k-th of several tests, as that of all."""
    return on_step and (lambda name, share: on_step(name, (k + share) / count))


def _require_settings(level: float, tolerance: float, folds: int, seed: int) -> None:
    if not isinstance(level, int | float) or not 0 < level < 0.5:
        raise ValueError(f"level is a probability between 0 and 0.5, such as 0.05; got {level!r}.")
    if not isinstance(tolerance, int | float) or not 0 <= tolerance < 1:
        raise ValueError(
            "tolerance is a relative break from 0 up to less than 1, such as 0.05 for 5%; got "
            f"{tolerance!r}."
        )
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= MOST_FOLDS:
        raise ValueError(f"folds must be a whole number from 2 to {MOST_FOLDS}; got {folds!r}.")
    require_whole("seed", seed, least=0)
