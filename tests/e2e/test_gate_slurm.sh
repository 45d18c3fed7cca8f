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
PATH=$(dirname "$1"):$PATH
export PATH
"$1" gate --fail-on never -o "json:$work/whole.json" "$work/dumps"
# The verdict is that there are new crashes: the last job fails with 1, as sbatch --wait says.
status=0
DUMPS=$work/dumps OUT=$work/out sh "$2/docs/ci/slurm.sh" 3 || status=$?
[ "$status" -eq 1 ] || { echo "FAIL: exit status $status, expected 1"; exit 1; }
"$1" merge --fail-on never -o "json:$work/merged.json" "$work"/out/part-*.jsonl
cmp "$work/whole.json" "$work/merged.json" || { echo "FAIL: not the same answer"; exit 1; }
echo "the parts of three jobs give the answer of one run"
