#!/usr/bin/env python3
"""Print Markdown tables of the runs in a folder: mean (least to most) over the runs, and how many times ours.

    summary.py FOLDER... [--ours accord] [--costs]

Reads the JSON files of ours.py and of the peers' script. `error` is the mean over all marginals of the summed absolute
differences of counts, divided by the rows (blank is a value); `count error` is the mean absolute difference over the
combinations of the exact table, suppressed ones in full.
"""
import argparse
import glob
import json
import os
from collections import defaultdict

SHARES = [
    ("fabricated", "fabricated_share"),
    ("their mass", "fabricated_mass_share"),
    ("suppressed", "suppressed_share"),
    ("their mass", "suppressed_mass_share"),
]


def label(run):
    """What was run, from its arguments: runs with one label are repetitions of each other."""
    args, name = run.get("args", []), run["method"]
    value = lambda flag: args[args.index(flag) + 1] if flag in args else None
    if name == "accord":
        more = [a for a in args if a not in ("--dial", value("--dial"))]
        name += f" (dial {value('--dial')})" if value("--dial") != "2" else ""
        return " ".join([name, *more])
    if "--use-synthetic-counts" in args:
        name += ", synthetic counts"
    if value("--rows") == "-1":
        name += ", all rows"
    for flag, word in (("--fabrication", ""), ("--rounds-aim", "rounds "), ("--mbi-sampler", "sampler ")):
        if value(flag):
            name += f", {word}{value(flag)}"
    return name


def read(folders):
    runs, failed = defaultdict(list), defaultdict(list)
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
            run = json.load(open(path))
            if "method" not in run:
                continue
            key = (run["csv"], run["epsilon"], label(run))
            (failed if "failed" in run else runs)[key].append(run)
    return runs, failed


def values(runs, part, k, name):
    found = [r[part][k].get(name) for r in runs if part in r and k in r[part]]
    return [v for v in found if v is not None]


def figure(found, digits, percent=False):
    if not found:
        return "–"
    scale, sign = (100, " %") if percent else (1, "")
    show = lambda v: f"{v * scale:.{digits}f}"
    mean = show(sum(found) / len(found))
    if len(found) == 1:
        return mean + sign
    return f"{mean} ({show(min(found))}–{show(max(found))}){sign}"


def times(theirs, ours):
    if not theirs or not ours:
        return "–"
    theirs, ours = sum(theirs) / len(theirs), sum(ours) / len(ours)
    return f"{theirs / ours:.2f}" if ours else "–"


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def figures_of(runs, csv, part, ours):
    lengths = sorted({k for key, of in runs.items() if key[0] == csv for r in of for k in r.get(part, {}) if k[0] == "k"})
    keys = [key for key in sorted(runs) if key[0] == csv and any(part in r for r in runs[key])]
    if not keys:
        return
    # Ours first.
    keys.sort(key=lambda key: (key[1], key[2] != ours, key[2]))
    what = {"microdata": "synthetic rows", "aggregates": "counts of combinations"}[part]
    measures = [("error", "workload_error", 4)] if part == "microdata" else []
    measures.append(("count error", "mae", 2))
    columns = [(f"{word} {k}", name, k, digits) for word, name, digits in measures for k in lengths]
    last = lengths[-1]
    print(f"**{csv}, {what}**\n")
    rows, ratios = [], []
    for key in keys:
        _, epsilon, name = key
        here = [r for r in runs[key] if part in r]
        row = [f"{epsilon:g}", name, str(len(here))]
        row += [figure(values(here, part, k, n), digits) for _, n, k, digits in columns]
        row += [figure(values(here, part, last, n), 2, True) for _, n in SHARES]
        rows.append(row)
        mine = runs.get((csv, epsilon, ours), [])
        if mine and name != ours:
            ratios.append(
                [f"{epsilon:g}", name]
                + [times(values(here, part, k, n), values(mine, part, k, n)) for _, n, k, _ in columns]
            )
    head = ["epsilon", "what", "runs"] + [c[0] for c in columns] + [f"{word} {last}" for word, _ in SHARES]
    table(head, rows)
    if ratios:
        print(f"How many times that of {ours}:\n")
        table(["epsilon", "what"] + [c[0] for c in columns], ratios)


def costs_of(runs, csv, ours):
    keys = sorted((k for k in runs if k[0] == csv), key=lambda key: (key[1], key[2] != ours, key[2]))
    rows = []
    for key in keys:
        # A run without synthetic rows costs less than one with them: they are told apart here.
        for part, word in (("with", ""), ("without", ", aggregates only")):
            here = [r for r in runs[key] if ("microdata" in r) == (part == "with")]
            if here:
                cost = [figure([r[c] for r in here if c in r], 1) for c in ("wall_s", "cpu_s", "peak_rss_mb")]
                rows.append([f"{key[1]:g}", key[2] + word, str(len(here)), *cost])
    print(f"**{csv}, cost** (the whole process, start and imports included)\n")
    table(["epsilon", "what", "runs", "wall s", "CPU s", "peak MB"], rows)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", nargs="+")
    arguments.add_argument("--ours", default="accord", help="the label that ratios are taken to")
    arguments.add_argument("--costs", action="store_true", help="times and memory too; only from a machine that was idle")
    a = arguments.parse_args()
    runs, failed = read(a.folder)
    for csv in sorted({key[0] for key in [*runs, *failed]}):
        for part in ("microdata", "aggregates"):
            figures_of(runs, csv, part, a.ours)
        if a.costs:
            costs_of(runs, csv, a.ours)
        for key in sorted(k for k in failed if k[0] == csv):
            for run in failed[key]:
                print(f"{csv}: {key[2]} at epsilon {key[1]:g} did not finish: {run['failed']}, after {run['wall_s']:.0f} s\n")


if __name__ == "__main__":
    main()
