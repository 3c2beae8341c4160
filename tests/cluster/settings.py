"""How the SLURM of the tests is set up: its nodes, its configuration, what programs see of it."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from pathlib import Path

NODES = ("n1", "n2", "n3", "n4")
CPUS, MEMORY = 4, 4000
"""Of each node, as claimed; nothing checks them against what this machine has."""

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

FOREIGN = ("SLURM", "SBATCH", "SRUN", "SQUEUE", "SINFO", "SCANCEL", "PMI", "WANDB")
"""Variables of these beginnings, set outside, would change what a job does."""

# cred_expire: a requeued job waits that long, by default two minutes.
CONFIG = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.sock,cred_expire=5
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/%n.pid
SlurmdLogFile={folder}/%n.log
SlurmdSpoolDir={folder}/spool-%n
SlurmdParameters=config_overrides
SlurmdTimeout=60
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=1,bf_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
JobRequeue=1
ReturnToService=2
KillWait=5
MinJobAge=600
MailProg=/bin/true
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
    "CPUs={cpus} RealMemory={memory}\n"
)
PARTITION = "PartitionName=main Nodes={nodes} Default=YES MaxTime=60 State=UP\n"


def configure(folder: Path) -> None:
    """Writes ``slurm.conf``, a key for munge, and the folders that the daemons want."""
    host = socket.gethostname().partition(".")[0]
    port, *ports = _free_ports(1 + len(NODES))
    text = CONFIG.format(host=host, port=port, folder=folder)
    for name, own in zip(NODES, ports, strict=True):
        text += NODE.format(name=name, host=host, port=own, cpus=CPUS, memory=MEMORY)
        (folder / f"spool-{name}").mkdir()
    (folder / "slurm.conf").write_text(text + PARTITION.format(nodes=",".join(NODES)))
    (folder / "state").mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)


def environment(folder: Path) -> dict[str, str]:
    """This process's, with the cluster in it and without what another one left in it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    return kept | {
        "SLURM_CONF": str(folder / "slurm.conf"),
        "PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}",
        "MASTER_ADDR": "127.0.0.1",  # the names of the nodes don't resolve
        "OMP_NUM_THREADS": "1",
        "WANDB_MODE": "offline",
        "NETRC": "/dev/null",
        "PYTHONUNBUFFERED": "1",
    }


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
