"""The transformer over agents and time: masked steps and the order of agents have no effect."""

import pytest
import torch
from compliance.networks import NetworkSuite
from torch.nn import functional as F

from softsym.metrics import equivariance_error, lie_derivative
from softsym.networks import AgentTransformer, ConstantVelocity
from softsym.regularizers.projection.typed_layers import typed_layers
from softsym.symmetries import group

HISTORY, FUTURE = 4, 3


def network(neighbours=2, dim=2, *, velocities=False, **settings):
    vectors = (1 + neighbours) * HISTORY * (1 + velocities)
    masks = (neighbours > 0) + velocities
    scalars = f" + {masks * (1 + neighbours) * HISTORY}T0" if masks else ""
    return AgentTransformer(
        f"{vectors}T1{scalars}", f"{FUTURE}T1", dim, neighbours, velocities,
        **{"width": 16, "heads": 2} | settings,
    )  # fmt: skip


def scene(neighbours=2, dim=2, *, velocities=False, count=8, seed=0):
    """Positions (and velocities) of all agents (count, kinds, agents, time, dim), and masks."""
    draw = torch.Generator().manual_seed(seed)
    shape = (count, 1 + velocities, 1 + neighbours, HISTORY, dim)
    known = torch.rand(count, 1 + neighbours, HISTORY, generator=draw) < 0.6
    known[:, 0, -1] = True
    return torch.randn(*shape, generator=draw), known


def flat(vectors, known):
    """The input; a velocity is known where its position and the one before it are."""
    moved = known.clone()
    moved[:, :, 1:] &= known[:, :, :-1]
    masks = [known] * (known.shape[1] > 1) + [moved] * (vectors.shape[1] > 1)
    return torch.cat(
        [vectors.flatten(1), *(mask.to(vectors.dtype).flatten(1) for mask in masks)], 1
    )


class TestOneAgent(NetworkSuite):
    dim = 2

    def make(self, seed=0):
        return network(0, seed=seed)


class TestNeighbours(NetworkSuite):
    dim = 3

    def make(self, seed=0):
        return network(3, 3, velocities=True, seed=seed)


class TestOneLayer(NetworkSuite):
    dim = 2

    def make(self, seed=0):
        return network(layers=1, seed=seed)


def test_it_is_traced_for_batches_of_any_size():
    traced = torch.export.export(
        model := network(layers=1).eval(),
        (flat(*scene(count=3)),),
        dynamic_shapes=({0: torch.export.Dim("batch")},),
    ).module()
    for count in (1, 7):
        x = flat(*scene(count=count, seed=count))
        torch.testing.assert_close(traced(x), model(x))


@pytest.mark.parametrize("velocities", [False, True])
@pytest.mark.parametrize("hidden", [1e6, torch.nan])
def test_numbers_under_the_mask_change_nothing(velocities, hidden):
    vectors, known = scene(velocities=velocities)
    changed = torch.where(known[:, None, ..., None], vectors, hidden)
    model = network(velocities=velocities)
    assert torch.equal(model(flat(vectors, known)), model(flat(changed, known)))


def test_what_is_known_does_matter():
    vectors, known = scene()
    known[:] = True
    model, plain = network(), network()(flat(vectors, known))
    for agent in range(3):
        for step in range(HISTORY):
            changed, without = vectors.clone(), known.clone()
            changed[:, :, agent, step] += 1.0
            without[:, agent, step] = False
            assert (model(flat(changed, known)) - plain).abs().amax(1).min() > 1e-5
            assert (model(flat(vectors, without)) - plain).abs().amax(1).min() > 1e-5


def test_order_of_the_neighbours_does_not_matter():
    vectors, known = scene(neighbours=4, velocities=True)
    order = torch.tensor([0, 3, 1, 4, 2])
    model = network(4, velocities=True)
    permuted = model(flat(vectors[:, :, order], known[:, order]))
    torch.testing.assert_close(model(flat(vectors, known)), permuted)


