# SPDX-License-Identifier: MIT
# Sourced by tools/demo and tools/check, which set `root` to the repository: looks for what a build
# needs, installs it where apt-get is at hand and names it elsewhere, and configures and builds.

LC_ALL=C
PATH=${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}
export LC_ALL PATH

# What may be missing: key, needed (yes) or only wanted (no), the packages of Debian and Ubuntu (apt),
# Fedora (dnf), Arch (pacman) and macOS (brew), "-" where none is needed, then what it is for.
packages='
cc         yes gcc,libc6-dev              gcc                 gcc         -          the C compiler
cmake      yes cmake                      cmake               cmake       cmake      configures the build
generator  yes ninja-build                ninja-build         ninja       ninja      runs the build
pkgconfig  yes pkg-config                 pkgconf-pkg-config  pkgconf     pkgconf    finds the libraries
yaml       yes libyaml-dev                libyaml-devel       libyaml     libyaml    reads rules
zlib       yes zlib1g-dev                 zlib-devel          zlib        zlib       reads compressed dumps
jansson    yes libjansson-dev             jansson-devel       jansson     jansson    writes JSON
zydis      no  libzydis-dev               zydis-devel         zydis       zydis      decodes the faulting instruction
check      yes check,libsubunit-dev       check-devel         check       check      runs the unit tests
iberty     no  libiberty-dev              binutils-devel      binutils    binutils   undecorates names of GCC, Clang and Rust
python     no  python3                    python3             python      python     runs the end-to-end tests
jsonschema no  python3-jsonschema         python3-jsonschema  python-jsonschema python-jsonschema checks JSON output against its schema
mandoc     no  mandoc                     mandoc              mandoc      mandoc     checks the manual pages
jq         no  jq                         jq                  jq          jq         runs an example of the README
mingw      no  gcc-mingw-w64-x86-64       mingw64-gcc         mingw-w64-gcc mingw-w64 compiles for Windows
mingwz     no  libz-mingw-w64-dev         mingw64-zlib-static -           -          zlib for Windows
wine       no  wine,wine64                wine                wine        wine-stable runs Windows programs
'

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

has_program() {
    command -v "$1" >/dev/null 2>&1
}

compiler() {
    for cc in ${CC:+"$CC"} cc gcc clang; do
        if has_program "$cc"; then
            printf '%s\n' "$cc"
            return 0
        fi
    done
    return 1
}

# has_header HEADER: the compiler finds it.
has_header() {
    cc=$(compiler) && printf '#include <%s>\n' "$1" | "$cc" -E - >/dev/null 2>&1
}

has() {
    case $1 in
    cc)         has_header stdio.h ;;
    cmake)      has_program cmake ;;
    generator)  has_program ninja || has_program make ;;
    pkgconfig)  has_program pkg-config ;;
    yaml)       has_header yaml.h ;;
    zlib)       has_header zlib.h ;;
    jansson)    has_header jansson.h ;;
    zydis)      has_header Zydis/Zydis.h ;;
    check)      has_header check.h ;;
    iberty)     has_header libiberty/demangle.h || has_header demangle.h ;;
    python)     has_program python3 ;;
    jsonschema) has_program python3 && python3 -c 'import jsonschema' 2>/dev/null ;;
    mandoc)     has_program mandoc ;;
    jq)         has_program jq ;;
    mingw)      has_program x86_64-w64-mingw32-gcc ;;
    mingwz)     [ -f /usr/x86_64-w64-mingw32/lib/libz.a ] ;;
    wine)       has_program wine ;;
    *)          return 1 ;;
    esac
}

# missing KEY...: the lines of the table whose thing is not there.
missing() {
    for key in "$@"; do
        has "$key" || printf '%s' "$packages" | grep "^$key "
    done
}

# names COLUMN TABLE: the packages in that column, on one line.
names() {
    printf '%s\n' "$2" | awk -v column="$1" '$column != "-" {print $column}' | tr ',' '\n' |
        sort -u | tr '\n' ' ' | sed 's/ $//'
}

# One line for each thing that is missing, and why it is asked for.
explain() {
    say "Missing on this system:"
    printf '%s\n' "$1" | while read -r key needed apt _ _ _ reason; do
        [ -z "$key" ] || say "  $(printf '%s' "$apt" | tr ',' ' '): $reason$(
            [ "$needed" = yes ] || printf '%s' ' (wanted, not needed)')"
    done
}

# Only asks for a password where somebody can answer.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 1 ] && [ -r /dev/tty ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

apt_install() {
    # shellcheck disable=SC2086 # one argument for each package
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $1
}

# install_with_apt LINES: the packages of these lines of the table. A release may lack one, and then
# apt-get installs none of them: so what is needed by itself, and each thing that is only wanted.
install_with_apt() {
    all=$(names 3 "$1")
    if [ "$(id -u)" -ne 0 ] && ! has_program sudo; then
        say "Not root, and there is no sudo. Have somebody run: apt-get install $all"
        return 1
    fi
    say "Installing with apt-get: $all"
    as_root apt-get update -q || say "apt-get update failed; trying with the package lists at hand"
    apt_install "$all" && return 0
    say "apt-get cannot install all of that at once; what is needed first:"
    needed=$(names 3 "$(printf '%s\n' "$1" | awk '$2 == "yes"')")
    [ -z "$needed" ] || apt_install "$needed" || return 1
    for wanted in $(printf '%s\n' "$1" | awk '$2 == "no" {print $3}'); do
        apt_install "$(printf '%s' "$wanted" | tr ',' ' ')" || say "Not installed: $wanted"
    done
}

# need KEY...: makes sure that all are there, or ends the program.
need() {
    lacking=$(missing "$@")
    [ -n "$lacking" ] || return 0
    explain "$lacking"
    if has_program apt-get; then
        install_with_apt "$lacking" || say "The installation failed"
    else
        say "Please install them; here avdump does it by itself only with apt-get:"
        say "  Fedora: dnf install $(names 4 "$lacking")"
        say "  Arch:   pacman -S $(names 5 "$lacking")"
        say "  macOS:  brew install $(names 6 "$lacking")"
    fi
    lacking=$(missing "$@")
    [ -n "$lacking" ] || return 0
    if printf '%s\n' "$lacking" | grep -q '^[a-z]* *yes '; then
        fail "cannot go on without $(printf '%s\n' "$lacking" |
            awk '$2 == "yes" {printf "%s%s", comma, $1; comma = ", "}')"
    fi
    say "Going on: the tests that want what is missing will be skipped, and say so."
}

jobs_at_once() {
    nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2
}

# build NAME OPTION...: configures build/NAME with the options of cmake and builds it.
build() {
    name=$1
    shift
    dir=$root/build/$name
    generator="Unix Makefiles"
    if has_program ninja; then
        generator=Ninja
    fi
    # CMake refuses a directory that was made with another generator.
    if [ -f "$dir/CMakeCache.txt" ] &&
        ! grep -q "^CMAKE_GENERATOR:INTERNAL=$generator\$" "$dir/CMakeCache.txt"; then
        rm -rf "$dir/CMakeCache.txt" "$dir/CMakeFiles"
    fi
    cmake -S "$root" -B "$dir" -G "$generator" "$@" || fail "configuring build/$name failed"
    cmake --build "$dir" --parallel "$(jobs_at_once)" || fail "building build/$name failed"
}
