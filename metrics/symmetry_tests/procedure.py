"""The symmetry test: which symmetries hold in data, how nearly, and how sure that is."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.candidates import named_candidates
from softsym.metrics.symmetry_tests.dependence import fold_correlation
from softsym.metrics.symmetry_tests.equivariant_fit import MovedSamples, fit_equivariant
from softsym.metrics.symmetry_tests.kernel_ridge import KernelRidge, fit_kernel_ridge
from softsym.metrics.symmetry_tests.lattice import closed
from softsym.metrics.symmetry_tests.likeness import fit_likeness
from softsym.metrics.symmetry_tests.model import Function, as_function, evaluating, require_usable
from softsym.metrics.symmetry_tests.projection import project_function
from softsym.metrics.symmetry_tests.samples import Samples, as_table, base_groups, prepare
from softsym.metrics.symmetry_tests.statistics import (
    Held,
    Numbers,
    Projected,
    clustered_mean,
    explained,
    joint_alphas,
    numbers,
)
from softsym.metrics.symmetry_tests.verdict import SymmetryTest, Verdict, verdict_text
from softsym.metrics.symmetry_tests.whole_clusters import split_clusters
from softsym.symmetries import Group, Rep
from softsym.symmetries import rep as parse_rep
from softsym.symmetries.moving_frame import NoFrameError
from softsym.symmetries.numbers import require_whole
from softsym.symmetries.orbit_moves import Mover, mover

DRAWS = 8
"""Elements per input and copy of Qf."""
MOST_FOLDS = 10
MANY = 20_000
"""Samples above which half as many elements do."""
ALIKE = 0.2
"""p-value below which Qf is fitted, since moved inputs may not look like inputs."""
ROWS = 20_000
"""Rows moved at a time, which bounds the memory."""


@dataclass(frozen=True)
class Fold:
    """Rows from which a predictor is fitted, and the held-out rows it is tested on."""

    fitted: Tensor
    held: Tensor
    f: Function


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
    on_step: Callable[[str, float], None] | None = None,
) -> SymmetryTest:
    """Tests which symmetries the conditional mean E[y|x] has, and bounds how far each is broken.

    Without a model, a kernel ridge regression is fitted on one half of the samples and tested on
    the other, and the halves swap roles. A model must not have seen the samples. p-values and lower
    bounds hold however poor the predictor is; a better one makes them sharper, and the upper bounds
    tighter.

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
        parts = _folds(samples, folds, f, generator)
        values = _in_order(parts, [part.f(samples.x[part.held]) for part in parts])
        held_in = _in_order(parts, [torch.full_like(p.held, k) for k, p in enumerate(parts)])
        held = Held(samples.y, values, samples.clusters, held_in if model is None else None)
        test = _Test(samples, types, parts, held, level, tolerance)
        for i, (name, G) in enumerate(candidates.items()):
            if on_step is not None:
                on_step(name, i / len(candidates))
            test.add(name, G, torch.Generator().manual_seed(seed + 1))
    settings = {
        "level": level,
        "tolerance": tolerance,
        "seed": seed,
        "folds": folds,
        "predictor": "kernel ridge regression" if model is None else "the given model",
    }
    return test.result(settings, candidates)


