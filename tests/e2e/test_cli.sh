#!/bin/sh
# SPDX-License-Identifier: MIT
# usage: test_cli.sh AVDUMP SOURCE_DIR
# The command line of avdump: exit codes and messages; test_options.py compares what lists options.
# Every check that fails prints one line; the script goes on and fails at its end.
set -u
avdump=$1
source=$2
dump=$source/testdata/x64-null-read.dmp.gz
quiet=$source/testdata/x64-wait.dmp.gz
unset NO_COLOR
# Wine takes arguments by the locale's characters; what is none does not arrive, and pipes and devices
# of this machine have no name there.
case $avdump in
*/under-wine/*) wine=yes LC_ALL=C.UTF-8 ;;
*) wine=no LC_ALL=C ;;
esac
export LC_ALL

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
out=$work/out
err=$work/err
failures=0
checks=0

fail() {
    failures=$((failures + 1))
    echo "FAIL: $*"
}

# run EXPECTED_CODE ARGS...: output goes to $out and $err
run() {
    want=$1
    shift
    checks=$((checks + 1))
    "$avdump" "$@" >"$out" 2>"$err" </dev/null
    got=$?
    [ "$got" = "$want" ] || fail "avdump $*: exit $got, expected $want; $(head -n 1 "$err")"
}

# What standard error or output must be, or hold as a fixed string.
err_is() { [ "$(cat "$err")" = "$1" ] || fail "stderr is '$(cat "$err")', expected '$1'"; }
err_has() { grep -qF -- "$1" "$err" || fail "stderr lacks '$1': $(cat "$err")"; }
out_has() { grep -qF -- "$1" "$out" || fail "stdout lacks '$1'"; }
out_lacks() { ! grep -qF -- "$1" "$out" || fail "stdout has '$1'"; }
err_empty() { [ ! -s "$err" ] || fail "stderr is not empty: $(cat "$err")"; }
out_empty() { [ ! -s "$out" ] || fail "stdout is not empty: $(head -n 1 "$out")"; }
hint="try 'avdump --help'"

# A JSON check needs a parser; without one only the exit codes are checked.
json_ok() {
    command -v python3 >/dev/null 2>&1 || return 0
    python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' <"$1" 2>/dev/null || fail "not one JSON value per line"
}

# --- wrong usage
usage() {
    message=$1
    shift
    run 2 "$@"
    err_is "avdump: $message
$hint"
    out_empty
}
usage "no command and no file"
usage "unknown command 'analyse' (did you mean 'analyze'?)" analyse
usage "unknown command 'hlep' (did you mean 'help'?)" hlep
usage "unknown command 'nosuch', and there is no file of that name" nosuch
usage "unknown command 'frob'" help frob
usage "help takes one command, found also 'info'" help analyze info
usage "analyze needs a file" analyze
usage "analyze needs a file" --json
usage "info needs a file" info
usage "unknown command 'lm' (did you mean 'modules'?)" lm x.dmp
usage "unknown command '.ecxr' (did you mean 'stack'?)" .ecxr
usage "unknown option '-y' (did you mean '--symbols'?)" -y /symbols x.dmp
usage "unknown option '-j' (did you mean '--json'?)" -json x.dmp
usage "unknown option '--output-file' (did you mean '--output'?)" --output-file=y x.dmp
usage "unknown option '--jsno' (did you mean '--json'?)" --jsno x.dmp
usage "unknown option '--nonsense'" info --nonsense=1 x.dmp
usage "unknown option '-x'" analyze -x x.dmp
usage "unknown option '--native'" info --native x.dmp
usage "option '--co' may be short for several options" analyze --co x.dmp
usage "option '--json' takes no value" analyze --json=1 x.dmp
usage "--timeout: expected 0 to 86400 seconds, found 'soon'" analyze --timeout soon x.dmp
usage "--max-memory: expected 0 to 1048576 MiB, found '-1'" info --max-memory -1 x.dmp
usage "option '--images' needs a value" analyze x.dmp --images
usage "option '--format' needs a value" analyze x.dmp -f
usage "--format: expected text|json|html, found 'xml'" analyze -f xml x.dmp
usage "--format: expected text|json|html, found ''" analyze --format= x.dmp
usage "--format html makes one document of one dump, found also 'y.dmp'" -f html x.dmp y.dmp z.dmp
usage "--map: expected OLD=NEW, found 'C:\\src'" --map 'C:\src' x.dmp
usage "--map: expected OLD=NEW, found '=/src'" symbols --map =/src x.dmp
usage "--color: expected auto|always|never, found 'red'" analyze --color=red x.dmp
usage "--fail-on: expected info|warning|error|never, found 'all'" analyze --fail-on all x.dmp
for n in 0 65537 -1 1x '' 99999999999999999999; do
    usage "--max-frames: expected 1 to 65536, found '$n'" analyze --max-frames "$n" x.dmp
done
usage "unknown command '\\x1b[31m\\x7f', and there is no file of that name" \
    "$(printf '\033[31m\177')"

# --- help and version
run 0 --help
err_empty
out_has "usage: avdump [analyze] [options] FILE..."
out_has "avdump crash.dmp"
cp "$out" "$work/help"
run 0 help
cmp -s "$out" "$work/help" || fail "'avdump help' and 'avdump --help' differ"
run 0 -h
cmp -s "$out" "$work/help" || fail "'avdump -h' and 'avdump --help' differ"
[ "$(wc -l <"$work/help")" -le 24 ] || fail "'avdump --help' does not fit a terminal"
run 0 --version
grep -Eqx 'avdump [0-9]+\.[0-9]+\.[0-9]+' "$out" || fail "version is '$(cat "$out")'"
for command in analyze info symbols gate merge extract help; do
    run 0 help "$command"
    cp "$out" "$work/help-$command"
    run 0 "$command" --help
    cmp -s "$out" "$work/help-$command" || fail "help of $command differs by way of asking"
    grep -q "^  $command " "$work/help" || fail "'avdump --help' does not list $command"
    grep -q "Cm \(.* , \)\{0,1\}$command" "$source/man/avdump.1" || fail "the manual lacks $command"
    ! grep -Eq '.{101}' "$out" || fail "help of $command has a line over 100 characters"
done

# One line of help names all commands of looking inside.
inside="stack threads modules handles memory dps ln strings find"
grep -qF "  $inside  " "$work/help" || fail "'avdump --help' does not list $inside"
for command in $inside; do
    run 0 help "$command"
    ! grep -Eq '.{101}' "$out" || fail "help of $command has a line over 100 characters"
    grep -q "^\.Cm .*$command\|^\.It Cm .*$command" "$source/man/avdump-inspect.1" ||
        fail "avdump-inspect(1) lacks $command"
    usage "$command needs a file" "$command"
done
for code in 0 1 2 3 4; do
    grep -q "^\.It $code\$" "$source/man/avdump.1" || fail "the manual lacks exit status $code"
done
if command -v mandoc >/dev/null 2>&1; then
    lint=$(mandoc -T lint -W warning "$source/man/avdump.1")
    [ -z "$lint" ] || fail "mandoc: $lint"
fi

# --- one dump out of another
wow64=$source/testdata/wow64-null-read.dmp.gz
usage "extract needs a file" extract
usage "extract needs one of --wow64 and --slim" extract "$wow64" "$work/x.dmp"
usage "extract needs one of --wow64 and --slim" extract --wow64 --slim "$wow64" "$work/x.dmp"
usage "extract needs a dump and the name of a new one" extract --wow64 "$wow64"
usage "one file at a time, found also 'c'" extract --wow64 "$wow64" b c
usage "the output would overwrite the input '$wow64'" extract --slim --force "$wow64" "$wow64"
run 0 extract --wow64 "$wow64" "$work/x86.dmp"
out_empty
err_is "avdump: $wow64: streams: stream 0xfff0 WineHostModuleList is left out, it is laid out for \
the 64-bit dump"
usage "'$work/x86.dmp' is there already; --force replaces it" extract --wow64 "$wow64" "$work/x86.dmp"
cp "$work/x86.dmp" "$work/first.dmp"
run 0 extract --wow64 --force "$wow64" "$work/x86.dmp"
cmp -s "$work/x86.dmp" "$work/first.dmp" || fail "the same dump gives other bytes"
run 0 extract --wow64 "$wow64" -
cmp -s "$work/x86.dmp" "$out" || fail "extract writes other bytes to standard output"
run 3 extract --wow64 "$work/x86.dmp" "$work/no.dmp"
err_is "avdump: $work/x86.dmp: this is no 64-bit dump of a 32-bit process: the dump is not one of a \
64-bit Windows process"
printf 'MDMP\223\247\0\0\0\0\0\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >"$work/empty.dmp"
run 3 extract --slim "$work/empty.dmp" "$work/no.dmp"
err_is "avdump: $work/empty.dmp: there is nothing to leave out, the dump holds no memory"
run 3 extract --slim "$work/nofile.dmp" "$work/no.dmp"
run 2 extract --slim --symbols "$work/nowhere" "$wow64" "$work/no.dmp"
err_is "avdump: $wow64: $work/nowhere: no such file or folder of symbols"
run 4 extract --slim "$wow64" "$work/nowhere/no.dmp"
err_has "avdump: $work/nowhere/no.dmp: "
if [ "$wine" = no ] && [ -w /dev/full ]; then
    checks=$((checks + 1))
    "$avdump" extract --slim "$wow64" - >/dev/full 2>"$err"
    [ $? -eq 4 ] || fail "extract to a full disk does not exit with 4"
    err_is "avdump: standard output: cannot be written: No space left on device"
fi
[ ! -e "$work/no.dmp" ] || fail "a failed extract leaves a file"
run 0 extract --slim "$wow64" "$work/slim.dmp"
err_empty
[ "$(wc -c <"$work/slim.dmp")" -lt "$(gzip -dc "$wow64" | wc -c)" ] || fail "--slim made no smaller dump"
[ "$(find "$work" -name '.avdump-*' | wc -l)" -eq 0 ] || fail "extract leaves temporary files"

# --- inputs that cannot be read
run 3 nofile.dmp
err_is "avdump: nofile.dmp: cannot be opened: No such file or directory"
out_empty
run 3 "$work"
err_is "avdump: $work: is a directory, expected a file"
: >"$work/empty.dmp"
run 3 "$work/empty.dmp"
err_is "avdump: $work/empty.dmp: header: file is empty"
# a wrong option of the gate is told once, and no dump is called unreadable for it
run 2 gate --symbols "$work/nowhere" "$dump" "$dump"
err_is "avdump: $work/nowhere: no such file or folder of symbols"
[ ! -s "$out" ] || fail "the gate judged with a wrong option: $(cat "$out")"
run 3 info "$work/empty.dmp"
err_is "avdump: $work/empty.dmp: header: file is empty"
printf 'hello, this is no dump at all, only text that somebody named so\n' >"$work/text.dmp"
run 3 "$work/text.dmp"
[ "$(wc -l <"$err")" -eq 1 ] || fail "more than one line for a file that is no dump"
run 3 - # standard input is /dev/null here
err_has "avdump: standard input: "
evil=$work/$(printf 'a\033[2Jb.dmp')
: >"$evil"
run 3 "$evil"
err_has 'a\x1b[2Jb.dmp'
run 3 --json --compact "$work/empty.dmp"
err_is "avdump: $work/empty.dmp: header: file is empty"
out_has '"status":"ERROR"'
json_ok "$out"

# --- a dump
run 0 "$dump"
err_empty
cp "$out" "$work/report"
out_has "EXCEPTION_ACCESS_VIOLATION_READ"
out_has "null_read"
run 0 analyze "$dump"
cmp -s "$out" "$work/report" || fail "'avdump FILE' and 'avdump analyze FILE' differ"
cp "$dump" "$work/plainname"
(cd "$work" && "$avdump" plainname >"$out" 2>"$err") || fail "a file without a dot: $(cat "$err")"
run 0 "$dump" --color never # options may follow
cmp -s "$out" "$work/report" || fail "colour without a terminal"
run 0 --color always "$dump"
grep -q "$(printf '\033')" "$out" || fail "--color always gives no colours"
run 0 info "$dump"
out_has "ThreadListStream"
out_lacks "advice"
run 0 analyze -a "$dump"
[ "$(wc -l <"$out")" -gt "$(wc -l <"$work/report")" ] || fail "-a shows no more threads"
run 0 analyze --max-frames 1 "$dump"
out_lacks "crash!inner+"
run 0 -f json --compact "$dump"
json_ok "$out"
[ "$(wc -l <"$out")" -eq 1 ] || fail "--compact is not one line"
cp "$out" "$work/json"
run 0 --json --compact "$dump"
cmp -s "$out" "$work/json" || fail "--json and -f json differ"
run 0 -o "$work/file" --json --compact "$dump"
out_empty
cmp -s "$work/file" "$work/json" || fail "--output differs from standard output"
run 0 -o - --json --compact "$dump"
cmp -s "$out" "$work/json" || fail "'-o -' is not standard output"
if [ "$wine" = no ]; then
    mkfifo "$work/fifo"
    (cd "$work" && "$avdump" fifo >"$out" 2>"$err") # must not wait for a writer
    err_is "avdump: fifo: is no regular file; use '-' to read from a pipe"
fi
gzip -dc "$dump" >"$work/plain.dmp"
checks=$((checks + 1))
"$avdump" analyze - <"$work/plain.dmp" >"$out" 2>"$err" || fail "standard input from a file"
out_has "null_read"
gzip -dc "$dump" | "$avdump" - >"$out" 2>"$err" || fail "standard input from a pipe: $(cat "$err")"
out_has "null_read"

if [ "$wine" = no ]; then
    checks=$((checks + 1))
    "$avdump" analyze - >"$out" 2>"$err" <&-
    [ $? -eq 3 ] || fail "a standard input that is closed does not exit with 3"
    err_is "avdump: standard input: cannot be read: Bad file descriptor"
    out_empty
fi

# --- --fail-on
for level in info warning error; do
    run 1 analyze --fail-on "$level" "$dump"
    err_empty
done
run 0 analyze --fail-on never "$dump"
run 0 analyze --fail-on error "$quiet"
run 1 analyze --fail-on error "$quiet" "$dump"
run 3 analyze --fail-on error "$dump" nofile.dmp

# --- several files
run 3 "$dump" nofile.dmp "$work/plain.dmp"
err_is "avdump: nofile.dmp: cannot be opened: No such file or directory"
[ "$(grep '^==> ' "$out")" = "==> $dump <==
==> $work/plain.dmp <==" ] || fail "separators: $(grep '^==> ' "$out")"
run 3 --json --compact "$dump" nofile.dmp "$dump"
json_ok "$out"
[ "$(grep -c '"status":"OK"' "$out")" -eq 2 ] || fail "two reports expected in JSON"
[ "$(grep -c '"status":"ERROR"' "$out")" -eq 1 ] || fail "one error object expected in JSON"
out_lacks "==>"

# --- rules
run 3 --rules "$work/none" "$dump"
err_is "avdump: $work/none: directory cannot be opened: No such file or directory"
mkdir "$work/rules"
printf 'rules: [\n' >"$work/rules/bad.yaml"
run 3 --rules "$work/rules" "$dump"
err_has "avdump: $work/rules/bad.yaml:"
out_has "findings" # of the other rules
run 3 --json --compact --rules "$work/rules" "$dump"
json_ok "$out"
out_has '"status":"OK"'

# --- triage
run 3 --triage "$work/none" "$dump"
err_is "avdump: $work/none: cannot be opened: No such file or directory"
printf -- '- owner: [a]\n  frames: [b]\n' >"$work/triage.yaml"
run 3 --triage "$work/triage.yaml" "$dump"
err_is "avdump: $work/triage.yaml:1:10: expected a text, found a list"
printf -- '- owner: team_crash\n  frames: [crash]\n' >"$work/triage.yaml"
run 0 --triage "$work/triage.yaml" "$dump"
out_has "frame 0 (team_crash)"
run 0 --json --compact --triage "$work/triage.yaml" "$dump"
out_has '"owner":"team_crash"'

# --- names that would harm a terminal: controls, C1, line ends and directions of Unicode, what is no
# UTF-8 (a surrogate, beyond U+10FFFF, too long, cut); letters of all lengths stay
for row in '\033[2J|\x1b[2J' '\177|\x7f' '\302\205|\xc2\x85' '\342\200\250|\xe2\x80\xa8' \
    '\342\200\256|\xe2\x80\xae' '\342\200\217|\xe2\x80\x8f' '\342\201\246|\xe2\x81\xa6' \
    '\355\240\200|\xed\xa0\x80' '\364\220\200\200|\xf4\x90\x80\x80' '\360\200\200\200|\xf0\x80\x80\x80' \
    '\340\200\200|\xe0\x80\x80' '\300\200|\xc0\x80' '\377|\xff' '\303|\xc3' '\342\202|\xe2\x82' \
    '\303\274|ü' '\342\202\254|€' '\360\237\222\245|💥' '\342\200\246|…'; do
    name=$(printf "${row%%|*}")
    [ "$wine" = no ] || printf %s "$name" | iconv -f UTF-8 -t UTF-16 >/dev/null 2>&1 || continue
    run 3 "$work/$name.dmp"
    err_has "avdump: $work/${row#*|}.dmp: cannot be opened"
done

# --- output that cannot be written
run 4 -o "$work/none/file" "$dump"
err_is "avdump: $work/none/file: file cannot be made: No such file or directory"
run 4 -o "$work" "$dump"
err_is "avdump: $work: cannot be written: Is a directory"
# What fails before a word was written leaves no file, and one that was there as it was.
run 3 -o "$work/result" "$work/none.dmp"
[ ! -e "$work/result" ] || fail "a run that failed leaves an output"
echo "as it was" >"$work/result"
run 3 -o "$work/result" "$work/none.dmp"
run 2 -o "$work/result" --symbols "$work/nowhere" "$dump"
run 3 -o "$work/result" --sandbox "$work/none.dmp"
[ "$(cat "$work/result")" = "as it was" ] || fail "a run that failed replaces its output"
run 3 -o "$work/result" --json --compact "$work/none.dmp"
grep -q '^{"status":"ERROR' "$work/result" || fail "an error's document is not in the output"
run 3 -o "$work/result" --timeout 600 "$work/none.dmp" "$dump" "$work/none.dmp"
[ "$(head -n 1 "$work/result")" = "==> $dump <==" ] || fail "what could be read is not in the output"
[ "$(find "$work" -name '.avdump-*' | wc -l)" -eq 0 ] || fail "--output leaves temporary files"
cp "$dump" "$work/precious.dmp"
run 2 -o "$work/../${work##*/}/precious.dmp" "$work/precious.dmp"
err_has "--output would overwrite the input"
cmp -s "$dump" "$work/precious.dmp" || fail "--output destroyed an input"
if [ "$wine" = no ] && [ -w /dev/full ]; then
    for arguments in --help --version "--completion fish" "$dump" "info $dump" "--json $dump" "rules docs" \
        "rules stops --json"; do
        checks=$((checks + 1))
        # shellcheck disable=SC2086 # two words on purpose
        "$avdump" $arguments >/dev/full 2>"$err"
        code=$?
        [ "$code" -eq 4 ] || fail "avdump $arguments to a full disk: exit $code, expected 4"
        err_is "avdump: standard output: cannot be written: No space left on device"
    done
fi
# A reader that goes away: no message, no signal.
checks=$((checks + 1))
{
    "$avdump" --json -v "$dump" "$dump" "$dump" "$dump" 2>"$err"
    echo $? >"$work/code"
} | head -c 1 >/dev/null
[ "$(cat "$work/code")" = 0 ] || fail "closed pipe: exit $(cat "$work/code"), expected 0"
err_empty
# One that went away before.
mkfifo "$work/gone"
for arguments in --help "--completion fish" "$dump" "rules docs" "rules stops --json"; do
    checks=$((checks + 1))
    {
        read -r _ <"$work/gone"
        # shellcheck disable=SC2086 # two words on purpose
        "$avdump" $arguments 2>"$err"
        echo $? >"$work/code"
    } | {
        exec <&-
        echo >"$work/gone"
    }
    [ "$(cat "$work/code")" = 0 ] || fail "avdump $arguments, nobody reads: exit $(cat "$work/code")"
    err_empty
done

echo "$checks runs, $failures failures"
[ "$failures" -eq 0 ]
