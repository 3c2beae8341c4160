"""Trains a network on a task loss plus a list of regularizers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from lightning import Callback, LightningModule
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection

from softsym.lightning_modules.augmentation import GroupAugmentation
from softsym.lightning_modules.compilation import check_settings, compiled, compiles
from softsym.lightning_modules.nonfinite import explain_nonfinite, nonfinite_epoch, nonfinite_loss
from softsym.metrics.equivariance import EquivarianceError
from softsym.regularizers import Fixed, Regularizer, StrengthPolicy, StrengthTuning
from softsym.symmetries import Group
from softsym.symmetries import group as parse_group

Batch = tuple[Tensor, Tensor]

TEST, OOD = "test", "ood"
"""The sets that the test measures, in the order of the datamodule's loaders."""


class SymmetryModule(LightningModule):
    """loss = task + sum over regularizers of strength * penalty.

    The network's weights alone are in the ``state_dict`` (under ``network.``); strengths and the
    policy's state travel in the checkpoint's callback section.

    Args:
        network: Any module, (batch, in) to (batch, out).
        loss: Task loss of prediction and target.
        optimizer: Makes an optimizer of the parameters.
        regularizers: By name; the name is the key in logs.
        policy: Decides strengths after each epoch; fixed by default.
        scheduler: Makes a learning-rate scheduler of the optimizer; stepped once an epoch.
        metrics: torchmetrics by name, for validation and test.
        baselines: Modules without training, measured beside the network in the test.
        candidates: Groups by name whose equivariance error the test measures, beside those that
            are regularized; for models that no regularizer can bind to.
        dim: Dimension of the base space, where a group's name leaves it open.
        augmentation: Group whose elements move every training sample; its types are the
            datamodule's.
        augmentation_seed: Seed of these elements.
        compile: Whether training and validation run the network through ``torch.compile``; the
            test does not. It takes a minute (seconds once cached), so that it pays for trainings
            of many minutes; ``auto`` decides by the number of epochs.
        compile_mode: Mode of ``torch.compile``; ``reduce-overhead`` replays CUDA graphs, so that
            a prediction is gone when the network is next called.
        log_every_n_epochs: How often loggers are told; metrics to monitor are there every epoch.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: nn.Module,
        optimizer: Callable[..., torch.optim.Optimizer],
        regularizers: Mapping[str, Regularizer] | None = None,
        policy: StrengthPolicy | None = None,
        scheduler: Callable[..., torch.optim.lr_scheduler.LRScheduler] | None = None,
        metrics: Mapping[str, Metric] | None = None,
        baselines: Mapping[str, nn.Module] | None = None,
        candidates: Mapping[str, str | Group] | None = None,
        dim: int | None = None,
        augmentation: str | Group | None = None,
        augmentation_seed: int = 0,
        compile: bool | str = False,
        compile_mode: str = "default",
        log_every_n_epochs: int = 1,
    ) -> None:
        super().__init__()
        if log_every_n_epochs < 1:
            raise ValueError(f"log_every_n_epochs must be at least 1; got {log_every_n_epochs}.")
        self.network, self.task_loss = network, loss
        check_settings(compile, compile_mode)
        self._compile, self._compile_mode = compile, compile_mode
        self._compiled: tuple[nn.Module, Callable[[Tensor], Tensor]] | None = None
        self.optimizer, self.scheduler = optimizer, scheduler
        self.regularizers = dict(regularizers or {})
        for name, regularizer in self.regularizers.items():
            regularizer.name = name
        self.tuning = StrengthTuning(policy or Fixed(), self.regularizers)
        self.baselines: dict[str, nn.Module] = _modules(baselines or {})
        collection = MetricCollection(dict(metrics or {}))
        self.val_metrics = collection.clone(prefix="val/")
        self.test_metrics: dict[str, MetricCollection] = _modules(
            {f"{split}_network": collection.clone(prefix=f"{split}/") for split in (TEST, OOD)}
            | {
                f"{split}_{name}": collection.clone(prefix=f"{split}/{name}/")
                for split in (TEST, OOD)
                for name in self.baselines
            }
        )
        self.augmentation: GroupAugmentation | None = None
        if augmentation is not None:
            moving = _parsed("augmentation", augmentation, dim)
            self.augmentation = GroupAugmentation(moving, augmentation_seed)
        named = (candidates or {}).items()
        self.symmetries = {n: _parsed(f"candidates.{n}", G, dim) for n, G in named}
        self.symmetries |= {n: r.group for n, r in self.regularizers.items() if r.group is not None}
        self.equivariance: dict[str, EquivarianceError] = _modules({})
        self.log_every_n_epochs = log_every_n_epochs
        self._losses: list[Tensor] = []
        self._epoch_values: dict[str, float] = {}

    def setup(self, stage: str) -> None:
        """Compiles the network for a training, and forgets what an interrupted epoch has left."""
        self._losses.clear()
        device, epochs = self.trainer.strategy.root_device.type, self.trainer.max_epochs or 0
        if stage == "fit" and compiles(self._compile, device, epochs):
            self._compiled = self.network, compiled(self.network, self._compile_mode)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds, within an epoch, the losses of its steps so far, as means over the ranks."""
        if self._losses:
            losses = torch.stack(self._losses)
            mean = self.trainer.strategy.reduce(losses, reduce_op="mean")
            checkpoint["losses_so_far"] = mean.cpu()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes them up."""
        self._losses = list(checkpoint.get("losses_so_far", ()))

    def on_train_start(self) -> None:
        """Brings what a checkpoint has left to the device."""
        self._losses = [loss.to(self.device) for loss in self._losses]

    def configure_callbacks(self) -> list[Callback]:
        """Hands regularizers and tuning to the trainer, and so to the checkpoint."""
        return [*self.regularizers.values(), self.tuning]

    def configure_optimizers(self) -> Any:
        """The optimizer of the trainable parameters and its scheduler."""
        optimizer = self.optimizer([p for p in self.network.parameters() if p.requires_grad])
        return [optimizer], [self.scheduler(optimizer)] if self.scheduler else []

    def forward(self, inputs: Tensor) -> Tensor:
        """Predicts."""
        prediction: Tensor = self.network(inputs)
        return prediction

    def predict(self, inputs: Tensor) -> Tensor:
        """As ``forward``, by the compiled network where this training has compiled it."""
        if self._compiled is None or self._compiled[0] is not self.network:
            return cast(Tensor, self(inputs))
        return self._compiled[1](inputs)

    def __getstate__(self) -> dict[str, Any]:
        """Without compiled code, which belongs to this network in this process."""
        return {**self.__dict__, "_compiled": None}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Task loss plus all regularizers.

        Raises:
            NonFiniteLossError: If the sum is NaN or infinite; no weight has changed by then. On a
                GPU, where asking would stop the stream of work, the epoch's end asks instead.
        """
        inputs, targets = batch = self._augmented(batch)
        prediction = self.predict(inputs)
        task: Tensor = self.task_loss(prediction, targets)
        penalties = {n: r.penalty(self, batch, prediction) for n, r in self.regularizers.items()}
        total = task
        for name, penalty in penalties.items():
            if strength := self.regularizers[name].strength:
                total = total + strength * penalty
        if self._checks_each_step and not torch.isfinite(total):
            cause = explain_nonfinite(self.network, inputs, targets, {"task": task, **penalties})
            where = f"{batch_idx} (step {self.global_step})"
            raise nonfinite_loss(float(total.detach()), self.current_epoch, where, cause)
        if penalties:
            self.tuning.observe(penalties)
        self._losses.append(torch.stack([total.detach(), task.detach()]).double())
        return total

    def _augmented(self, batch: Batch) -> Batch:
        if self.augmentation is None:
            return batch
        data: Any = cast(Any, self.trainer).datamodule
        types = data.rep_in, data.rep_out
        return self.augmentation(batch, types, self.global_step, self.global_rank)

    @property
    def _checks_each_step(self) -> bool:
        return self.device.type == "cpu"

    def on_train_epoch_end(self) -> None:
        """Logs the epoch's mean losses over steps and ranks.

        Raises:
            NonFiniteLossError: If one of them is NaN or infinite.
        """
        losses = torch.stack(self._losses)
        self._losses.clear()
        mean = self.trainer.strategy.reduce(losses.mean(0), reduce_op="mean")
        total, task = mean.tolist()
        if not math.isfinite(total):
            raise nonfinite_epoch(losses[:, 0].tolist(), self.current_epoch)
        self.log_epoch({"train/loss": total, "train/task_loss": task})
        self._tell_loggers()

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Updates the validation metrics."""
        inputs, targets = batch
        if len(inputs):
            self._measure(self.val_metrics, self.predict(inputs), targets)

    def _measure(self, metric: MetricCollection, prediction: Tensor, targets: Tensor) -> None:
        """Updates metrics with what the data are in their own units, such as metres."""
        prediction = prediction.to(targets.dtype)
        scale: Tensor | None = getattr(cast(Any, self.trainer).datamodule, "target_scale", None)
        if scale is not None:
            scale = scale.to(targets)
            prediction, targets = prediction * scale, targets * scale
        metric.update(prediction, targets)

    def on_validation_epoch_end(self) -> None:
        """Computes them over all ranks; none during the sanity check."""
        if not self.trainer.sanity_checking:
            values = {name: float(value) for name, value in self.val_metrics.compute().items()}
            self.log_epoch(values)
            self.log_dict(values, logger=False)  # for checkpoints and early stopping to monitor
        self.val_metrics.reset()

    def on_test_start(self) -> None:
        """Makes an equivariance error for each candidate symmetry."""
        data: Any = cast(Any, self.trainer).datamodule
        self._tested = {TEST}
        for name, group in self.symmetries.items():
            error = EquivarianceError(data.rep_in, data.rep_out, group)
            self.equivariance[name] = error.to(self.device)

    def test_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Updates the metrics of network and baselines, and on test data the equivariance errors.

        The second loader, where the datamodule has one, is of data from another distribution.
        """
        inputs, targets = batch
        split = (TEST, OOD)[dataloader_idx]
        self._tested.add(split)
        if not len(inputs):
            return
        for name, model in {"network": self.network, **self.baselines}.items():
            self._measure(self.test_metrics[f"{split}_{name}"], model(inputs), targets)
        for error in self.equivariance.values() if split == TEST else ():
            error.update(self.network, inputs)

    def on_test_epoch_end(self) -> None:
        """Computes them over all ranks."""
        for key, metric in self.test_metrics.items():
            if key.split("_")[0] in self._tested:
                self.log_dict(metric.compute())
                metric.reset()
        for name, error in self.equivariance.items():
            self.log(f"test/equivariance_error/{name}", error.compute())
            error.reset()

    def log_epoch(self, values: Mapping[str, float]) -> None:
        """Keeps values of this epoch; loggers are told at its end, every few epochs."""
        self._epoch_values.update(values)

    def _tell_loggers(self) -> None:
        """Lightning's ``log`` for each value and epoch would cost as much as the training."""
        epoch, last = self.current_epoch, (self.trainer.max_epochs or 0) - 1
        if epoch % self.log_every_n_epochs == 0 or epoch == last:
            for logger in self.trainer.loggers:
                logger.log_metrics(self._epoch_values | {"epoch": epoch}, step=self.global_step)
        self._epoch_values = {}


def _parsed(key: str, group: str | Group, dim: int | None) -> Group:
    try:
        return parse_group(group, dim)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _modules(modules: Mapping[str, nn.Module]) -> Any:
    """An ``nn.ModuleDict``, whose values the type checker takes for plain modules otherwise."""
    return nn.ModuleDict(modules)
