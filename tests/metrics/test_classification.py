"""Cross-entropy, class weights and calibration against their definitions."""

import pytest
import torch

from softsym.metrics import CalibrationError, CrossEntropy, CrossEntropyLoss


def test_class_weights_are_those_of_torch():
    logits, labels = torch.randn(20, 3), torch.arange(20) % 3
    expected = torch.nn.functional.cross_entropy(logits, labels, torch.tensor([1.0, 2.0, 0.5]))
    assert CrossEntropyLoss([1.0, 2.0, 0.5])(logits, labels) == expected
    with pytest.raises(ValueError, match=r"class_weights has 2 numbers, but .* 3 classes"):
        CrossEntropyLoss([1.0, 2.0])(logits, labels)
    with pytest.raises(ValueError, match="at least 0"):
        CrossEntropyLoss([1.0, -1.0])
    with pytest.raises(ValueError, match="label_smoothing must be from 0 to 1"):
        CrossEntropyLoss(label_smoothing=2.0)


def test_cross_entropy_is_the_mean_of_minus_log_p():
    logits, labels = torch.randn(20, 3), torch.arange(20) % 3
    metric = CrossEntropy()
    metric.update(logits[:5].softmax(-1), labels[:5])
    metric.update(logits[5:].softmax(-1), labels[5:])
    assert metric.compute() == pytest.approx(
        float(torch.nn.functional.cross_entropy(logits, labels))
    )
    single, yes = CrossEntropy(), torch.tensor([[1.0], [0.25]])
    single.update(torch.sigmoid(logits[:2, :1]), yes)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits[:2, :1], yes)
    assert single.compute() == pytest.approx(float(expected), rel=1e-5)
    sure = CrossEntropy()
    sure.update(torch.tensor([[1.0, 0.0]]), torch.tensor([1]))
    assert sure.compute().isfinite()


def test_confidence_is_compared_with_accuracy():
    metric = CalibrationError()
    labels = torch.tensor([0, 0, 0, 1])
    metric.update(torch.tensor([[0.7, 0.2, 0.1]]).expand(4, 3), labels)
    assert metric.compute() == pytest.approx(0.05, abs=1e-6)
