#!/usr/bin/env bash
# Import, a release from the vault and a release straight from a file: wall time and peak memory.
#
#   VAULT_ROWS="1000000 10000000" FILE_ROWS="200000 10000000" bench/release.sh
#
# Everybody in the files is invented. CTDC=FILE.csv.gz adds `protect` on that file. The peak is that of the largest process
# (the child that reads files is one of its own).

source "$(dirname "$(readlink -f "$0")")/lib.sh"
vault_rows=${VAULT_ROWS:-1000000 10000000} file_rows=${FILE_ROWS:-200000 10000000}
ctdc=${CTDC:-../shared/data/ctdc/ctdc_global_synthetic_2021.csv.gz}
export ACCORD_PASSPHRASE='bench words that nobody should ever use'
build_release
bin=$CARGO_TARGET_DIR/release/accord

must() { # like measure, but an exit code of 1 is a failure too
    measure "$@"
    [ "$code" -eq 0 ] || {
        echo "failed: $*" >&2
        tail -n 5 "$work/err" >&2
        exit 1
    }
}
row() { echo "| $1 | $2 | $seconds | $(rate "$2" "$seconds") | $megabytes | $3 | \`$4\` |"; }

heading "import, release from the vault, protect from a file"
echo "| what | records | wall s | records/s | peak MB | size on disk, MB | command |"
echo "|---|---|---|---|---|---|---|"
for rows in $vault_rows; do
    file=$work/invented-$rows.csv vault=$work/vault-$rows
    invented "$rows" "$file"
    accord desk init "$vault" --organisation 'Invented' --size-bound $((rows * 2)) >/dev/null 2>&1
    must "$bin" desk import "$file" --vault "$vault"
    row "import of a CSV file of $(($(stat -c %s "$file") / 1000000)) MB" "$rows" "$(du -sm "$vault" | cut -f1)" "accord desk import"
    rm "$file"
    must "$bin" release draft --vault "$vault" --slot 2026-1 --epsilon 1 --invented --no-microdata --out "$work/draft-$rows"
    row "release from the vault, tables" "$rows" "$(du -sm "$work/draft-$rows" | cut -f1)" "accord release draft --no-microdata"
    must "$bin" release draft --vault "$vault" --slot 2026-2 --epsilon 1 --invented --out "$work/draft-m-$rows"
    row "release from the vault, tables and synthetic rows" "$rows" "$(du -sm "$work/draft-m-$rows" | cut -f1)" "accord release draft"
    rm -rf "$vault" "$work/draft-$rows" "$work/draft-m-$rows"
done
for rows in $file_rows; do
    file=$work/invented-$rows.csv
    invented "$rows" "$file"
    must "$bin" protect "$file" --rows-are-people --epsilon 1 --invented --out "$work/file-$rows"
    row "protect from a CSV file of $(($(stat -c %s "$file") / 1000000)) MB" "$rows" "$(du -sm "$work/file-$rows" | cut -f1)" "accord protect --rows-are-people"
    rm -rf "$file" "$work/file-$rows"
done
if [ -f "$ctdc" ]; then
    must "$bin" protect "$ctdc" --as ctdc --rows-are-people --epsilon 4 --ledger "$work/ctdc.ledger" --out "$work/ctdc"
    row "protect from the CTDC synthetic file of 2021 (gzip)" "$(($(zcat "$ctdc" | wc -l) - 1))" "$(du -sm "$work/ctdc" | cut -f1)" "accord protect --as ctdc --rows-are-people --epsilon 4"
fi
