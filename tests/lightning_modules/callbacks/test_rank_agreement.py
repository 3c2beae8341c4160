"""A rank that differs from the others is named, with the tensor."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from small_runs import module, planes

from softsym.lightning_modules.callbacks import DisagreementError, RankAgreement
from softsym.lightning_modules.callbacks.rank_agreement import difference, digest, policy_state
from softsym.regularizers import AdjustOnce


def strength(model, trainer):
    model.regularizers["yz"].strength *= 1 + 1e-15


def memory(model, trainer):
    model.tuning.policy._kept["xy"] = 2.0


def metric(model, trainer):
    trainer.callback_metrics["val/mse"] = torch.tensor(0.5)


def weight(model, trainer):
    with torch.no_grad():
        next(model.network.parameters()).mul_(1.1)


def rounding(model, trainer):
    with torch.no_grad():
        next(model.network.parameters()).mul_(1 + 1e-7)


CHANGES = {
    strength: "strength/yz",
    memory: "policy/_kept/xy",
    metric: "val/mse",
    weight: "the norm of the weight",
    rounding: None,
}
STEPS_AN_EPOCH = 2


def train(change, rank):
    """Six steps, of which the third finds rank 1 changed; the message of the error, if any."""
    model = module(planes(0.1), policy=AdjustOnce(2, 1.0))
    trainer = SimpleNamespace(world_size=2, callback_metrics={"val/mse": torch.tensor(0.25)})
    agreement = RankAgreement()
    agreement.on_train_start(trainer, model)
    try:
        for step in range(6):
            if step == 2 and rank == 1:
                change(model, trainer)
            agreement.on_train_batch_start(trainer, model, None, step % STEPS_AN_EPOCH)
    except DisagreementError as error:
        return [step, str(error)]
    agreement.on_train_end(trainer, model)
    return None


def process(rank, folder):
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    messages = {change.__name__: train(change, rank) for change in CHANGES}
    Path(folder, f"{rank}.json").write_text(json.dumps(messages))
    dist.barrier()
    os._exit(0)  # taking gloo's threads down can wait for Python, which waits for them


@pytest.fixture(scope="module")
def messages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    mp.start_processes(process, (str(folder),), nprocs=2, start_method="fork")
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize("change", CHANGES)
def test_all_ranks_name_the_rank_and_the_tensor(change, messages):
    on_zero, on_one = (ranks[change.__name__] for ranks in messages)
    assert on_zero == on_one
    if CHANGES[change] is None:
        assert on_zero is None
        return
    step, message = on_zero
    # a step later, or an epoch for what is compared once an epoch
    assert step == (4 if change is weight else 3)
    assert message.startswith(f"Rank 1 disagrees with rank 0 about {CHANGES[change]}")
    assert "on rank 1" in message


def test_one_process_compares_nothing():
    model, trainer = module(planes()), SimpleNamespace(world_size=1)
    agreement = RankAgreement()
    agreement.on_train_start(trainer, model)
    agreement.on_train_batch_start(trainer, model, None, 0)
    agreement.on_train_end(trainer, model)


def test_digests_tell_states_apart():
    model = module(planes(0.1), policy=AdjustOnce(2, 1.0))
    before = policy_state(model)
    assert torch.equal(digest(before), digest(policy_state(model)))
    strength(model, None)
    assert not torch.equal(digest(before), digest(policy_state(model)))


def test_a_missing_tensor_is_a_difference():
    message = difference([{"a": [1.0], "b": [2.0]}, {"a": [1.0]}])
    assert message.startswith("Rank 1 disagrees with rank 0 about b: [2.0] on rank 0, None on")
