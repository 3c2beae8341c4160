"""A compiled training is the same training; needs a C++ compiler and a minute."""

from __future__ import annotations

import pytest

from softsym.lightning_modules.compilation import has_compiler

SHORT = ("trainer.max_epochs=6", "policy.epoch=2")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
def test_compiled_equals_plain(train, tmp_path, mode):
    if not has_compiler():  # asked here, as torch takes seconds to answer
        pytest.skip("no C++ compiler")
    plain = train(*SHORT, f"run_dir={tmp_path / 'plain'}")
    compiled = train(
        *SHORT, "compile=true", f"compile_mode={mode}", f"run_dir={tmp_path / 'compiled'}"
    )
    assert compiled.metrics["test/mse"] == pytest.approx(plain.metrics["test/mse"], rel=1e-3)
    for one, other in zip(plain.strengths, compiled.strengths, strict=True):
        assert float(other["penalty"]) == pytest.approx(float(one["penalty"]), rel=1e-3)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("compile=maybe", "compile must be true, false or auto; got 'maybe'"),
        ("compile_mode=fast", "compile_mode must be default, reduce-overhead"),
    ],
)
def test_other_words_are_refused(train, override, message):
    run = train(*SHORT, override, ok=False)
    assert message in run.output
    assert "Traceback" not in run.output
