"""Trains a network on a task loss plus a list of regularizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from lightning import Callback, LightningModule
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from softsym.lightning_modules.augmentation import GroupAugmentation
from softsym.lightning_modules.compilation import check_settings, compiled, compiles
from softsym.lightning_modules.epoch_record import EpochRecord
from softsym.lightning_modules.evidence import Studied
from softsym.lightning_modules.micro_batches import micro_batch
from softsym.lightning_modules.moved_test import MovedTest
from softsym.lightning_modules.names import require_names
from softsym.lightning_modules.nonfinite import explain_nonfinite, nonfinite_loss
from softsym.lightning_modules.schedule import EachStep, configured, follow_length, length_of
from softsym.lightning_modules.task import (
    link_of,
    linked,
    require_column,
    task_loss,
    update_metrics,
)
from softsym.metrics.accumulated import PAPER, SPREAD
from softsym.metrics.equivariance import EquivarianceError
from softsym.metrics.heads import HeadMetrics
from softsym.regularizers import Fixed, Regularizer, StrengthPolicy, StrengthTuning
from softsym.regularizers.base import all_penalties
from softsym.runs.errors import UserError
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group
from softsym.symmetries.batches import Types, read_types, sample_count

Batch = tuple[Any, Any]
"""Inputs and targets: tensors, or mappings and tuples of tensors."""

TEST, OOD = "test", "ood"
"""The sets that the test measures, in the order of the datamodule's loaders."""


