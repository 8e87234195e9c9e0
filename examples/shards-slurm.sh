#!/bin/sh
#SBATCH --job-name=mailshot
#SBATCH --array=1-4
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --output=shards-%a.log
# Mails one list from the nodes of a cluster, each task its shard: a Slurm job
# array.
#
#   sbatch --array=1-N examples/shards-slurm.sh LIST TEMPLATE [OPTION of send]...
#
# The array has to begin with 1. Reports, states and failed rows are in
# ./shards, which all nodes see; the same command again goes on where it
# stopped. Then: mailshot status shards/*.db
set -eu
list=$1 template=$2
shift 2
shard=$SLURM_ARRAY_TASK_ID
mkdir -p shards
exec mailshot send --shard "$shard/$SLURM_ARRAY_TASK_COUNT" \
    --state "shards/$shard.db" --report "shards/$shard.csv" \
    --failed "shards/$shard.failed.csv" "$@" "$list" "$template"
