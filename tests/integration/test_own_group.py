"""A group given by generators on the command line, and bases kept on disk."""

TURNS = (
    "{_target_:softsym.symmetries.Group,dim:3,name:turns,"
    "lie_algebra:[[[0,-1,0],[1,0,0],[0,0,0]]],discrete_generators:[[[1,0,0],[0,-1,0],[0,0,1]]]}"
)


def test_own_generators_train_as_the_named_group_does(train, finished):
    bases = train.folder / "bases"
    run = train(f"regularizers.xy.group={TURNS}", f"basis_cache={bases}")
    assert "turns" in run.output
    assert list(bases.glob("*.pt"))
    ours, named = (
        [row["strength"] for row in found.strengths if row["name"] == "xy"]
        for found in (run, finished)
    )
    assert ours == named


def test_an_open_algebra_stops_the_run_with_its_reason(train):
    two_planes = "[[[0,-1,0],[1,0,0],[0,0,0]],[[0,0,0],[0,0,-1],[0,1,0]]]"
    run = train(
        f"regularizers.xy.group={{_target_:softsym.symmetries.Group,dim:3,lie_algebra:{two_planes}}}",
        ok=False,
    )
    assert "is not closed: the commutator of its generators 0 and 1" in " ".join(run.output.split())
    assert "Traceback" not in run.output


def test_a_folder_for_bases_that_cannot_be(train):
    run = train("basis_cache=/dev/null/bases", ok=False)
    assert "Bases cannot be kept in '/dev/null/bases'" in " ".join(run.output.split())
    assert "Traceback" not in run.output
