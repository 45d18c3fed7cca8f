#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What tools/demo and tools/check do about what is missing: tools/setup.sh with an apt-get that
# lacks some packages, as older releases do, and writes down what it was asked for.
#
# usage: test_setup.sh SOURCES
set -eu
root=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/installed"

cat >"$folder/bin/apt-get" <<'END'
#!/bin/sh
[ "$1" = install ] || exit 0
shift
echo "$*" | sed 's/-q -y --no-install-recommends //' >>"$FOLDER/asked"
for package in "$@"; do
    case " $LACKS " in *" $package "*) exit 100 ;; esac
done
for package in "$@"; do
    : >"$FOLDER/installed/$package"
done
END
printf '#!/bin/sh\necho 0\n' >"$folder/bin/id"
chmod +x "$folder/bin/apt-get" "$folder/bin/id"

# setup LACKS KEY...: what `need KEY...` does where apt-get lacks these packages.
setup() {
    rm -rf "$folder/installed" "$folder/asked"
    mkdir "$folder/installed"
    env FOLDER="$folder" LACKS="$1" PATH="$folder/bin:$PATH" sh -c '
        root=$1
        shift
        . "$root/tools/setup.sh"
        has() {
            line=$(printf "%s" "$packages" | grep "^$1 ")
            for package in $(echo "$line" | awk "{print \$3}" | tr , " "); do
                [ -e "$FOLDER/installed/$package" ] || return 1
            done
        }
        shift
        need "$@"' setup "$root" "$@" >"$folder/output" 2>&1
}

failed=0
# expect WHAT FOUND WANTED
expect() {
    if [ "$2" != "$3" ]; then
        printf 'FAIL %s\n  found  %s\n  wanted %s\n' "$1" "$2" "$3"
        failed=1
    fi
}

setup "" yaml zydis check
expect "all at once" "$(cat "$folder/asked")" "check libsubunit-dev libyaml-dev libzydis-dev"

setup "libzydis-dev" yaml zydis check iberty
expect "one that is wanted is lacking" "$(tr '\n' '|' <"$folder/asked")" \
    "check libiberty-dev libsubunit-dev libyaml-dev libzydis-dev|check libsubunit-dev libyaml-dev|\
libzydis-dev|libiberty-dev|"
expect "what is said" "$(grep -c '^Not installed: libzydis-dev$' "$folder/output")" 1
expect "it goes on" "$(grep -c '^Going on: ' "$folder/output")" 1

setup "libzydis-dev" zydis
expect "nothing needed is missing" "$(tr '\n' '|' <"$folder/asked")" "libzydis-dev|libzydis-dev|"

if setup "libyaml-dev" yaml zydis; then
    expect "the exit code without what is needed" 0 1
fi
expect "the last line" "$(tail -n 1 "$folder/output")" "setup: cannot go on without yaml"

[ "$failed" -eq 0 ] && echo "ok"
exit "$failed"
