#!/usr/bin/env python3
"""Run `accord protect` on a table that is public or invented, score it with `accord release evaluate`, write JSON.

    ours.py --accord BIN --csv T.csv --epsilon 4 --out r.json [--delta D] [--run 0] [--dial 2] [--keep DIR] [-- MORE ...]

The JSON has the shape that the peers' script writes, so that summary.py reads both. delta defaults to 1/(n ln n), as
there. The ledger is a new one for each run, and thrown away with the release: that is right only for a table from which
nothing is to be kept secret. What stands after `--` goes to `accord protect` as it is.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time


def run(command, log):
    """Runs a command; gives exit code, standard output, wall and CPU seconds and peak memory (of it and its children)."""
    start = time.time()
    with open(log, "w") as errors:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        out = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "wall_s": round(time.time() - start, 3),
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
        "peak_rss_mb": round(used.ru_maxrss / 1024, 1),
    }
    return child.returncode, out, cost


def rows_of(path):
    """Number of lines below the header; a quoted line end would count twice, and only delta depends on it."""
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b"")) - 1


def main():
    own, more = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, more = own[:at], own[at + 1 :]
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--accord", required=True, help="the binary, in its release build")
    arguments.add_argument("--csv", required=True)
    arguments.add_argument("--epsilon", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--delta", type=float)
    arguments.add_argument("--run", type=int, default=0, help="a number to tell runs apart; noise takes no seed")
    arguments.add_argument("--dial", default="2")
    arguments.add_argument("--reporting-length", default="3")
    arguments.add_argument("--k", default="1,2,3")
    arguments.add_argument("--keep", help="new folder for the release itself")
    arguments.add_argument("--declared", choices=["declared-public", "invented"], default="declared-public")
    a = arguments.parse_args(own)
    if a.declared == "invented" and "--columns" not in more:
        # Codes of made-up tables look like numbers of people; whoever made them up knows that they are none.
        with open(a.csv) as table:
            more += ["--columns", table.readline().strip()]
    rows = rows_of(a.csv)
    delta = a.delta or 1.0 / (rows * math.log(rows))

    with tempfile.TemporaryDirectory() as folder:
        release, log = a.keep or os.path.join(folder, "release"), os.path.join(folder, "log")
        command = [a.accord, "protect", a.csv, "--infer-domain-public", "--rows-are-people"]
        command += ["--epsilon", a.epsilon, "--delta", repr(delta), "--reporting-length", a.reporting_length]
        command += ["--dial", a.dial, "--ledger", os.path.join(folder, "ledger"), "--out", release, "--json"]
        command += ["--cap", str(max(10.0, float(a.epsilon))), *more]
        code, out, cost = run(command, log)
        result = {
            "method": "accord",
            "epsilon": float(a.epsilon),
            "delta": delta,
            "csv": os.path.basename(a.csv),
            "seed": a.run,
            "args": ["--dial", a.dial, *more],
            **cost,
        }
        if code != 0:
            result["failed"] = f"exit code {code}"
            result["log_tail"] = open(log).read()[-1500:]
        else:
            result["says"] = json.loads(out.strip().splitlines()[-1])
            command = [a.accord, "release", "evaluate", "--exact", a.csv, f"--{a.declared}", "--k", a.k, "--json"]
            for part in ("synthetic", "aggregates"):
                path = os.path.join(release, f"{part}.csv")
                if os.path.exists(path):
                    command += [f"--{part}", path]
            code, out, cost = run(command, log)
            if code != 0:
                sys.exit(f"the release can't be scored: {open(log).read()}")
            scored = json.loads(out)
            result["scoring"] = cost
            result.update({part: scored[part] for part in ("microdata", "aggregates") if part in scored})
    with open(a.out + ".part", "w") as file:
        json.dump(result, file, indent=1)
    os.replace(a.out + ".part", a.out)


if __name__ == "__main__":
    main()
