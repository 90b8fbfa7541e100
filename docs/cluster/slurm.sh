#!/bin/bash
# Trains on the ranks of a Slurm job, and continues in a new job when the time is over.
#
#   sbatch slurm.sh
#
# The folder of the call holds run.toml and rows.dcc, and is shared by all nodes. The program is built with the cargo
# feature `mpi`, against the MPI library of the cluster.
#SBATCH --job-name=deepcross
#SBATCH --nodes=4
# The number of ranks, nodes times tasks, is a power of two.
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=04:00:00
# All ranks get SIGTERM this many seconds before the end: time enough to write a checkpoint.
#SBATCH --signal=TERM@300
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

# `srun --mpi=list` names the plugins of the cluster: pmix for Open MPI, pmi2 for MPICH.
plugin="${DEEPCROSS_MPI:-pmix}"
program="${DEEPCROSS:-deepcross}"

cd "$SLURM_SUBMIT_DIR"

# Time and size of the checkpoint, or nothing.
checkpoint() {
    stat --format='%Y %s' model.dcx.checkpoint 2>/dev/null || true
}

before="$(checkpoint)"
status=0
srun --mpi="$plugin" --kill-on-bad-exit=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" \
    "$program" train --config run.toml --cache rows.dcc --out model.dcx \
    --threads "$SLURM_CPUS_PER_TASK" --resume || status=$?

# 143: the ranks were stopped by a signal. Without a new checkpoint, a new job would end like this one.
if [[ $status -eq 143 && "$(checkpoint)" != "$before" ]]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
