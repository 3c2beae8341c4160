"""When a network is compiled, and what then is the same."""

import pytest
import torch
from torch import nn

from softsym.lightning_modules import compilation
from softsym.lightning_modules.compilation import compiled, compiles, has_compiler


@pytest.mark.parametrize(
    ("wanted", "epochs", "expected"),
    [
        (True, 1, True),
        (False, 9999, False),
        ("auto", 999, False),
        ("auto", 1000, True),
        ("auto", -1, True),
    ],
)
def test_auto_decides_by_the_number_of_epochs(wanted, epochs, expected, monkeypatch):
    monkeypatch.setattr(compilation, "has_compiler", lambda: True)
    assert compiles(wanted, "cpu", epochs) is expected
    assert compiles(wanted, "cuda", epochs) is expected


def test_without_a_compiler_auto_does_without_and_true_says_so(monkeypatch):
    monkeypatch.setattr(compilation, "has_compiler", lambda: False)
    assert compiles("auto", "cpu", 9999) is False
    assert compiles("auto", "cuda", 9999) is False
    assert compiles(True, "cuda", 1) is True
    with pytest.raises(ValueError, match=r"needs a C\+\+ compiler.*compile=false"):
        compiles(True, "cpu", 1)


def test_other_answers_are_refused():
    with pytest.raises(ValueError, match="must be true, false or auto; got maybe"):
        compiles("maybe", "cpu", 1)
    with pytest.raises(ValueError, match="must be true, false or auto; got 1"):
        compiles(1, "cpu", 1)
    with pytest.raises(ValueError, match=r"one of default, reduce-overhead.*; got fast"):
        compiled(nn.Linear(2, 2), "fast")


@pytest.mark.parametrize("mode", compilation.MODES)
def test_every_mode_is_passed_on(mode, monkeypatch):
    asked = []

    def compile_by_tracing(function, mode):
        asked.append(mode)
        return function

    monkeypatch.setattr(torch, "compile", compile_by_tracing)
    network = nn.Linear(3, 2)
    x = torch.randn(4, 3)
    torch.testing.assert_close(compiled(network, mode)(x), network(x))
    assert asked == [mode]


def test_a_compiler_is_the_one_that_torch_finds(monkeypatch):
    from torch._inductor import cpp_builder, exc

    def find():
        raise exc.InvalidCxxCompiler

    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", find)
    assert not has_compiler()
    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", lambda: "g++")
    assert has_compiler()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
def test_cuda_graphs_compute_the_same(mode):
    network = nn.Sequential(nn.Linear(3, 8), nn.SiLU(), nn.Linear(8, 2)).cuda()
    run = compiled(network, mode)
    for _ in range(4):  # graphs are recorded on the second call
        x = torch.randn(16, 3, device="cuda")
        torch.testing.assert_close(run(x), network(x), rtol=1e-4, atol=1e-4)
