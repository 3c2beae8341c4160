"""What newcomers type, and the words that help them: a line for each.

A message is one sentence or a few, names the key and what to write; no parser speaks.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys

import pytest

from softsym.cli import resolvers
from softsym.cli.overrides import check_command_line, hydra_arguments
from softsym.runs.errors import UserError
from softsym.sweeps import command_line

resolvers.register()

TYPED = [
    # (typed in a shell, words of the answer)
    ("sed=1", "Unknown config key 'sed'. Did you mean 'seed'?"),
    ("epochs=10", "Unknown config key 'epochs'. Did you mean 'trainer.max_epochs'?"),
    ("lr=0.1", "Did you mean 'optimizer.lr'?"),
    ("batch_size=7", "Did you mean 'datamodule.batch_size'?"),
    ("+epochs=10", "Nothing uses the key 'epochs': the config has no such key"),
    ("+paths.extra=x", "Nothing uses the key 'paths.extra'"),
    (
        "--epochs=10",
        "There is no flag --epochs. Settings are written without dashes, such as trainer",
    ),
    ("--seed 3", "such as seed=3"),
    ("--config-dir a --config-dir b", "--config-dir is given twice: a and b"),
    ("seed", "'seed' is no setting: write key=value, as in seed=<value>"),
    ("=5", "'=5' is no setting"),
    (".seed=5", "'.seed' in '.seed=5' is no key"),
    ("+seed=5", "The key 'seed' is there already: write seed=<value> without the +"),
    ("'network={channels: 3'", "are all of its brackets and quotes closed?"),
    ('"name=\'a"', "are all of its brackets and quotes closed?"),
    ("name='${nope}'", "name=${nope} refers to a key that does not exist"),
    ("seed=1,2", "gives several values. To run each of them add -m; for a list write seed=[1,2]"),
    ("'name=[a]'", "name must be one line of text; got ['a']"),
    ("name=", "name is empty, as a variable is that the shell does not know"),
    ("ckpt_path=", "ckpt_path is empty"),
    ("'~seed'", "The config lacks seed, which every run needs"),
    ("'~trainer'", "Choose one with trainer=<name>: cpu, ddp, ddp_cpu, gpu"),
    ("'~network'", "Choose one with network=<name>: agent_transformer, egnn, emlp"),
    ("'~regularizers'", "Choose one with regularizers=<name>: bodies, none"),
    ("'~regularizers.zz'", "There is no key 'regularizers.zz' to leave out. Did you mean 'yz'?"),
    ("'~experiment' trainer.max_epochs=x", "trainer.max_epochs must be a whole number of at least"),
    ("network=null", "network=null names no network. Choose one of: agent_transformer"),
    ("'network=[1]'", "network=[1] names no network"),
    ("experiment=null", "To do without write ~experiment"),
    ("logger=null", "logger=null names no logger. Choose one of: csv, none, tensorboard, wandb"),
    ("+metrics.x=null", "metrics.x must be a mapping of settings with a _target_"),
    ("metrics=[1]", "metrics=[1] names no metrics. Choose one of: binary, classification, displa"),
    ("regularizers.xy=null", "got null. To leave it out write '~regularizers.xy'"),
    ("experiment=paper/inertia/rp", "called 'paper/inertia/rp'. Did you mean 'paper/inertia/rpp'?"),
    ("optimizer.lr=-1", "optimizer.lr must be a number above 0; got -1"),
    ("'candidates=[O(2)@xy]'", "candidates is a mapping: write it as candidates={<name>: <value>"),
    ("'candidates={5: C(4)}'", "A name in candidates must be text of letters, digits and _ @"),
    ("trainer.max_epochs=-1", "scheduler.T_max, which is ${trainer.max_epochs}, must be"),
    ("threads=1000000000", "threads must be a whole number from 1 to"),
    ("-m seed=1,x", "seed must be a whole number from 0 to 4294967295; got 'x'"),
    ("--cfg job sed=1", "Did you mean 'seed'?"),
]
MATHEMATICS = [
    # (typed in a shell, words of the answer); known without the code of the mathematics
    ("augmentation=SO3", "augmentation: Unknown group 'SO3' in 'SO3'. Did you mean SO(3)?"),
    ("regularizers.xy.group=SO", "regularizers.xy.group: 'SO()' has 0 arguments"),
    ("'symmetries=[O(2)@xy,so3]'", "symmetries: Unknown group 'so3' in 'so3'. Did you mean SO(3)?"),
    ("'candidates.a=O(2)@xw'", "candidates.a: Axes are named by x, y, z"),
    ("datamodule.rep_in=5Q0", "datamodule.rep_in: Cannot read the representation '5Q0'"),
    ("network.channels=100000000", "network: Training SoftEMLP with 3 hidden layers of"),
    ("hidden_layers=1000000000", "network: Training SoftEMLP with 1,000,000,000 hidden layers"),
    ("network=mlp channels=100000", "network: Training MLP with"),
    ("network=frame_averaging channels=100000", "network.network: Training MLP with"),
    ("network=agent_transformer network.width=1000000", "Training AgentTransformer with"),
]
MEANT = [
    # (typed in a shell, as Hydra reads it); tests/cli/test_quoting.py has more
    ("'regularizers.xy.group=O(2)@xy'", "regularizers.xy.group='O(2)@xy'"),
    ("'regularizers.xy.group=\"O(2)@xy\"'", 'regularizers.xy.group="O(2)@xy"'),
    ("'candidates={c4:C(4)}'", "++candidates={c4:'C(4)'}"),
    ("'candidates.c4=C(4)'", "++candidates.c4='C(4)'"),
    ("'symmetries=[O(2)@xy,O(2)@yz]'", "++symmetries=['O(2)@xy','O(2)@yz']"),
    ("run_dir=/tmp/x=y", "run_dir='/tmp/x=y'"),
    ('"name=it\'s"', r"name='it\'s'"),
    ("'seed=range(3)'", "seed=range(3)"),
    ("seed=1,2", "seed=1,2"),
]
ACCEPTED = [
    "'regularizers.xy.group=O(2)@xy' 'candidates={c4:C(4)}' run_dir=x",
    "-m 'regularizers.xy.group=O(2)@xy,O(2)@yz'",
    "+own=3 'datamodule.eps=${own}' run_dir=x",
    "name=2024 seed=1e3 run_dir=x",
    "'symmetries=[O(2)@xy]' 'augmentation=SO(2)@xy' network=rpp run_dir=x",
    "'symmetries={turn: O(2)@xy, four:C(4)@xy}' run_dir=x",
    # a module of one's own may define the family
    "'+metrics.own={_target_: mine.Error}' 'augmentation=Mine(3)' run_dir=x",
]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("typed", "words"), TYPED + MATHEMATICS)
def test_mistakes_are_answered_in_plain_words(typed, words):
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        check_command_line(hydra_arguments(shlex.split(typed)))
    said = str(caught.value)
    assert "\n" not in said
    assert not re.search(r"hydra\.cc|mismatched|Lexer|full_key|NoneType|Error", said)


def test_no_answer_waits_for_torch():
    code = (
        "import json, sys\n"
        "from softsym.cli import resolvers\n"
        "from softsym.cli.overrides import check_command_line, hydra_arguments\n"
        "resolvers.register()\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    try:\n"
        "        check_command_line(hydra_arguments(words))\n"
        "    except Exception:\n"
        "        heavy = {'torch', 'scipy', 'lightning'} & {*sys.modules}\n"
        "        if heavy:\n"
        "            print(words, heavy)"
    )
    typed = json.dumps([shlex.split(words) for words, _ in MATHEMATICS])
    done = subprocess.run([sys.executable, "-c", code, typed], capture_output=True, check=True)
    assert done.stdout == b""


@pytest.mark.parametrize(("typed", "meant"), MEANT)
def test_text_needs_no_quotes(typed, meant):
    assert hydra_arguments(shlex.split(typed)) == [meant]


@pytest.mark.parametrize("typed", ACCEPTED)
def test_what_works(typed):
    check_command_line(hydra_arguments(shlex.split(typed)))


@pytest.mark.parametrize("flag", ["--config-dir", "hydra.searchpath"])
def test_own_configs_keep_every_check_and_count_as_choices(tmp_path, flag):
    folder = tmp_path / "mine"
    (folder / "network").mkdir(parents=True)
    (folder / "network" / "own.yaml").write_text("_target_: own.Network\nwidth: 3\n")
    given = [f"--config-dir={folder}"] if flag[0] == "-" else [f"{flag}=[file://{folder}]"]
    for typed, words in [
        ("network=null", "emlp, frame_averaging, gnn, mixed_rpp, mlp, own, rpp"),
        ("network=onw", "no network called 'onw'. Did you mean 'own'?"),
        ("network=own network.with=3", "Unknown config key 'network.with'. Did you mean 'width'?"),
        ("network=own seed=null", "seed must be a whole number"),
    ]:
        with pytest.raises(UserError, match=re.escape(words)):
            check_command_line(hydra_arguments([*given, *typed.split()]))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("folder=null", "folder must be one line of text; got null"),
        ("n_trials=0.5", "n_trials must be a whole number of at least 1; got 0.5"),
        ("search=null", "search=null names no search. Choose one of: cosine_similarity"),
        ("executor=slurm executor.partition=[a]", "executor.partition must be one line of text"),
        ("search.space.adjust_epoch.type=whole", "type must be float, int or categorical"),
        ("stop_seconds=nan", "stop_seconds must be a number of at least 0; got nan"),
    ],
)
def test_mistakes_at_a_search(typed, words):
    with pytest.raises(UserError, match=re.escape(words)):
        command_line.check_arguments(command_line.hydra_arguments(typed.split()))