def test_the_agent_is_told_from_its_neighbours():
    vectors, known = scene()
    known[:] = True
    swapped = torch.tensor([1, 0, 2])
    model = network()
    assert not torch.allclose(
        model(flat(vectors, known)), model(flat(vectors[:, :, swapped], known)), atol=1e-2
    )


@pytest.mark.parametrize("velocities", [False, True])
def test_neighbours_that_are_not_there_leave_the_agent_alone(velocities):
    vectors, known = scene(velocities=velocities)
    known[:, 0], known[:, 1:] = True, False
    vectors[:, :, 1:] = torch.nan
    alone = network(0, velocities=velocities)
    among = network(2, velocities=velocities, seed=1)
    among.load_state_dict(alone.state_dict())
    expected = alone(flat(vectors[:, :, :1], known[:, :1]))
    torch.testing.assert_close(among(flat(vectors, known)), expected)
    assert torch.isfinite(expected).all()


def test_velocities_that_are_not_known_change_nothing_but_say_so():
    vectors, known = scene(0, velocities=True)
    known[:] = True
    inputs, model = flat(vectors, known), network(0, velocities=True)
    inputs[:, -HISTORY] = 0.0  # the mask of the first velocity
    other = inputs.clone()
    other[:, HISTORY * 2 : HISTORY * 2 + 2] = torch.nan
    assert torch.equal(model(inputs), model(other))
    assert not torch.equal(model(inputs), model(flat(vectors, known)))


def test_a_scene_of_which_nothing_is_known_has_a_finite_answer():
    vectors, known = scene()
    answers = network()(flat(vectors, torch.zeros_like(known)))
    assert torch.isfinite(answers).all()
    assert torch.equal(answers, answers[:1].expand_as(answers))


@pytest.mark.parametrize("layers", [1, 3])
def test_gradients_are_finite_and_none_under_the_mask(layers):
    vectors, known = scene()
    known[0, 1:] = False
    inputs = flat(torch.where(known[:, None, ..., None], vectors, torch.nan), known)
    inputs.requires_grad_()
    model = network(layers=layers)
    model(inputs).square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters())
    gradient = inputs.grad[:, : vectors[0].numel()].view(len(vectors), 3, HISTORY, 2)
    assert torch.isfinite(gradient).all()
    assert not gradient[~known].any()
    assert gradient[known].any(-1).all()


def test_corrects_constant_velocity():
    vectors, known = scene(neighbours=0)
    known[:] = True
    model = network(0)
    expected = ConstantVelocity(HISTORY, FUTURE, 2)(flat(vectors, known))
    apart = (model(flat(vectors, known)) - expected).abs().max()
    assert 0 < apart < 0.5
    model.correction.weight.data.zero_()
    model.correction.bias.data.zero_()
    torch.testing.assert_close(model(flat(vectors, known)), expected)


def test_a_step_from_where_nobody_was_is_none():
    vectors, known = scene()
    known[:, 0, -2] = False
    model = network()
    model.correction.weight.data.zero_()
    model.correction.bias.data.zero_()
    now = vectors[:, 0, 0, -1]
    torch.testing.assert_close(model(flat(vectors, known)), now.repeat(1, FUTURE))


def test_it_learns_to_avoid_a_neighbour():
    """A neighbour drives the agent away, which the agent's own history cannot tell."""
    draw = torch.Generator().manual_seed(0)
    side = torch.randn(256, generator=draw).sign()
    vectors = 0.1 * torch.randn(256, 1, 2, 1, 2, generator=draw).repeat(1, 1, 1, HISTORY, 1)
    vectors[:, 0, 1, :, 1] += side[:, None]
    targets = torch.zeros(256, FUTURE, 2)
    targets[..., 1] = -side[:, None]
    inputs = flat(vectors, torch.ones(256, 2, HISTORY, dtype=torch.bool))
    model = network(1)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        F.mse_loss(model(inputs), targets.flatten(1)).backward()
        optimizer.step()
    with torch.no_grad():
        assert F.mse_loss(model(inputs), targets.flatten(1)) < 0.05


