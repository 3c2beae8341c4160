"""Names of representations are checked without torch by the rules that read them."""

import pytest
from market import REPS

from softsym.symmetries import rep
from softsym.symmetries.rep_grammar import RepGrammar


@pytest.mark.parametrize(
    "name", [*REPS, "2T1 >> 3*(T0 + V)", "V(S(5)) x V(O(2)@xy)", "2Image(3,3)", "T(2,1).T*Scalar"]
)
def test_names_of_representations_pass(name):
    RepGrammar(name).read()


@pytest.mark.parametrize(
    "name",
    ["5Q0", "T", "T(T1)", "5", "T1 + 1", "T1 - T0", "V(SO3)", "T1 >>", " + ".join(["T1"] * 2000)],
)
def test_a_mistake_is_answered_as_where_the_representation_is_made(name):
    with pytest.raises(ValueError, match=r".") as checked:
        RepGrammar(name).read()
    with pytest.raises(ValueError, match=r".") as made:
        rep(name)
    assert str(checked.value) == str(made.value)
