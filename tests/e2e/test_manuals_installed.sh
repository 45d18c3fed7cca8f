#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_manuals_installed.sh CMAKE BUILD_DIR SOURCE_DIR
# Every manual page is installed into its section's folder, and the documents with what they refer to.
set -u
failures=0
prefix=$(mktemp -d) || exit 1
trap 'rm -rf "$prefix"' EXIT

fail() {
    failures=$((failures + 1))
    echo "FAIL: $*"
}

"$1" --install "$2" --prefix "$prefix" >"$prefix/log" 2>&1 ||
    fail "cmake --install: $(cat "$prefix/log")"
pages=0
for page in "$3"/man/*.[1-9]; do
    pages=$((pages + 1))
    name=${page##*/}
    found=$(find "$prefix" -path "*/man${name##*.}/$name" | wc -l)
    [ "$found" -eq 1 ] || fail "$name is installed $found times"
done
# Every page is found by each of its names, a link or a copy, and nothing else is there.
names=0
for name in $(sed -n '/^\.Sh NAME/,/^\.Nd/s/^\.Nm \([^ ]*\).*/\1/p' "$3"/man/*.[1-9]); do
    names=$((names + 1))
    [ "$(find -L "$prefix" -path '*/man[0-9]/*' -type f -name "$name.[1-9]" | wc -l)" -eq 1 ] ||
        fail "no manual page has the name $name"
done
[ "$(find -L "$prefix" -path '*/man[0-9]/*' -type f | wc -l)" -eq "$names" ] ||
    fail "more is installed than pages of $names names"
for document in README.md docs/writing-rules.md docs/avdump-report.schema.json docs/ci/slurm.sh; do
    [ "$(find "$prefix" -path "*/avdump/$document" | wc -l)" -eq 1 ] || fail "no $document"
done
echo "$pages pages, $failures failures"
[ "$failures" -eq 0 ]
