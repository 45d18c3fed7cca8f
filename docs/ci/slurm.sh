#!/bin/sh
# Slurm: an array of jobs, each with a part of the dumps, and a last one that judges them.
#
#     DUMPS=/data/dumps OUT=/data/out sh slurm.sh 8
#
# Both folders must be the same on all nodes. A job that runs again skips what it has done.
set -eu
parts=$1
mkdir -p "$OUT"
array=$(sbatch --parsable --array="1-$parts" --job-name=avdump --output="$OUT/%A-%a.log" <<'JOB'
#!/bin/sh
part=$OUT/part-$SLURM_ARRAY_TASK_ID.jsonl
resume=
[ ! -e "$part" ] || resume=--resume=$part
# Exit code 3 says that some dumps cannot be read, which the verdict tells of.
avdump gate --fail-on never --shard auto $resume -o "jsonl:$part" "$DUMPS" || [ $? -eq 3 ]
JOB
)
sbatch --parsable --wait --dependency="afterok:$array" --job-name=avdump-verdict \
    --output="$OUT/verdict.log" <<'JOB'
#!/bin/sh
exec avdump merge -o table:- -o "json:$OUT/verdict.json" "$OUT"/part-*.jsonl
JOB
