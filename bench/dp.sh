#!/usr/bin/env bash
# Error, time and memory of `accord protect` beside pac-synth, MST and AIM, at the same epsilon and delta, on this machine.
#
#   bench/dp.sh PEERS PYTHON RESULTS TABLE.csv...
#
# PEERS: folder with peers.py, metrics.py and gen_ctdc_like.py. PYTHON: interpreter of an environment that has the peers.
# RESULTS: folder for one JSON a run; a run whose JSON is there is not done again, so the script can be stopped and
# restarted. TABLE: CSV files that anybody may see (they are declared public). Made-up tables are added by themselves.
#
#   EPSILONS="0.5 1 2 4 12" RUNS=5      what is run
#   LARGE=50000                         tables of more rows: of the peers only pac-synth, and only its counts of combinations
#   METHODS="pac counts mst aim"        peers on tables that are not large (pac: as installed; counts: its best setting found)
#   AIM_EPSILONS="1 4" AIM_RUNS=1       AIM takes minutes a run; 32 rounds
#   TIMEOUT=1800                        seconds that a peer may take
#   MADE_UP="100000 1000000"            rows of made-up tables of 25 columns, at epsilon 4: growth of time and memory
#   NO_PEER=1, NO_BUILD=1               leave peers, building out

peers=$(readlink -f "$1") python=$(realpath -s "$2") results=$(readlink -m "$3")
shift 3
tables=()
for table in "$@"; do tables+=("$(readlink -f "$table")"); done
source "$(dirname "$(readlink -f "$0")")/lib.sh"
epsilons=${EPSILONS:-0.5 1 2 4 12} runs=${RUNS:-5} large=${LARGE:-50000} methods=${METHODS:-pac counts mst aim}
aim_epsilons=${AIM_EPSILONS:-1 4} aim_runs=${AIM_RUNS:-1} timeout=${TIMEOUT:-1800} made_up=${MADE_UP-100000 1000000}
build_release
mkdir -p "$results"

# once NAME COMMAND...: runs a command that takes `--out FILE` last, unless its result is there.
once() {
    local out=$results/$1.json
    shift
    [ ! -e "$out" ] || return 0
    echo "$(date +%T) $(basename "$out")" >&2
    "$@" --out "$out.new"
    mv "$out.new" "$out"
}
ours() { # name table epsilon run declared
    once "$1-accord-$3-$4" python3 bench/dp/ours.py --accord "$CARGO_TARGET_DIR/release/accord" \
        --csv "$2" --epsilon "$3" --run "$4" --declared "$5"
}
peer() { # name what table epsilon run options...
    local name=$1 what=$2 table=$3 epsilon=$4 run=$5
    shift 5
    once "$name-$what-$epsilon-$run" "$python" "$peers/peers.py" \
        --csv "$table" --epsilon "$epsilon" --seed "$run" --timeout "$timeout" "$@"
}
peers_on() { # name table epsilon run
    local method
    [ -z "${NO_PEER:-}" ] || return 0
    if [ "$(wc -l <"$2")" -gt "$large" ]; then
        peer "$1" pacagg "$2" "$3" "$4" --method pac-synth --aggregates-only
        return
    fi
    for method in $methods; do
        case $method in
        pac) peer "$1" pac "$2" "$3" "$4" --method pac-synth ;;
        counts) peer "$1" pacsyn "$2" "$3" "$4" --method pac-synth --use-synthetic-counts --rows -1 ;;
        mst) peer "$1" mst "$2" "$3" "$4" --method mst ;;
        aim)
            if [[ " $aim_epsilons " == *" $3 "* ]] && [ "$4" -lt "$aim_runs" ]; then
                peer "$1" aim32 "$2" "$3" "$4" --method aim --rounds-aim 32
            fi
            ;;
        *)
            echo "no method $method" >&2
            exit 2
            ;;
        esac
    done
}

heading "accord protect beside its peers"
for ((run = 0; run < runs; run++)); do
    for epsilon in $epsilons; do
        for table in "${tables[@]}"; do
            name=$(basename "$table" .csv)
            ours "$name" "$table" "$epsilon" "$run" declared-public
            peers_on "$name" "$table" "$epsilon" "$run"
        done
    done
done
for rows in $made_up; do
    table=$work/made-up-$rows.csv
    "$python" "$peers/gen_ctdc_like.py" --rows "$rows" --seed 7 --out "$table"
    for ((run = 0; run < runs; run++)); do ours "made-up-$rows" "$table" 4 "$run" invented; done
    # One run of the peer: at a million rows it takes minutes.
    peers_on "made-up-$rows" "$table" 4 0
    rm "$table"
done
python3 bench/dp/summary.py --costs "$results"