class _Test:
    """The numbers of each candidate on the same samples, folds and predictors."""

    def __init__(
        self,
        samples: Samples,
        types: tuple[Rep, Rep],
        parts: list[Fold],
        held: Held,
        level: float,
        tolerance: float,
    ) -> None:
        self.samples, self.types, self.parts, self.held = samples, types, parts, held
        self.level, self.tolerance = level, tolerance
        self.explained = {"all": explained(held, level=level)}
        if len(samples.blocks) > 1:
            for label, columns in samples.blocks.items():
                self.explained[label] = explained(held, columns, level)
        self.projected: dict[str, Projected] = {}
        self.refused: dict[str, str] = {}

    def add(self, name: str, G: Group, generator: torch.Generator) -> None:
        """Projects the predictors under one group."""
        try:
            by = mover(G, *self.types, self.samples.x)
        except NoFrameError as reason:
            self.refused[name] = str(reason)
            return
        copies, ps, fitted = [], [], False
        for part in self.parts:
            p = self._alike(by, part, generator)
            ps.append(p)
            if p < ALIKE:
                fitted = True
                copies.append(self._fitted_copies(part, by, generator))
            else:
                copies.append(self._copies(part, by, generator))
        halves = zip(*copies, strict=True)
        h1, h2, q1, q2, d1, d2 = (_in_order(self.parts, list(half)) for half in halves)
        if not all(torch.isfinite(values).all() for values in (h1, h2, q1, q2)):
            raise ValueError(
                f"The model returns NaN or infinity for inputs moved by {G}: it is not defined "
                "there. Leave that group out, or test without a model."
            )
        p = min(1.0, len(ps) * min(ps)) if not any(map(math.isnan, ps)) else math.nan
        correlation = 1.0 if fitted else self._correlation(by, (h1 + h2) / 2, generator)
        self.projected[name] = Projected(
            (h1, h2), (q1, q2), (d1, d2), _how(by, fitted), p, correlation
        )

    def _alike(self, by: Mover, part: Fold, generator: torch.Generator) -> float:
        """p-value of "moved inputs look like inputs"; NaN where nothing moves."""
        # the regression is fitted on some clusters and judged on the others
        some, rest = split_clusters(self.samples.clusters, part.fitted, 0.7)
        x, cut = self.samples.x[torch.cat([some, rest])], len(some)
        moved = _moved_once(by, x, generator)
        if torch.allclose(moved, x):
            return math.nan
        likeness = fit_likeness(x[:cut], moved[:cut], generator)
        apart = likeness(x[cut:]) - likeness(moved[cut:])
        _, clusters = self.samples.clusters[rest].unique(return_inverse=True)
        return clustered_mean(apart, clusters).p

    def _copies(self, part: Fold, by: Mover, generator: torch.Generator) -> tuple[Tensor, ...]:
        """Means over the orbits, twice: h1, h2, Qf as q1, q2, and no bias."""
        s = self.samples
        pool = by.frames(s.x[part.fitted])

        def copies(function: Function) -> tuple[Tensor, Tensor]:
            def copy() -> Tensor:
                rows = s.x[part.held].split(ROWS)
                return torch.cat(
                    [project_function(function, r, by, self._draws, generator, pool) for r in rows]
                )

            first = copy()
            return first, first if by.is_exact else copy()

        q = copies(part.f)
        h = q
        if isinstance(part.f, KernelRidge):  # what moved targets teach is closer to them than Qf
            moved = MovedSamples.of(s.x[part.fitted], s.clusters[part.fitted], by, generator)
            h = copies(moved.fit(s.y[part.fitted], generator))
        none = torch.zeros_like(q[0])
        return *h, *q, none, none

    def _fitted_copies(
        self, part: Fold, by: Mover, generator: torch.Generator
    ) -> tuple[Tensor, ...]:
        """Equivariant fits, twice: h1, h2, Qf as q1, q2, and the smoothing bias of the fit."""
        s = self.samples
        rows = part.fitted
        fit = fit_equivariant(part.f, s.x[rows], s.y[rows], s.clusters[rows], by, generator)
        copies = (fit.at(s.x[part.held], self._draws, generator) for _ in range(2))
        return tuple(values for pair in zip(*copies, strict=True) for values in pair)

    @property
    def _draws(self) -> int:
        return DRAWS if len(self.samples.x) <= MANY else DRAWS // 2

    def _correlation(self, by: Mover, h: Tensor, generator: torch.Generator) -> float:
        """Correlation of the two folds' means; 1 where it cannot be estimated."""
        fitted = [part.f for part in self.parts if isinstance(part.f, KernelRidge)]
        if len(fitted) != 2:
            return 1.0
        one, other = self.parts
        return fold_correlation(
            (fitted[0], fitted[1]),
            (one.fitted, other.fitted),
            self.samples.x,
            self.samples.y - h,
            self.samples.clusters,
            by,
            generator,
        )

    def result(self, settings: dict[str, Any], candidates: Mapping[str, Group]) -> SymmetryTest:
        """The verdicts, after Holm's correction and the closure of the lattice of subgroups."""
        found = {name: self._numbers(name, made) for name, made in self.projected.items()}
        bounds = closed({n: candidates[n] for n in found}, found, self.level, self.tolerance)
        explains = self.explained["all"][1] > 0
        verdicts = {}
        for name, G in candidates.items():
            if name in self.refused:
                verdicts[name] = self._refused(G, f"no verdict: {self.refused[name]}")
                continue
            made, raw, bound = self.projected[name], found[name], bounds[name]
            text = verdict_text(
                raw.p, bound.p_holm, bound.lower, bound.upper, self.level, self.tolerance
            )
            if not explains:
                text = "no verdict: the predictor explains nothing"
            verdicts[name] = replace(
                self._refused(G, text),
                p=raw.p,
                p_holm=bound.p_holm,
                lower=bound.lower,
                upper=bound.upper,
                estimate=raw.estimate,
                how=made.how,
                inputs_p=made.inputs_p,
                alpha=raw.alpha,
                alpha_error=raw.alpha_error,
                note=bound.note if explains else "",
                blocks=self._blocks(made),
            )
        qs = {name: made.q for name, made in self.projected.items()}
        return SymmetryTest(
            verdicts, settings, joint_alphas(self.held, qs) if qs else {}, self.explained
        )

    def _numbers(self, name: str, made: Projected) -> Numbers:
        try:
            return numbers(self.held, made, self.samples.noise, self.level)
        except ValueError as error:
            raise ValueError(f"Candidate {name!r}: {error}") from None

    def _blocks(self, made: Projected) -> dict[str, tuple[float, float, float]]:
        """Lower bound, estimate and upper bound for each term of the targets' type."""
        blocks = {}
        for label, columns in self.samples.blocks.items():
            part = replace(self.held, y=self.held.y[:, columns], f=self.held.f[:, columns])
            if not (part.y - part.y[:1]).any():
                continue
            known = numbers(part, made.columns(columns), 0.0, self.level)
            blocks[label] = (known.lower, known.estimate, known.upper)
        return blocks

    def _refused(self, G: Group, text: str) -> Verdict:
        unknown = math.nan
        return Verdict(
            str(G),
            unknown,
            unknown,
            unknown,
            unknown,
            text,
            "none",
            len(self.samples.x),
            self.held.count,
        )


