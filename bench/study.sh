#!/usr/bin/env bash
# Studies from the vault: wall time and peak memory of each, with its draft written.
#
#   VAULT_ROWS="200000 2000000" STUDIES="technology girls pathways majority" bench/study.sh
#
# Everybody in the files is invented. VAULT_ROWS=20000000 takes them further.

source "$(dirname "$(readlink -f "$0")")/lib.sh"
vault_rows=${VAULT_ROWS:-200000 2000000} studies=${STUDIES:-technology girls pathways majority}
export ACCORD_PASSPHRASE='bench words that nobody should ever use'
build_release
bin=$CARGO_TARGET_DIR/release/accord

heading "studies from the vault"
echo "| study | records | wall s | records/s | peak MB | draft, MB |"
echo "|---|---|---|---|---|---|"
for rows in $vault_rows; do
    file=$work/invented-$rows.csv vault=$work/vault-$rows
    invented "$rows" "$file"
    "$bin" desk init "$vault" --organisation 'Invented' --size-bound $((rows * 2)) >/dev/null 2>&1
    "$bin" desk import "$file" --vault "$vault" >/dev/null 2>&1
    rm "$file"
    slot=0
    for study in $studies; do
        slot=$((slot + 1)) # each in a slot of its own: a second draw in one would have to be meant
        measure "$bin" study "$study" --vault "$vault" --slot "2026-$slot" --epsilon 1 --invented --out "$work/draft"
        [ "$code" -eq 0 ] || {
            echo "failed: accord study $study" >&2
            tail -n 5 "$work/err" >&2
            exit 1
        }
        echo "| $study | $rows | $seconds | $(rate "$rows" "$seconds") | $megabytes | $(du -sm "$work/draft" | cut -f1) |"
        rm -rf "$work/draft"
    done
    rm -rf "$vault"
done
