"""Adds candidate symmetries to the training of any LightningModule."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from softsym.lightning_modules.callbacks.symmetry_table import at_the_end
from softsym.lightning_modules.epoch_record import EpochRecord
from softsym.lightning_modules.evidence import Studied
from softsym.lightning_modules.held_out import verdicts_on
from softsym.lightning_modules.micro_batches import micro_batch
from softsym.lightning_modules.names import require_names
from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.metrics import SymmetryTest
from softsym.regularizers import (
    Fixed,
    Regularizer,
    StrengthPolicy,
    StrengthTuning,
)
from softsym.regularizers.base import all_penalties
from softsym.regularizers.kinds import of_kind
from softsym.runs.errors import UserError
from softsym.symmetries import Group
from softsym.symmetries.batches import Types, is_typed, read_types

EXPLICIT = "loss = loss + self.trainer.symmetries.penalty()"
"""What a module with manual optimisation adds to its loss."""


class Symmetries(Callback):
    """Penalties, strengths and logs for a LightningModule whose class stays as it is.

    The callback wraps ``training_step`` while the trainer fits, and adds the strength times the
    penalty of each symmetry to the loss that the step returns, a tensor or the ``loss`` of a
    dict. Mixed precision, accumulated gradients and DDP treat the sum as the module's own loss.
    Inputs and predictions are those of the last call of the network in the step.

    With manual optimisation the step calls ``self.trainer.symmetries.penalty()`` itself, after the
    network, once for each loss that is to hold the penalties. Any step may; then nothing is added.

    A fit ends with a table of strengths, penalties and of what was measured. If the trainer has
    validation data, pairs of inputs and targets, up to 4000 of them test the symmetries with the
    network as it is then; the verdicts are printed, and written beside the logs.

    Logs have the names of :class:`SymmetryModule`: ``penalty/<name>``, ``strength/<name>``,
    ``train/loss`` and ``train/task_loss``; the last two hold the penalties alone if a step with
    manual optimisation returns no loss. A checkpoint keeps strengths, policy and history.

    Args:
        symmetries: Groups, or regularizers of any kind, by name.
        strength: Initial strength of each group.
        policy: Decides strengths after each epoch; fixed by default.
        rep_in: Type of the network's inputs, or a nesting of types; its ``rep_in`` by default.
        rep_out: Type of its outputs, likewise.
        kind: Regularizer of each group: ``function``, ``lie``, ``projection``, or one of a package.
        network: Attribute that holds the network, such as ``net`` or ``model.head``; by default the
            module itself, whose ``forward`` the training step calls.
        dim: Dimension of the base space, where a group's name leaves it open.
        log_every_n_epochs: Interval between two epochs that loggers are told.
        test: Whether the end of a fit tests the symmetries on the trainer's validation data.

    Attributes:
        tested: The verdicts at the end of the last fit; None if there were none.

    Raises:
        ValueError: If a name, a group or the kind is not understood.

    Example:
        >>> from softsym import Symmetries
        >>> candidates = {"xy": "O(2)@xy", "yz": "O(2)@yz"}
        >>> symmetries = Symmetries(candidates, rep_in="5T0 + 5T1", rep_out="T2", dim=3)
        >>> sorted(symmetries.strengths)
        ['xy', 'yz']
    """

    _network: nn.Module | None
    _hook: RemovableHandle | None
    _module: LightningModule | None
    _plain_step: Any
    _batch: Any
    _call: tuple[Any, Any] | None
    _terms: dict[str, Tensor] | None

    def __init__(
        self,
        symmetries: Mapping[str, str | Group | Regularizer],
        strength: float = 0.3,
        policy: StrengthPolicy | None = None,
        rep_in: Any = None,
        rep_out: Any = None,
        kind: str = "function",
        network: str | None = None,
        dim: int | None = None,
        log_every_n_epochs: int = 1,
        test: bool = True,
    ) -> None:
        require_names("symmetries", symmetries)
        self.types = rep_in, rep_out
        self.regularizers = {
            name: G if isinstance(G, Regularizer) else of_kind(kind, G, strength, self.types, dim)
            for name, G in symmetries.items()
        }
        for name, regularizer in self.regularizers.items():
            regularizer.name = name
        self.tuning = StrengthTuning(policy or Fixed(), self.regularizers)
        self.record = EpochRecord(self.tuning, log_every_n_epochs, self._studied)
        self._attribute, self._tests = network, test
        self.tested: SymmetryTest | None = None
        self._release()

    @property
    def strengths(self) -> dict[str, float]:
        """The present strength of each symmetry."""
        return {name: r.strength for name, r in self.regularizers.items()}

    @property
    def history(self) -> list[tuple[int, str, float, float]]:
        """Epoch, name, strength and mean penalty of each symmetry in each epoch."""
        return self.tuning.history

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Binds to the network, and for a training wraps the module's step."""
        if isinstance(pl_module, SymmetryModule):
            raise UserError(
                "A SymmetryModule takes its regularizers itself: give them as regularizers=, and "
                "leave out the callback Symmetries, which is for other modules."
            )
        self._release()
        self._network = self._find(pl_module)
        for regularizer in self.regularizers.values():
            regularizer.bind_for(trainer, self._network)
        self.record.setup(trainer, pl_module, stage)
        if stage == "fit":
            cast(Any, trainer).symmetries = self
            self._module = pl_module
            self._hook = self._network.register_forward_hook(self._see)
            self._plain_step = pl_module.training_step
            cast(Any, pl_module).training_step = self._wrapped(self._plain_step)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Leaves the module as it was."""
        self._release()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Leaves the module as it was."""
        self._release()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Moves the steps that a checkpoint restored to the device."""
        self.record.on_train_start(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Applies the policy and tells the loggers."""
        self.record.on_train_epoch_end(trainer, pl_module)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prints the table of the symmetries, and writes verdicts where there are any."""
        self.tested = at_the_end(self, trainer, self._tests)

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of the policy and of each regularizer."""
        states = {name: r.state_dict() for name, r in self.regularizers.items()}
        return {"tuning": self.tuning.state_dict(), "regularizers": states}

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Adds, within an epoch, the steps so far."""
        self.record.on_save_checkpoint(trainer, pl_module, checkpoint)
        steps = checkpoint["callbacks"].pop(self.record.state_key, None)
        if steps is not None:
            checkpoint["callbacks"][self.state_key]["record"] = steps

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores what a checkpoint keeps, made with the same symmetries."""
        self.tuning.load_state_dict(state_dict["tuning"])
        for name, regularizer in self.regularizers.items():
            regularizer.load_state_dict(state_dict["regularizers"][name])
        if "record" in state_dict:
            self.record.load_state_dict(state_dict["record"])

    def penalty(self) -> Tensor:
        """Sums strength times penalty over the symmetries, for the network's last call.

        Raises:
            UserError: Outside of a training step, or before it has called the network.
        """
        if self._call is None:
            raise UserError(self._not_called())
        inputs, prediction = self._call
        batch = self._batch
        targets = batch[1] if isinstance(batch, list | tuple) and len(batch) == 2 else None
        module = cast(LightningModule, self._module)
        now = {"global_step": module.global_step, "micro_batch": micro_batch(module.trainer)}
        seen = SimpleNamespace(network=self._network, **now)
        with self._unseen():
            terms = all_penalties(
                self.regularizers, cast(LightningModule, seen), (inputs, targets), prediction
            )
        total = torch.stack(list(terms.values())).new_zeros(()) if terms else torch.zeros(())
        for name, term in terms.items():
            if strength := self.regularizers[name].strength:
                total = total + strength * term
        self._terms, self._weighted = terms, total
        return total

    def verdicts(self, x: Any, y: Any, clusters: Any = None, **settings: Any) -> SymmetryTest:
        """Tests the symmetries on held-out samples, with the trained network as the model.

        Args:
            x: Inputs (n, ..., size in) that the training has not seen, or nested ones.
            y: Targets (n, ..., size out); or labels (n,) of classes, for logits.
            clusters: Labels (n,) of samples that depend on each other.
            **settings: Further settings of :func:`softsym.symmetry_test`.

        Raises:
            UserError: If no network has been trained, or its types are not given.
        """
        if self._network is None:
            raise UserError("Symmetries has no network yet: call trainer.fit(module) first.")
        types = self._known_types()
        if not all(map(is_typed, types)):
            raise UserError("A verdict needs types: give rep_in= and rep_out= to Symmetries.")
        groups = {n: r.group for n, r in self.regularizers.items() if r.group is not None}
        if not groups:
            raise UserError("There is no symmetry among the regularizers to test.")
        asked = {"clusters": clusters, **settings}
        return verdicts_on(self._network, x, y, groups, types, **asked)

    def _known_types(self) -> tuple[Types, Types]:
        """The types that were given, or else the network's."""
        own = (getattr(self._network, key, None) for key in ("rep_in", "rep_out"))
        known = zip(self.types, own, strict=True)
        found = [read_types(kept if given is None else given) for given, kept in known]
        return found[0], found[1]

    def _studied(self) -> Studied:
        return Studied(cast(nn.Module, self._network), self._known_types())

    def _find(self, module: LightningModule) -> nn.Module:
        """The network by the name of its attribute."""
        if self._attribute is None:
            return module
        try:
            return module.get_submodule(self._attribute)
        except AttributeError:
            known = ", ".join(name for name, _ in module.named_children()) or "none"
            raise UserError(
                f"network={self._attribute!r}: {type(module).__name__} has no such attribute that "
                f"is a network. It has: {known}."
            ) from None

    def _see(self, network: nn.Module, arguments: tuple[Any, ...], output: Any) -> None:
        """Forward hook: keeps the inputs and the prediction of the training step."""
        if not self._watching:
            return
        if len(arguments) != 1:
            raise UserError(
                f"Symmetries needs a network of one argument, a batch of inputs; "
                f"{type(network).__name__} was called with {len(arguments)} (those by name do not "
                "count). Name the part that takes the typed inputs with network='<attribute>'."
            )
        self._call = arguments[0], output

    def _wrapped(self, step: Any) -> Any:
        """The training step with the penalties in its loss."""

        @functools.wraps(step)
        def training_step(batch: Any, *rest: Any, **named: Any) -> Any:
            self._batch, self._call, self._terms, self._watching = batch, None, None, True
            try:
                output = step(batch, *rest, **named)
                return self._with_penalty(output)
            finally:
                self._watching, self._call, self._batch = False, None, None

        return training_step

    def _with_penalty(self, output: Any) -> Any:
        """Adds the penalty to what a step has returned, unless the step has done so itself."""
        module, task = cast(LightningModule, self._module), _loss_of(output)
        automatic = module.automatic_optimization
        if automatic and output is None:  # Lightning skips such a step
            return None
        if self._terms is None:
            if not automatic:
                raise UserError(
                    f"{type(module).__name__} optimises manually, so its training step has to add "
                    f"the penalties itself, after the network's call: {EXPLICIT}"
                )
            if task is None:
                raise UserError(
                    "Symmetries adds penalties to the loss that training_step returns, a tensor or "
                    f"a dict with 'loss'; got {type(output).__name__}."
                )
            total = task + self.penalty()
            output = {**output, "loss": total} if isinstance(output, Mapping) else total
        else:  # the step has called penalty()
            total = self._weighted if task is None else task
        terms, weighted = cast(Any, self._terms), self._weighted.detach()
        self.record.observe(total, total.detach() - weighted, terms)
        return output

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        """Keeps the regularizers' own calls of the network apart from those of the step."""
        self._watching = False
        try:
            yield
        finally:
            self._watching = True

    def _not_called(self) -> str:
        """Why there is no prediction to measure."""
        if self._module is None or self._batch is None:
            return f"penalty() is for the training step, as in {EXPLICIT}"
        what = f"self.{self._attribute}(x)" if self._attribute else "self(x)"
        children = [repr(name) for name, _ in self._module.named_children()]
        return (
            f"The training step has not called {what}, so Symmetries sees no prediction. Name the "
            f"attribute that the step calls with network=; {type(self._module).__name__} has: "
            f"{', '.join(children) or 'none'}."
        )

    def _release(self) -> None:
        """Takes hook and wrapper off the module, whose own step is that of its class again."""
        if getattr(self, "_hook", None) is not None:
            cast(RemovableHandle, self._hook).remove()
            vars(self._module).pop("training_step", None)
            if getattr(self._module, "training_step", None) != self._plain_step:
                cast(Any, self._module).training_step = self._plain_step
        else:
            self._network = None
        self._hook = None
        self._module = None
        self._plain_step = None
        self._watching = False
        self._batch = None
        self._call = None
        self._terms = None
        self._weighted = torch.zeros(())


def _loss_of(output: Any) -> Tensor | None:
    """The loss in what a training step returns; None if there is none."""
    loss = output.get("loss") if isinstance(output, Mapping) else output
    return loss if isinstance(loss, Tensor) else None
