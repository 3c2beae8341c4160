"""One verdict from several tests of the same samples, which differ by their splits.

The split of the samples and the group elements are random, so that two seeds give two p-values.
Twice their median is a p-value again, whatever the dependence of the tests (Meinshausen, Meier and
Buehlmann, JASA 2009, with the quantile 1/2); in the same way, medians of bounds that are each wrong
with probability level / 2 are wrong with probability level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median, median_high, median_low
from typing import Any

from softsym.metrics.symmetry_tests.verdict import SymmetryTest, Verdict, percent, verdict_text


def pooled(tests: Sequence[SymmetryTest], level: float, tolerance: float) -> SymmetryTest:
    """Pools tests with different seeds into one.

    Args:
        tests: At least one; the same candidates and samples, each with bounds at half the level.
        level: Level of the verdicts.
        tolerance: Relative break up to which a symmetry counts as holding.
    """
    first = tests[0]
    verdicts = {name: pooled_verdict([t[name] for t in tests], level, tolerance) for name in first}
    explained = {
        label: medians([test.explained[label] for test in tests]) for label in first.explained
    }
    alphas = {name: median(t.joint_alphas[name] for t in tests) for name in first.joint_alphas}
    seeds = [test.settings["seed"] for test in tests]
    return SymmetryTest(
        verdicts, first.settings | {"level": level, "seed": seeds}, alphas, explained
    )


def pooled_verdict(
    found: Sequence[Verdict], level: float, tolerance: float, of: str = "seeds"
) -> Verdict:
    """Pools the verdicts of several tests on one symmetry; its note counts those that agree.

    Args:
        found: At least one verdict.
        level: Level of the verdict. Medians of bounds are wrong with at most twice the probability
            of the bounds.
        tolerance: Relative break up to which a symmetry counts as holding.
        of: What the tests differ by, for the note.
    """
    first, count = found[0], len(found)
    silent = [each for each in found if each.verdict.startswith("no verdict")]
    if 2 * len(silent) > count:
        return replace(silent[0], note=f"no verdict in {len(silent)} of {count} {of}")
    found = [careful(each) for each in found]
    # of an even number, the middle one that claims less
    p, p_holm = (min(1.0, 2 * median_high(getattr(v, k) for v in found)) for k in ("p", "p_holm"))
    lower, upper = median_low(v.lower for v in found), median_high(v.upper for v in found)
    estimate = median(v.estimate for v in found)
    text = verdict_text(p, p_holm, lower, upper, level, tolerance)
    word = text.split()[0].rstrip(",")
    agree = sum(v.verdict.startswith(word) for v in found)
    estimates = [v.estimate for v in found]
    note = (
        f"{word} in {agree} of {count} {of}, with estimates from "
        f"{percent(min(estimates))} to {percent(max(estimates))}"
    )
    return replace(
        first,
        p=p,
        p_holm=p_holm,
        lower=lower,
        upper=upper,
        estimate=estimate,
        verdict=text,
        alpha=median(v.alpha for v in found),
        alpha_error=median(v.alpha_error for v in found),
        # NaN, where nothing was tested, stays NaN
        inputs_p=min(2 * median(v.inputs_p for v in found), 1.0),
        blocks={label: medians([v.blocks[label] for v in found]) for label in first.blocks},
        note="; ".join(filter(None, [note, *dict.fromkeys(v.note for v in found)])),
    )


def careful(verdict: Verdict) -> Verdict:
    """The same verdict, with what is unknown as that which claims least."""
    least = {"p": 1.0, "p_holm": 1.0, "lower": 0.0, "upper": math.inf, "estimate": 0.0}
    unknown: dict[str, Any] = {k: v for k, v in least.items() if math.isnan(getattr(verdict, k))}
    return replace(verdict, **unknown)


def medians(triples: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """The median of each of three numbers."""
    one, two, three = (median(values) for values in zip(*triples, strict=True))
    return one, two, three
