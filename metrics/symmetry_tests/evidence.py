"""What held-out samples say of each candidate: predictors, projections and numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.dependence import fold_correlation
from softsym.metrics.symmetry_tests.kernel_ridge import KernelRidge, Recipe, fit_kernel_ridge
from softsym.metrics.symmetry_tests.lattice import closed
from softsym.metrics.symmetry_tests.likeness import Density, fit_likeness, fit_positions
from softsym.metrics.symmetry_tests.model import Function
from softsym.metrics.symmetry_tests.moved_samples import fit_moved
from softsym.metrics.symmetry_tests.one_parameter import joined, one_parameter_groups
from softsym.metrics.symmetry_tests.overlap import FEWEST, ApartError, share_among
from softsym.metrics.symmetry_tests.projection import project_function
from softsym.metrics.symmetry_tests.samples import Samples
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
from softsym.symmetries.moving_frame import NoFrameError
from softsym.symmetries.orbit_moves import Mover, mover

DRAWS = 8
"""Elements per input and copy of Qf."""
MANY = 5_000
"""Samples above which half as many elements do."""
ALIKE = 0.2
"""p-value below which moved inputs are weighted, since they may not look like inputs."""
MOVES = 4
"""Moved copies of each input that teach how dense inputs are along their orbits."""
ALLOWANCE = 0.01
"""Correlation that errors of learned weights may cause; 0.005 to 0.02 were measured."""
ROWS = 20_000
"""Rows moved at a time, which bounds the memory."""


@dataclass(frozen=True)
class Fold:
    """Rows from which a predictor is fitted, and the held-out rows it is tested on."""

    fitted: Tensor
    held: Tensor
    f: Function


class Evidence:
    """The numbers of each candidate on the same samples, folds and predictors."""

    def __init__(
        self,
        samples: Samples,
        types: tuple[Rep, Rep],
        parts: list[Fold],
        held: Held,
        level: float,
        tolerance: float,
        tight: bool = True,
    ) -> None:
        self.samples, self.types, self.parts, self.held = samples, types, parts, held
        self.level, self.tolerance, self.tight = level, tolerance, tight
        self.explained = {"all": explained(held, level=level)}
        if len(samples.blocks) > 1:
            for label, columns in samples.blocks.items():
                self.explained[label] = explained(held, columns, level)
        self.projected: dict[str, Projected] = {}
        self.local: dict[str, list[Projected]] = {}
        self.refused: dict[str, str] = {}
        self.recipes: dict[int, Recipe] = {}

    def add(self, name: str, G: Group, generator: torch.Generator) -> None:
        """Projects the predictors under one group, or under its one-parameter subgroups."""
        try:
            self.projected[name] = self._project(G, generator)
        except ApartError as reason:
            self.refused[name] = str(reason)
        except NoFrameError as reason:
            parts = []
            for H in one_parameter_groups(G):
                with suppress(NoFrameError, ApartError):
                    parts.append(self._project(H, generator, bounded=False))
            if parts:
                self.local[name] = parts
            else:
                self.refused[name] = str(reason)

    def _project(self, G: Group, generator: torch.Generator, bounded: bool = True) -> Projected:
        by = mover(G, *self.types, self.samples.x)
        copies, ps, densities = [], [], []
        for part in self.parts:
            ps.append(self._alike(by, part, generator))
            # positions on an orbit that is not compact have no law of their own
            differ = ps[-1] < ALIKE or not (by.is_compact or math.isnan(ps[-1]))
            if differ and len(ps) == 1:
                self._require_overlap(by)
            densities.append(self._density(by, part, generator) if differ else None)
            copies.append(self._copies(part, by, generator, bounded, densities[-1]))
        h, q = (self._joined([getattr(copy, key) for copy in copies]) for key in ("h", "q"))
        close = tuple(
            self._joined(list(each)) for each in zip(*(c.close for c in copies), strict=True)
        )
        if not all(torch.isfinite(values).all() for values in (*h, *q)):
            raise ValueError(
                f"The model returns NaN or infinity for inputs moved by {G}: it is not defined "
                "there. Leave that group out, or test without a model."
            )
        p = min(1.0, len(ps) * min(ps)) if not any(map(math.isnan, ps)) else math.nan
        correlation = self._correlation(by, (h[0] + h[1]) / 2, densities, generator)
        weighted = any(densities)
        allowance = ALLOWANCE if weighted else 0.0
        return Projected(h, q, _how(by, weighted), p, correlation, close, allowance)

    def _joined(self, pairs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Pairs of estimates on the held-out rows of each fold, put together in the rows' order."""
        one, two = (in_order(self.parts, list(values)) for values in zip(*pairs, strict=True))
        return one, two

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

    def _require_overlap(self, by: Mover) -> None:
        """Raises an ApartError if inputs are moved to where no others are."""
        x = self.samples.x
        moved = _moved_once(by, x, torch.Generator().manual_seed(0))
        if share_among(x, moved, self.samples.clusters) < FEWEST:
            raise ApartError(
                f"{by.group} moves inputs away from all others, so that no sample can speak "
                "against it"
            )

    def _density(self, by: Mover, part: Fold, generator: torch.Generator) -> Density:
        """How dense inputs are along their orbits."""
        x = self.samples.x[part.fitted]
        if by.elements is not None and len(by.elements) <= MOVES + 1:
            moved = [by.rep_in.act(g.expand(len(x), -1, -1), x) for g in by.elements[1:]]
        else:
            moved = [_moved_once(by, x, generator) for _ in range(MOVES)]
        return fit_positions(x, moved, generator)

    def _copies(
        self,
        part: Fold,
        by: Mover,
        generator: torch.Generator,
        bounded: bool,
        density: Density | None,
    ) -> Projected:
        """Means over the orbits, and a fit to the targets where it serves."""
        q = self._twice(part.f, part, by, generator, density)
        bounded = bounded and self.tight
        if density is None and not bounded:
            return Projected(q, q)
        fitted = self._fitted(part, by, generator)
        h = q if density is None else fitted
        if not bounded:
            return Projected(h, q)
        # what moved targets teach is closer to them than Qf, unless the model knows better
        close = (fitted,) if isinstance(part.f, KernelRidge) else (q, fitted)
        return Projected(h, q, close=close)

    def _fitted(self, part: Fold, by: Mover, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """An equivariant fit to the targets, on the held-out rows, twice."""
        s, rows = self.samples, part.fitted
        recipe = part.f.recipe if isinstance(part.f, KernelRidge) else self.recipes.get(id(part))
        fit = fit_moved(s.x[rows], s.y[rows], s.clusters[rows], by, generator, s.layout, recipe)
        self.recipes[id(part)] = fit.recipe
        return self._twice(fit, part, by, generator)

    def _twice(
        self,
        f: Function,
        part: Fold,
        by: Mover,
        generator: torch.Generator,
        density: Density | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Two independent estimates of Qf on the held-out rows."""
        held = self.samples.x[part.held]
        pool = by.frames(self.samples.x[part.fitted])

        def copy() -> Tensor:
            parts = held.split(ROWS)
            return torch.cat(
                [project_function(f, x, by, self._draws, generator, pool, density) for x in parts]
            )

        first = copy()
        return first, first if by.is_exact else copy()

    @property
    def _draws(self) -> int:
        return DRAWS if len(self.samples.x) <= MANY else DRAWS // 2

    def _correlation(
        self,
        by: Mover,
        h: Tensor,
        densities: list[Density | None],
        generator: torch.Generator,
    ) -> float:
        """Correlation of the two folds' means; 1 where it cannot be estimated."""
        fitted = [part.f for part in self.parts if isinstance(part.f, KernelRidge)]
        if len(fitted) != 2:
            return 1.0
        one, other = self.parts
        return fold_correlation(
            (fitted[0], fitted[1]),
            (densities[0], densities[1]),
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
        for name, parts in self.local.items():
            each = [self._numbers(name, part, self.level / len(parts)) for part in parts]
            found[name] = joined(each)
        bounds = closed({n: candidates[n] for n in found}, found, self.level, self.tolerance)
        explains = self.explained["all"][1] > 0
        verdicts = {}
        for name, G in candidates.items():
            if name in self.refused:
                verdicts[name] = self._refused(G, f"no verdict: {self.refused[name]}")
                continue
            raw, bound = found[name], bounds[name]
            made = self.projected.get(name)
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
                how=made.how if made else f"locally, {len(self.local[name])} subgroups exp(tA)",
                inputs_p=made.inputs_p if made else math.nan,
                alpha=raw.alpha,
                alpha_error=raw.alpha_error,
                note=bound.note if explains else "",
                blocks=self._blocks(made) if made else {},
            )
        qs = {name: made.q for name, made in self.projected.items()}
        return SymmetryTest(
            verdicts, settings, joint_alphas(self.held, qs) if qs else {}, self.explained
        )

    def _numbers(self, name: str, made: Projected, level: float | None = None) -> Numbers:
        try:
            return numbers(self.held, made, self.samples.noise, level or self.level)
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


def split_folds(
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
            samples.x[fitted],
            samples.y[fitted],
            generator,
            samples.clusters[fitted],
            samples.layout,
        )
        parts.append(Fold(fitted, held, predictor))
    return parts


def in_order(parts: list[Fold], values: list[Tensor]) -> Tensor:
    """Values on the held-out rows of each fold, put together in the order of the rows."""
    return torch.cat(values)[torch.cat([part.held for part in parts]).argsort()]


def _moved_once(by: Mover, x: Tensor, generator: torch.Generator) -> Tensor:
    """Moves each input (n, size) by one random element."""
    if by.elements is not None:
        drawn = by.elements[torch.randint(len(by.elements), (len(x),), generator=generator)]
        return by.rep_in.act(drawn, x)
    frames = by.frames(x)
    return by.rep_in.act(by.draw(frames, frames, generator, len(x)), x)


def _how(by: Mover, weighted: bool) -> str:
    """How inputs were moved, in words."""
    if by.elements is not None:
        text = f"mean over all {len(by.elements)} elements"
    elif by.frame is not None:
        text = "orbit swap"
    else:
        text = "mean over random elements"
    return f"{text}, weighted" if weighted else text
