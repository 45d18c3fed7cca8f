#!/bin/sh
# GNU Parallel: the parts on several machines that share a folder.
#
#     DUMPS=/data/dumps OUT=/data/out sh parallel.sh 4 [--sshlogin a,b,...]
#
# On one machine there is no need: `avdump gate -j N` starts workers itself.
set -eu
parts=$1
shift
mkdir -p "$OUT"
seq "$parts" | parallel "$@" \
    "avdump gate --fail-on never -q --shard {}/$parts -o jsonl:$OUT/part-{}.jsonl $DUMPS || [ \$? -eq 3 ]"
exec avdump merge -o table:- -o "json:$OUT/verdict.json" "$OUT"/part-*.jsonl