def test_function_space_tools_can_differentiate_it():
    vectors, known = scene()
    model, x = network().double(), flat(vectors, known).double()
    exact = lie_derivative(model, model.rep_in, model.rep_out, "SO(2)", x)[0]
    turned = []
    for angle in (1e-4, -1e-4):
        g = torch.linalg.matrix_exp(angle * group("SO(2)").lie_algebra[0])
        turned.append(model.rep_out.act(g.T, model(model.rep_in.act(g, x))))
    torch.testing.assert_close(exact, (turned[0] - turned[1]) / 2e-4, rtol=1e-5, atol=1e-7)
    error = equivariance_error(model, model.rep_in, model.rep_out, "SO(2)", x)
    assert 0 < error < 1
    # a penalty on it can be trained on, though what is added to all answers has no part in it
    turn = model.rep_in.act_derivative(group("SO(2)").lie_algebra[0], x)
    torch.func.jvp(model, (x,), (turn,))[1].square().sum().backward()
    gradients = {name: p.grad for name, p in model.named_parameters()}
    assert [name for name, grad in gradients.items() if grad is None] == ["correction.bias"]
    assert all(torch.isfinite(grad).all() for grad in gradients.values() if grad is not None)


def test_dropout_is_for_training_only():
    vectors, known = scene()
    model = network(dropout=0.5)
    inputs = flat(vectors, known)
    assert not torch.equal(model(inputs), model(inputs))
    model.eval()
    assert torch.equal(model(inputs), model(inputs))


def test_it_has_no_typed_layers():
    assert typed_layers(network()) == []


@pytest.mark.parametrize(
    ("neighbours", "velocities", "dim", "rep_in", "history"),
    [(0, False, 2, "8T1", 8), (3, False, 2, "32T1 + 32T0", 8), (1, True, 3, "20T1 + 20T0", 5)],
)
def test_history_is_what_the_type_holds(neighbours, velocities, dim, rep_in, history):
    for given in (None, history):
        made = AgentTransformer(
            rep_in, "12T1", dim, neighbours, velocities, given, width=8, heads=1, layers=1
        )
        assert (made.history, made.future) == (history, 12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rep_in": "5T0 + 5T1"}, r"'5T0 \+ 5T1' has 15 numbers over R\^2, which is not a whole"),
        (
            {"history": 7},
            r"not 7 steps of 2 numbers for 0 neighbours without .*matching type is '7T1'",
        ),
        ({"neighbours": 2}, r"of 9 numbers for 2 neighbours .* A matching type is '3T1 \+ 3T0'"),
        ({"velocities": True, "history": 8}, r"with velocities. A matching type is '16T1 \+ 8T0'"),
        ({"rep_in": "T0", "dim": 2}, r"A matching type is '1T1'"),
        ({"history": 0}, "history must be at least 1, or None to follow rep_in; got 0"),
        ({"neighbours": -1}, "neighbours must be at least 0; got -1"),
        (
            {"rep_out": "3T0"},
            r"rep_out '3T0' has 3 numbers .* not a number of positions of 2 coordinates",
        ),
        ({"width": 0}, "width must be a whole number of at least 1; got 0"),
        ({"heads": 0}, "heads must be a whole number of at least 1; got 0"),
        ({"layers": 0}, "layers must be a whole number of at least 1; got 0"),
        ({"width": 10, "heads": 4}, "width must be a multiple of heads; got 10 and 4"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1; got 1.0"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        AgentTransformer(**{"rep_in": "8T1", "rep_out": "12T1", "dim": 2} | settings)


def test_inputs_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"must have the shape \(n, 36\).* got \(5, 30\)"):
        network()(torch.zeros(5, 30))