def _folds(
    samples: Samples, folds: int, f: Function | None, generator: torch.Generator
) -> list[Fold]:
    """Splits the clusters at random into equal parts, and fits a predictor for each."""
    count = int(samples.clusters.max()) + 1
    part_of = torch.randperm(count, generator=generator)[samples.clusters] % folds
    # the predictors' own draws must not move the split of the next fold
    parts = []
    for k in range(folds):
        fitted, held = (part_of != k).nonzero()[:, 0], (part_of == k).nonzero()[:, 0]
        fitted = fitted[torch.randperm(len(fitted), generator=generator)]
        predictor = f or fit_kernel_ridge(
            samples.x[fitted], samples.y[fitted], generator, samples.clusters[fitted]
        )
        parts.append(Fold(fitted, held, predictor))
    return parts


def _in_order(parts: list[Fold], values: list[Tensor]) -> Tensor:
    """Values on the held-out rows of each fold, put together in the order of the rows."""
    return torch.cat(values)[torch.cat([part.held for part in parts]).argsort()]


def _moved_once(by: Mover, x: Tensor, generator: torch.Generator) -> Tensor:
    """Moves each input (n, size) by one random element."""
    if by.elements is not None:
        drawn = by.elements[torch.randint(len(by.elements), (len(x),), generator=generator)]
        return by.rep_in.act(drawn, x)
    frames = by.frames(x)
    return by.rep_in.act(by.draw(frames, frames, generator, len(x)), x)


def _how(by: Mover, fitted: bool) -> str:
    """How inputs were moved, in words."""
    if by.elements is not None:
        text = f"mean over all {len(by.elements)} elements"
    elif by.frame is not None:
        text = "orbit swap"
    else:
        text = "mean over random elements"
    return f"{text}, fitted" if fitted else text


def _require_settings(level: float, tolerance: float, folds: int, seed: int) -> None:
    if not isinstance(level, int | float) or not 0 < level < 0.5:
        raise ValueError(f"level is a probability between 0 and 0.5, such as 0.05; got {level!r}.")
    if not isinstance(tolerance, int | float) or not tolerance >= 0:
        raise ValueError(
            f"tolerance is a relative break of at least 0, such as 0.05; got {tolerance!r}."
        )
    if isinstance(folds, bool) or not isinstance(folds, int) or not 2 <= folds <= MOST_FOLDS:
        raise ValueError(f"folds must be a whole number from 2 to {MOST_FOLDS}; got {folds!r}.")
    require_whole("seed", seed, least=0)
