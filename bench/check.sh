#!/usr/bin/env bash
# accord check on a large file, beside a bare read of the same file by the crate csv, and beside frictionless.
#
#   CTDC=FILE.csv.gz ROWS=10000000 bench/check.sh
#
# Without CTDC the file is invented, in the standard's own columns. SLOW_ROWS (200,000) go to frictionless, whose time is
# scaled up by rows and marked so; NO_PEER=1 leaves it out.

source "$(dirname "$(readlink -f "$0")")/lib.sh"
rows=${ROWS:-10000000} slow_rows=${SLOW_ROWS:-200000}
ctdc=${CTDC:-../shared/data/ctdc/ctdc_global_synthetic_2021.csv.gz}
build_release

big=$work/big.csv
if [ -f "$ctdc" ]; then
    what="the CTDC synthetic file of 2021, repeated" as=ctdc
    zcat "$ctdc" >"$work/once.csv"
    once=$(($(wc -l <"$work/once.csv") - 1))
    head -n 1 "$work/once.csv" >"$big"
    tail -n +2 "$work/once.csv" >"$work/body.csv"
    for ((copy = 0; copy < rows / once; copy++)); do cat "$work/body.csv"; done >>"$big"
    head -n $((rows % once)) "$work/body.csv" >>"$big"
    rm "$work/body.csv" "$work/once.csv"
else
    what="an invented file in the standard's own columns" as=accord
    invented "$rows" "$big"
fi
bytes=$(stat -c %s "$big")

heading "check: $what, $rows rows, $((bytes / 1000000)) MB"
echo "| what | rows | wall s | rows/s | MB/s | peak MB | command |"
echo "|---|---|---|---|---|---|---|"
row() { # what rows bytes command
    echo "| $1 | $2 | $seconds | $(rate "$2" "$seconds") | $(ratio "$(awk -v b="$3" 'BEGIN { print b / 1e6 }')" "$seconds") | $megabytes | \`$4\` |"
}

cat "$big" >/dev/null # into the page cache, for all alike
measure "$CARGO_TARGET_DIR/release/bare_csv" "$big"
bare=$seconds
row "bare read (crate csv)" "$rows" "$bytes" "bare_csv big.csv"

measure "$CARGO_TARGET_DIR/release/accord" check "$big" --as "$as"
ours=$seconds
grep -q "^$rows rows read as $as: $rows accepted, 0 failed" "$work/out" || {
    echo "accord check did not accept $rows rows:" >&2
    tail -n 5 "$work/out" "$work/err" >&2
    exit 1
}
row "accord check" "$rows" "$bytes" "accord check big.csv --as $as"

if [ -z "${NO_PEER:-}" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check frictionless
    head -n $((slow_rows + 1)) "$big" >"$work/slow.csv"
    slow_bytes=$(stat -c %s "$work/slow.csv")
    cd "$work" # it refuses paths that do not lie below where it runs
    measure "$work/venv/bin/frictionless" validate slow.csv --json
    cd - >/dev/null
    if ! grep -q "\"rows\": $slow_rows\b" "$work/out"; then
        echo "frictionless did not read $slow_rows rows" >&2
        head -n 20 "$work/out" >&2
        exit 1
    fi
    peer=$(awk -v s="$seconds" -v r="$rows" -v n="$slow_rows" 'BEGIN { printf "%.0f", s * r / n }')
    peer_version=$("$work/venv/bin/pip" show frictionless 2>/dev/null | sed -n 's/^Version: //p')
    row "frictionless $peer_version (Python $("$work/venv/bin/python" -V | cut -d' ' -f2)), fewer rows" "$slow_rows" "$slow_bytes" "frictionless validate slow.csv"
    echo
    echo "accord check takes $(ratio "$ours" "$bare") times the bare read. frictionless scaled up by rows would take $peer s,"
    echo "$(ratio "$peer" "$ours") times as long as accord check; it infers types only and knows no codes."
else
    echo
    echo "accord check takes $(ratio "$ours" "$bare") times the bare read."
fi
