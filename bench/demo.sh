#!/usr/bin/env bash
# The demo from nothing, three times; the slowest counts.

source "$(dirname "$(readlink -f "$0")")/lib.sh"
build_release
heading "demo"
echo "| run | wall s | peak MB of one process | command |"
echo "|---|---|---|---|"
for run in 1 2 3; do
    measure "$CARGO_TARGET_DIR/release/accord" demo --no-serve --dir "$work/demo-$run"
    [ "$code" -eq 0 ] || { tail -n 5 "$work/err" >&2; exit "$code"; }
    echo "| $run | $seconds | $megabytes | \`accord demo --no-serve\` |"
done
