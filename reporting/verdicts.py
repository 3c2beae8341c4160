"""The grades of a run's symmetries in plain words; the rule is in `softsym.reporting.grades`."""

from __future__ import annotations

from softsym.reporting.grades import (
    PENALTY_APART,
    Grade,
    decided_by_data,
    error_grade,
    relative_penalty,
    strengths_tell,
)
from softsym.reporting.number_format import known, listing, number
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_results import SymmetryResult, labels, strongest_first

WORDS = {
    Grade.KEPT: "kept",
    Grade.NEARLY: "nearly kept",
    Grade.PARTLY: "partly kept",
    Grade.BROKEN: "broken",
    Grade.UNDECIDED: "undecided",
}

# A lead worth mentioning in the headline; smaller ones come from the initialisation.
CLEAR_LEAD = 1.5


def verdict(summary: RunSummary, result: SymmetryResult) -> str:
    """Short verdict on one symmetry of a run, such as ``"kept"`` or ``"only watched; broken"``.

    A remark says why a symmetry is undecided, or that model and data differ.
    """
    given = summary.grades[result.name]
    if given is Grade.UNDECIDED:
        text = f"undecided: {_why_undecided(summary, result)}"
    else:
        text = WORDS[given] + _remark(result)
    return f"only watched; {text}" if result.watched else text


def headline(summary: RunSummary) -> str:
    """One to three sentences for the top of a report."""
    results = summary.symmetries
    if not results:
        return "No symmetry was measured."
    names = labels(results)
    by_grade: dict[Grade, list[str]] = {given: [] for given in Grade}
    lead = _lead(summary)
    for result in strongest_first(results):
        given = summary.grades[result.name]
        by_grade[given].append(names[result.name] + (lead if given < Grade.BROKEN else ""))
        lead = ""  # only the strongest has one
    if len(by_grade[Grade.UNDECIDED]) == len(results):
        all_names = listing(list(names.values()))
        if strengths_tell(results, summary.adjusted):
            return f"What was measured does not decide about {all_names}."
        return (
            f"Nothing can be said yet about {all_names}: the strengths have not been tuned, "
            "and no measured error decides."
        )
    sentences = [_kept_sentence(summary, by_grade)]
    for given in (Grade.BROKEN, Grade.UNDECIDED):
        if by_grade[given]:
            verb = "is" if len(by_grade[given]) == 1 else "are"
            sentences.append(f"{listing(by_grade[given])} {verb} {WORDS[given]}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _why_undecided(summary: RunSummary, result: SymmetryResult) -> str:
    model = error_grade(result.model_error)
    if result.watched:
        return "the signs disagree" if model is not None else "not measured yet"
    if strengths_tell(summary.symmetries, summary.adjusted):
        disagree = model is not None or known(result.data_error)
        return "the signs disagree" if disagree else "no error measured yet"
    if sum(not r.watched for r in summary.symmetries) < 2:
        return "nothing to compare its strength with"
    ratio = relative_penalty(result, summary.symmetries)
    if ratio is not None and ratio >= PENALTY_APART:
        return f"strengths not tuned, penalty {number(ratio)} times the smallest"
    return "strengths not tuned"


def _remark(result: SymmetryResult) -> str:
    """A remark where the data and the model differ by more than one grade."""
    data, model = decided_by_data(result), error_grade(result.model_error)
    if data is None or model is None or abs(model - data) < 2:
        return ""
    if model < data:
        return "; the model keeps it all the same"
    learnt = "keeps it partly" if model is not Grade.BROKEN else "has not learnt it"
    return f"; the model {learnt}"


def _kept_sentence(summary: RunSummary, by_grade: dict[Grade, list[str]]) -> str:
    """Which symmetries are kept at least in part, hedged where the data do not decide."""
    verbs = {Grade.KEPT: "keep", Grade.NEARLY: "nearly keep", Grade.PARTLY: "partly keep"}
    parts = [f"{verb} {listing(by_grade[word])}" for word, verb in verbs.items() if by_grade[word]]
    certain = all(decided_by_data(result) is not None for result in summary.symmetries)
    subject = "The data" if certain else "The data seem to"
    if not parts:
        return "" if by_grade[Grade.UNDECIDED] else f"{subject} keep none of the candidates."
    return f"{subject} {listing(parts)}."


def _lead(summary: RunSummary) -> str:
    """By how much the strongest leads, if it does so clearly."""
    if not strengths_tell(summary.symmetries, summary.adjusted):
        return ""
    first, second = strongest_first(summary.symmetries)[:2]
    ratio = first.strength / second.strength
    if ratio < CLEAR_LEAD:
        return ""
    return f" (strength {number(first.strength)}, {number(float(f'{ratio:.2g}'))} times the next)"