class SymmetryModule(LightningModule):
    """loss = task + sum over regularizers of strength * penalty.

    The ``state_dict`` holds the network's weights alone (under ``network.``); strengths and the
    policy's state are in the checkpoint's section of callbacks.

    Args:
        network: Any module, (batch, in) to (batch, out), or nested batches to nested batches
            (:mod:`softsym.symmetries.batches`).
        loss: Task loss of prediction and target; summed over the heads of nested predictions
            (:func:`softsym.metrics.heads.nested_loss`).
        optimizer: Makes an optimizer of the parameters.
        regularizers: Regularizers by name, which is their key in logs.
        policy: Decides strengths after each epoch; fixed by default.
        scheduler: Makes a learning-rate scheduler of the optimizer, stepped once an epoch; or an
            :class:`~softsym.lightning_modules.schedule.EachStep`.
        metrics: torchmetrics by name, for validation and test. Where the loss is a cross-entropy
            they get probabilities, not logits.
        baselines: Modules without training, measured beside the network in the test.
        candidates: Groups by name whose equivariance error and moved test set the test measures,
            beside those that are regularized; for models that no regularizer can bind to.
        dim: Dimension of the base space, where a group's name leaves it open.
        augmentation: Group whose elements move every training sample, by the datamodule's types.
        augmentation_seed: Seed of these elements.
        compile: Whether training and validation run the network through ``torch.compile``; the
            test does not. Compiling takes a minute (seconds once cached), so it pays for trainings
            of many minutes; ``auto`` decides by the number of epochs.
        compile_mode: Mode of ``torch.compile``; ``reduce-overhead`` replays CUDA graphs, whose
            predictions are overwritten by the network's next call.
        log_every_n_epochs: Interval between two epochs that loggers are told. Values to monitor
            are available after every epoch.
        paper_errors: Whether the test logs the equivariance error of the paper as well, under
            ``test/paper_equivariance_error/<name>``, to compare with published numbers.
        rep_in: Type of the inputs, where the datamodule has no ``rep_in`` or there is none.
        rep_out: Type of the targets, likewise.

    Attributes:
        began: Whether a training has begun, so that a checkpoint to resume has been restored.
        link: Map from the network's outputs to the mean of the targets: softmax after logits.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module,
        optimizer: Callable[..., torch.optim.Optimizer],
        regularizers: Mapping[str, Regularizer] | None = None,
        policy: StrengthPolicy | None = None,
        scheduler: Callable[..., torch.optim.lr_scheduler.LRScheduler] | EachStep | None = None,
        metrics: Mapping[str, Metric] | None = None,
        baselines: Mapping[str, nn.Module] | None = None,
        candidates: Mapping[str, str | Group] | None = None,
        dim: int | None = None,
        augmentation: str | Group | None = None,
        augmentation_seed: int = 0,
        compile: bool | str = False,
        compile_mode: str = "default",
        log_every_n_epochs: int = 1,
        paper_errors: bool = False,
        rep_in: str | Rep | None = None,
        rep_out: str | Rep | None = None,
    ) -> None:
        super().__init__()
        self.network, self.task_loss, self.link = network, loss, link_of(loss)
        check_settings(compile, compile_mode)
        self._compile, self._compile_mode = compile, compile_mode
        self._compiled: tuple[nn.Module, Callable[[Any], Any]] | None = None
        self._given = rep_in, rep_out
        self.began, self.micro_batch = False, 0
        self._lengths: list[dict[str, Any]] = []
        self._partial = False
        self.optimizer, self.scheduler = optimizer, scheduler
        self.regularizers = dict(regularizers or {})
        require_names("regularizers", self.regularizers)
        require_names("candidates", candidates or ())
        require_names("baselines", baselines or (), taken=("network", "moved"))
        require_names("metrics", metrics or ())
        for name, regularizer in self.regularizers.items():
            regularizer.name = name
        self.tuning = StrengthTuning(policy or Fixed(), self.regularizers)
        self.record = EpochRecord(self.tuning, log_every_n_epochs, self._studied)
        self.baselines: dict[str, nn.Module] = _modules(baselines or {})
        collection = MetricCollection(dict(metrics or {}))
        self.val_metrics = HeadMetrics(collection, "val/")
        prefixes = {"network": "", **{name: f"{name}/" for name in self.baselines}}
        self.test_metrics: dict[str, HeadMetrics] = _modules(
            {
                f"{split}_{name}": HeadMetrics(collection, f"{split}/{prefix}")
                for split in (TEST, OOD)
                for name, prefix in prefixes.items()
            }
        )
        self.augmentation: GroupAugmentation | None = None
        if augmentation is not None:
            moving = _parse_group("augmentation", augmentation, dim)
            self.augmentation = GroupAugmentation(moving, augmentation_seed)
        named = (candidates or {}).items()
        self.symmetries = {n: _parse_group(f"candidates.{n}", G, dim) for n, G in named}
        for name in self.symmetries.keys() & self.regularizers:
            # one name stands for one symmetry in metrics and in the report
            if self.symmetries[name] != self.regularizers[name].group:
                raise ValueError(
                    f"candidates.{name}: a regularizer has this name and another group. Give the "
                    "candidate another name."
                )
        self.symmetries |= {n: r.group for n, r in self.regularizers.items() if r.group is not None}
        self.paper_errors = paper_errors
        self.equivariance: dict[str, EquivarianceError] = _modules({})
        self.moved: MovedTest | None = None

    def setup(self, stage: str) -> None:
        """Reads types and units of the datamodule, and compiles the network for a training."""
        data = cast(Any, self.trainer).datamodule
        own = (getattr(data, key, None) for key in ("rep_in", "rep_out"))
        types = [read_types(T if R is None else R) for R, T in zip(self._given, own, strict=True)]
        self._types: tuple[Types, Types] = types[0], types[1]
        self._target_scale: Tensor | None = getattr(data, "target_scale", None)
        self._target_mean: Tensor | None = getattr(data, "target_mean", None)
        self._partial = bool(getattr(data, "partial_targets", False))
        if getattr(data, "dtype", None) == torch.float64:
            for held in (self.val_metrics, *self.test_metrics.values()):
                for metric in held.plain.values(copy_state=False):
                    metric.set_dtype(torch.float64)
        device, epochs = self.trainer.strategy.root_device.type, self.trainer.max_epochs or 0
        if stage == "fit" and compiles(self._compile, device, epochs):
            self._compiled = self.network, compiled(self.network, self._compile_mode)

    def configure_callbacks(self) -> list[Callback]:
        """Hands regularizers, record and tuning to the trainer, and so to the checkpoint."""
        return [*self.regularizers.values(), self.record, self.tuning]

    def configure_optimizers(self) -> Any:
        """Makes the optimizer of the trainable parameters and its scheduler."""
        optimizer = self.optimizer([p for p in self.network.parameters() if p.requires_grad])
        made = [configured(self.scheduler, optimizer, self._trainer)] if self.scheduler else []
        # a checkpoint restores the length with which its training began
        self._lengths = [length_of(each["scheduler"]) for each in made]
        return [optimizer], made

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Lets the test measure averaged weights, for which Lightning would put the latest ones.

        Its WeightAveraging saves the averaged weights as ``state_dict``, and loads the others
        back into the model whenever the callback has seen a training before.
        """
        testing = self._trainer is not None and self.trainer.testing
        if testing and "current_model_state" in checkpoint:
            checkpoint["current_model_state"] = checkpoint["state_dict"]

    def on_train_start(self) -> None:
        """Lets a restored schedule follow the length that this training gives it."""
        self.began = True
        schedulers = [c.scheduler for c in self.trainer.lr_scheduler_configs]
        for scheduler, length in zip(schedulers, self._lengths, strict=False):
            follow_length(scheduler, length)

    def _studied(self) -> Studied:
        """The network, for policies that ask about it."""

        def loss(prediction: Any, targets: Any) -> Tensor:
            return task_loss(self.task_loss, prediction, targets, self._partial)

        return Studied(self.network, self._types, self.link, loss)

    def forward(self, inputs: Any) -> Any:
        """Calls the network."""
        return self.network(inputs)

    def predict(self, inputs: Any) -> Any:
        """Calls the network, compiled if this training has compiled it."""
        if self._compiled is None or self._compiled[0] is not self.network:
            return self(inputs)
        return self._compiled[1](inputs)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves out the trainer, and compiled code, which belong to this network in this process.

        With the trainer, a copy would hold all data, and a saved module could not be pickled.
        """
        return {**super().__getstate__(), "_compiled": None}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Computes the loss: the task's plus all regularizers'.

        Raises:
            NonFiniteLossError: If the sum is NaN or infinite; no weight has changed by then. On a
                GPU, where asking would stop the stream of work, the epoch's end asks instead.
        """
        if self.augmentation is not None:
            batch = self.augmentation(batch, self._types, self.global_step, self.global_rank)
        self.micro_batch = micro_batch(self._trainer)
        inputs, targets = batch
        prediction = self.predict(inputs)
        require_column(prediction, targets)
        task = task_loss(self.task_loss, prediction, targets, self._partial)
        penalties = all_penalties(self.regularizers, self, batch, prediction)
        total = task
        for name, penalty in penalties.items():
            if strength := self.regularizers[name].strength:
                total = total + strength * penalty
        if self._checks_each_step and not torch.isfinite(total):
            cause = explain_nonfinite(self.network, inputs, targets, {"task": task, **penalties})
            where = f"{batch_idx} (step {self.global_step})"
            raise nonfinite_loss(float(total.detach()), self.current_epoch, where, cause)
        self.record.observe(total, task, penalties)
        return total

    @property
    def _checks_each_step(self) -> bool:
        return self.device.type == "cpu"

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Updates the validation metrics."""
        inputs, targets = batch
        if sample_count(inputs):
            self._measure(self.val_metrics, self.predict(inputs), targets)

    def _measure(self, metric: HeadMetrics, prediction: Any, targets: Any) -> None:
        """Updates metrics in the units of the data, such as metres."""
        if not isinstance(targets, Tensor):
            metric.update(linked(self.link, prediction), targets)
            return
        # labels are whole numbers, which predictions are not; and half precision is not for metrics
        whole = not targets.is_floating_point()
        prediction = self.link(prediction.float() if whole else prediction.to(targets.dtype))
        if self._target_scale is not None:
            scale = self._target_scale.to(targets)
            prediction, targets = prediction * scale, targets * scale
        mean = None if self._target_mean is None else self._target_mean.to(targets.device)
        update_metrics(metric.plain, prediction, targets, self._partial, mean)

    def on_validation_epoch_end(self) -> None:
        """Computes the validation metrics over all ranks; not during the sanity check."""
        if not self.trainer.sanity_checking:
            values = {name: float(value) for name, value in self.val_metrics.compute().items()}
            self.record.note(values)
            self.log_dict(values, logger=False)  # for checkpoints and early stopping to monitor
        self.val_metrics.reset()

    def predict_step(self, batch: Any, batch_idx: int = 0, dataloader_idx: int = 0) -> Any:
        """Predicts in the units of the data, from a batch of inputs or one with targets too.

        After a cross-entropy these are probabilities.
        """
        inputs = batch[0] if isinstance(batch, list | tuple) else batch
        prediction = linked(self.link, self.network(inputs))
        if self._target_scale is not None:
            prediction = prediction * self._target_scale.to(prediction)
        if self._target_mean is not None:
            prediction = prediction + self._target_mean.to(prediction)
        return prediction

    def on_test_start(self) -> None:
        """Makes an equivariance error and moved metrics for each candidate symmetry.

        Raises:
            UserError: If types are missing.
        """
        if self.symmetries and None in self._types:
            raise UserError(
                "The test of symmetries needs the types of inputs and targets: give SymmetryModule "
                "rep_in= and rep_out=, such as '5T0 + 5T1', or a datamodule that has them."
            )
        self._tested = {TEST}
        kinds = {"equivariance_error": SPREAD}
        if self.paper_errors:
            kinds["paper_equivariance_error"] = PAPER
        for name, group in self.symmetries.items():
            for kind, relative_to in kinds.items():
                error = EquivarianceError(*self._types, group, relative_to=relative_to)
                self.equivariance[f"{kind}/{name}"] = error.to(self.device)
        metrics = self.test_metrics[f"{TEST}_network"].plain
        self.moved = MovedTest(self.symmetries, self._types, metrics, self.trainer).to(self.device)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Updates the metrics of network and baselines; on test data, also those of symmetries.

        If the datamodule has a second loader, its data are from another distribution.
        """
        inputs, targets = batch
        split = (TEST, OOD)[dataloader_idx]
        self._tested.add(split)
        if not sample_count(inputs):
            return
        for name, model in {"network": self.network, **self.baselines}.items():
            self._measure(self.test_metrics[f"{split}_{name}"], model(inputs), targets)
        if split == OOD or self.moved is None:
            return
        for error in self.equivariance.values():
            error.update(self.network, inputs)
        self.moved.update(self.network, self._measure, batch)

    def on_test_epoch_end(self) -> None:
        """Logs metrics and equivariance errors over all ranks."""
        for key, metric in self.test_metrics.items():
            if key.split("_")[0] in self._tested:
                self.log_dict(metric.compute())
                metric.reset()
        for name, error in self.equivariance.items():
            self.log(f"test/{name}", error.compute())
            error.reset()
        if self.moved is not None:
            self.log_dict(self.moved.compute(self.trainer))


def _parse_group(key: str, group: str | Group, dim: int | None) -> Group:
    try:
        return parse_group(group, dim)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _modules(modules: Mapping[str, nn.Module]) -> Any:
    """Makes an ``nn.ModuleDict``, whose values a type checker knows only as plain modules."""
    return nn.ModuleDict(modules)
