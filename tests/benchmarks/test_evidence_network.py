"""Evidence on a network: its matrix products are those of the dense matrices."""

import pytest
import torch
from torch.nn.utils import parameters_to_vector

from benchmarks import evidence_network
from benchmarks.evidence_network import ALPHA, PLANES, Study, main, right, solve, updated
from softsym.networks import SoftEMLP
from softsym.regularizers import ProjectionRegularizer


@pytest.fixture(scope="module")
def study():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = SoftEMLP("T1", "T0", "O(3)", channels=4, hidden_layers=1)
        x, y = torch.randn(6, 3), torch.randn(6, 1)
    made = Study(network, [ProjectionRegularizer(plane, 1.0, 3) for plane in PLANES], x, y)
    for regularizer in made.regularizers:
        regularizer.bind(network)
    return made


def dense(product, size):
    return torch.stack([product(column) for column in torch.eye(size)], -1)


@pytest.fixture(scope="module")
def matrices(study):
    """Q_G (planes, size, size) and J^T J (size, size)."""
    size = len(parameters_to_vector(study.network.parameters()))
    return dense(study.broken_parts, size), dense(study.curved, size)


def test_broken_parts_are_projections_and_leave_the_weights(study, matrices):
    before = parameters_to_vector(study.network.parameters()).detach().clone()
    for Q, penalty in zip(matrices[0], study.penalties().tolist(), strict=True):
        torch.testing.assert_close(Q, Q.mT, atol=1e-5, rtol=0)
        torch.testing.assert_close(Q @ Q, Q, atol=1e-5, rtol=0)
        assert float(before @ Q @ before) == pytest.approx(2 * penalty, rel=1e-4)
    assert torch.equal(parameters_to_vector(study.network.parameters()), before)


def test_the_curvature_is_that_of_all_outputs(study, matrices):
    weights = list(study.network.parameters())
    rows = []
    for output in study.network(study.x)[:, 0]:
        parts = torch.autograd.grad(
            output, weights, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        rows.append(torch.cat([part.flatten() for part in parts]))
    J = torch.stack(rows)
    torch.testing.assert_close(matrices[1], J.mT @ J, atol=1e-4, rtol=1e-4)


def test_an_update_is_the_fixed_point(study, matrices, monkeypatch):
    Qs, H = matrices
    precisions, noise = torch.tensor([3.0, 1.0, 0.5]), 2.0
    prior = ALPHA * torch.eye(len(H)) + torch.einsum("g,gij->ij", precisions, Qs)
    shrunk = torch.linalg.inv(prior) - torch.linalg.inv(noise * H + prior)
    gammas = precisions * torch.einsum("ij,gij->g", shrunk, Qs)
    wanted = gammas / (2 * study.penalties().detach())
    monkeypatch.setattr(evidence_network, "PROBES", 8)
    monkeypatch.setattr(evidence_network, "SOLVES", 40)
    found, _ = updated(study, precisions, noise, torch.Generator().manual_seed(0))
    torch.testing.assert_close(found, wanted, rtol=0.4, atol=0)


def test_conjugate_gradients():
    A = torch.diag(torch.tensor([1.0, 4.0, 9.0]))
    torch.testing.assert_close(solve(lambda v: A @ v, torch.ones(3)), 1 / A.diagonal())


def test_the_right_order():
    assert right("z", [2.0, 1.0, 1.0])
    assert not right("z", [2.0, 1.0, 3.0])
    assert right("exact", [1.0, 2.0, 3.0])


def test_prints_a_row_for_each_cell(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(evidence_network, "EPOCHS", 10)
    monkeypatch.setattr(evidence_network, "UPDATES", (2,))
    monkeypatch.setattr(evidence_network, "SAMPLES", 20)
    monkeypatch.setattr(evidence_network, "SOLVES", 1)
    main(["--seeds", "1", "--out", str(tmp_path / "e.jsonl")])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("| z")][2].startswith("| z | evidence, weak")
    assert sum(line.startswith(("| z", "| exact")) for line in lines) == 8
