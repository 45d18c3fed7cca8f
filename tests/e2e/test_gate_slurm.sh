#!/bin/sh
# SPDX-License-Identifier: MIT
# docs/ci/slurm.sh on a real Slurm, of one machine even: only where AVDUMP_TEST_SLURM=1 asks for it,
# for it submits jobs.
#
# usage: test_gate_slurm.sh AVDUMP SOURCE_DIR
set -eu
if [ "${AVDUMP_TEST_SLURM:-}" != 1 ]; then
    echo "skipped: AVDUMP_TEST_SLURM=1 is not set"
    exit 77
fi
command -v sbatch >/dev/null || { echo "skipped: sbatch is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/dumps"
cp "$2"/testdata/x64-*.dmp.gz "$work/dumps"
printf MDMP >"$work/dumps/broken.dmp"
PATH=$(dirname "$1"):$PATH
export PATH
"$1" gate -o "json:$work/whole.json" "$work/dumps" || [ $? -eq 1 ]
# judge WHAT: the jobs, and the verdict that there are new crashes: the last job fails with 1, as
# sbatch --wait says.
judge() {
    status=0
    DUMPS=$work/dumps OUT=$work/out sh "$2/docs/ci/slurm.sh" 3 || status=$?
    [ "$status" -eq 1 ] || { echo "FAIL: $1: exit status $status, expected 1"; exit 1; }
    cmp "$work/whole.json" "$work/out/verdict.json" || { echo "FAIL: $1: another answer"; exit 1; }
}
judge "three jobs" "$2"
# One part is lost, one breaks off, as when a node dies.
rm "$work/out/part-1.jsonl"
head -c 2000 "$work/out/part-2.jsonl" >"$work/cut"
mv "$work/cut" "$work/out/part-2.jsonl"
judge "the jobs run again" "$2"
echo "the parts of three jobs give the answer of one run, also when two are run again"
