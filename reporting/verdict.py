"""The grades of the symmetries in plain words; the rule itself is in `softsym.reporting.grades`."""

from __future__ import annotations

from collections.abc import Sequence

from softsym.reporting.grades import (
    PENALTY_APART,
    Grade,
    decided_by_data,
    error_grade,
    grade,
    known,
    relative_penalty,
    strengths_tell,
)
from softsym.reporting.number_format import listing, number
from softsym.reporting.summary import SymmetryResult, labels, strongest_first

WORDS = {
    Grade.KEPT: "kept",
    Grade.NEARLY: "nearly kept",
    Grade.PARTLY: "partly kept",
    Grade.BROKEN: "broken",
    Grade.UNDECIDED: "undecided",
}

# A lead worth a word in the headline; smaller ones come from the initialisation.
CLEAR_LEAD = 1.5


def verdict(
    result: SymmetryResult, results: Sequence[SymmetryResult], *, adjusted: bool | None = None
) -> str:
    """Short verdict on one symmetry, such as ``"kept"`` or ``"only watched; broken"``.

    The grade follows the rule of `softsym.reporting.grades`: the error of the data first, then the
    model's error and the share of the strongest strength where they agree, and nothing from
    strengths that no policy has adjusted. A remark says why a symmetry is undecided, or that
    model and data differ.

    Args:
        result: the symmetry.
        results: all symmetries of the run, ``result`` among them.
        adjusted: whether a policy tuned the strengths; None: guess it from their being unequal.

    Example:
        >>> exact = SymmetryResult("xy", "O(2)@xy", 100.0, 0.1, model_error=0.02, data_error=0.0)
        >>> verdict(exact, [exact])
        'kept'
    """
    given = grade(result, results, adjusted=adjusted)
    if given is Grade.UNDECIDED:
        text = f"undecided: {_why_undecided(result, results, adjusted)}"
    else:
        text = WORDS[given] + _remark(result)
    return f"only watched; {text}" if result.watched else text


def _why_undecided(
    result: SymmetryResult, results: Sequence[SymmetryResult], adjusted: bool | None
) -> str:
    model = error_grade(result.model_error)
    if result.watched:
        return "the signs disagree" if model is not None else "not measured yet"
    if strengths_tell(results, adjusted):
        disagree = model is not None or known(result.data_error)
        return "the signs disagree" if disagree else "no error measured yet"
    if sum(not r.watched for r in results) < 2:
        return "nothing to compare its strength with"
    ratio = relative_penalty(result, results)
    if ratio is not None and ratio >= PENALTY_APART:
        return f"strengths not tuned, penalty {number(ratio)} times the smallest"
    return "strengths not tuned"


def _remark(result: SymmetryResult) -> str:
    """What to add where the data and the model differ by more than one grade."""
    data, model = decided_by_data(result), error_grade(result.model_error)
    if data is None or model is None or abs(model - data) < 2:
        return ""
    if model < data:
        return "; the model keeps it all the same"
    return (
        "; the model has not learnt it" if model is Grade.BROKEN else "; the model keeps it partly"
    )


def headline(results: Sequence[SymmetryResult], *, adjusted: bool | None = None) -> str:
    """One to three sentences for the top of a report.

    Args:
        results: all symmetries of the run.
        adjusted: whether a policy tuned the strengths; None: guess it from their being unequal.
    """
    if not results:
        return "No symmetry was measured."
    named = labels(results)
    by_grade: dict[Grade, list[str]] = {word: [] for word in Grade}
    lead = _lead(results) if strengths_tell(results, adjusted) else ""
    for result in strongest_first(results):
        given = grade(result, results, adjusted=adjusted)
        by_grade[given].append(named[result.name] + (lead if given < Grade.BROKEN else ""))
        lead = ""
    if len(by_grade[Grade.UNDECIDED]) == len(results):
        return _nothing_decided(results, adjusted)
    sentences = [_kept_sentence(results, by_grade)]
    for word in (Grade.BROKEN, Grade.UNDECIDED):
        if by_grade[word]:
            verb = "is" if len(by_grade[word]) == 1 else "are"
            sentences.append(f"{listing(by_grade[word])} {verb} {WORDS[word]}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _kept_sentence(results: Sequence[SymmetryResult], by_grade: dict[Grade, list[str]]) -> str:
    """What is kept at least in part, hedged where the data themselves do not decide."""
    verbs = {Grade.KEPT: "keep", Grade.NEARLY: "nearly keep", Grade.PARTLY: "partly keep"}
    parts = [f"{verb} {listing(by_grade[word])}" for word, verb in verbs.items() if by_grade[word]]
    certain = all(decided_by_data(result) is not None for result in results)
    subject = "The data" if certain else "The data seem to"
    if not parts:
        return "" if by_grade[Grade.UNDECIDED] else f"{subject} keep none of the candidates."
    return f"{subject} {listing(parts)}."


def _lead(results: Sequence[SymmetryResult]) -> str:
    """By how much the strongest leads, if it does so clearly."""
    first, second = strongest_first(results)[:2]
    ratio = first.strength / second.strength
    if ratio < CLEAR_LEAD:
        return ""
    return f" (strength {number(first.strength)}, {number(float(f'{ratio:.2g}'))} times the next)"


def _nothing_decided(results: Sequence[SymmetryResult], adjusted: bool | None) -> str:
    """Headline when every symmetry is undecided."""
    names = listing(list(labels(results).values()))
    if strengths_tell(results, adjusted):
        return f"What was measured does not decide about {names}."
    return (
        f"Nothing can be said yet about {names}: the strengths have not been tuned, "
        "and no measured error decides."
    )
