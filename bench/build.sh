#!/usr/bin/env bash
# A clean build and a rebuild after a change of one line, in a copy of the project and a target folder of their own.

source "$(dirname "$(readlink -f "$0")")/lib.sh"
export CARGO_TARGET_DIR=$work/target
mkdir "$work/copy"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$work/copy"
cargo fetch --quiet

heading "build (rustc $(rustc --version | cut -d' ' -f2))"
echo "| what | wall s | peak MB of one process | command |"
echo "|---|---|---|---|"
row() { echo "| $1 | $seconds | $megabytes | \`$2\` |"; }

# Rebuilds after a comment was added to a file.
one_line() { # file command...
    echo "// measured" >>"$1"
    shift
    measure "$@"
}

cd "$work/copy"
measure cargo build --quiet
row "clean, dev profile" "cargo build"
one_line crates/accord/src/cmd/verify.rs cargo build --quiet
row "one line in the binary, dev" "cargo build"
one_line crates/standard/src/figure.rs cargo build --quiet
row "one line in the crate that all others use, dev" "cargo build"
measure cargo test --quiet --no-run --package accord-release
row "tests of one pure crate, first time" "cargo test --no-run -p accord-release"
one_line crates/release/src/account.rs cargo test --quiet --package accord-release
row "one line in that crate, its tests run" "cargo test -p accord-release"
measure cargo build --quiet --release
row "clean, release profile" "cargo build --release"
