# Shared by the measuring scripts: where things are, how to measure, how a row looks. Sourced, not run.

set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/accord/target}"
export LC_ALL=C.UTF-8

[ -x /usr/bin/time ] || {
    echo "GNU time is missing (Debian: apt-get install time)" >&2
    exit 1
}

work=$(mktemp -d "${TMPDIR:-/tmp}/accord-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || commit="$commit + changes"

machine() {
    local cpu memory
    cpu=$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)
    memory=$(awk '/MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo)
    echo "$(nproc) cores ($cpu), $memory, $(uname -sr | cut -d- -f1)"
}

# The heading of a table: what, when, where.
heading() {
    printf '\n### %s\n\nAccord %s (%s), %s, %s.\n\n' "$1" "$version" "$commit" "$(date -u +%F)" "$(machine)"
    local load
    load=$(cut -d' ' -f1 /proc/loadavg)
    if awk -v l="$load" 'BEGIN { exit !(l > 1) }'; then
        printf 'The machine was not idle: load %s at the start.\n\n' "$load"
    fi
}

# measure COMMAND...: runs it; sets $seconds, $megabytes (peak of the largest process) and $code; output in $work/out, err.
# An exit code of 1 ("has errors") is an answer; anything else stops the script.
measure() {
    code=0
    /usr/bin/time -q -o "$work/time" -f '%e %M' "$@" >"$work/out" 2>"$work/err" || code=$?
    if [ "$code" -gt 1 ]; then
        echo "failed with exit code $code: $*" >&2
        tail -n 5 "$work/err" >&2
        exit "$code"
    fi
    read -r seconds kilobytes <"$work/time"
    megabytes=$((kilobytes / 1024))
}

# rate COUNT SECONDS: a whole number with thousands separated, so many a second.
rate() { awk -v n="$1" -v s="$2" 'BEGIN { printf "%d", n / (s > 0 ? s : 0.01) }' | sed -E ':a;s/^([0-9]+)([0-9]{3})/\1,\2/;ta'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b > 0 ? b : 0.01) }'; }

accord() { "$CARGO_TARGET_DIR/release/accord" "$@"; }

# NO_BUILD=1 takes what is there.
build_release() {
    [ -z "${NO_BUILD:-}" ] || return 0
    cargo build --release --quiet --package accord --package accord-bench
}

# invented ROWS FILE
invented() { "$CARGO_TARGET_DIR/release/invent" "$1" "$2"; }
