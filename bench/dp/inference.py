#!/usr/bin/env python3
"""What an attacker learns from a release about the people in it, for ours and for pac-synth at the same epsilon.

    inference.py --csv T.csv --epsilon 4 --peers DIR --out r.json [--accord BIN] [--runs 5] [--targets 1000]
                 [--secret COLUMN] [--field]

The table is public or invented. Each run splits it at random into three parts: members (the release is made of them),
controls (like them, but not in the release) and a reference (what the attacker knows about people in general). Attacks:

closest    a target is held for a member if its nearest synthetic row is near (Hamming distance)
ratio      a target is held for a member if its pairs and triples of values are more frequent in the release than in the
           reference: the mean log ratio, as in DOMIAS (van Breugel et al. 2023) but with marginals for the densities;
           on the synthetic rows (`ratio`) and on the counts of combinations (`ratio_counts`)
attribute  a column is guessed from the nearest synthetic row that agrees on the others; the advantage is the share of
           right guesses among members less that among controls

Membership: the threshold is chosen on half of the targets, the advantage (true less false positive rate) taken on the
other half, so that it is nought on average where there is nothing to learn. `rare` takes only targets whose row is unique
in the table: they are the most exposed. The interval is that of a normal approximation over all runs' targets, at 95 %.
`claimed` is the most that (epsilon, delta) allows: (e^epsilon - 1 + 2 delta) / (e^epsilon + 1). An advantage far below it
proves nothing: better attacks may exist. One above it would disprove the claim.

--field adds PyPI's anonymeter (singling out, linkability, inference) where it is installed. It needs an environment of its
own: it asks for an older numpy than the peers do.
"""
import argparse
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def codes(frames):
    """The same codes for all frames; blank is nought."""
    out = [np.zeros(frame.shape, np.int32) for frame in frames]
    for at, column in enumerate(frames[0].columns):
        values = sorted(set().union(*[set(frame[column]) for frame in frames]) - {""})
        code = {"": 0, **{value: i + 1 for i, value in enumerate(values)}}
        for part, frame in zip(out, frames):
            part[:, at] = frame[column].map(code)
    return out


def nearest(targets, rows, but=None):
    """Distance to the nearest of the rows, and which it is; without the column `but`."""
    keep = [c for c in range(targets.shape[1]) if c != but]
    rows = np.ascontiguousarray(rows[:, keep])
    distance, which = np.empty(len(targets), np.int32), np.empty(len(targets), np.int64)
    for i, target in enumerate(targets[:, keep]):
        differ = (rows != target).sum(1)
        which[i] = differ.argmin()
        distance[i] = differ[which[i]]
    return distance, which


def log_ratio(targets, release, reference, lengths=(2, 3)):
    """Mean over marginals of log(frequency in the release / in the reference) of each target's values."""
    sizes = np.maximum(targets.max(0), np.maximum(release.max(0), reference.max(0))) + 1
    total, marginals = np.zeros(len(targets)), 0
    for length in lengths:
        for columns in itertools.combinations(range(targets.shape[1]), length):
            keys = []
            for part in (targets, release, reference):
                key = np.zeros(len(part), np.int64)
                for c in columns:
                    key = key * sizes[c] + part[:, c]
                keys.append(key)
            cells = int(np.prod(sizes[list(columns)], dtype=np.int64))
            if cells > 1 << 22:
                continue
            counted = [np.bincount(key, minlength=cells)[keys[0]] for key in keys[1:]]
            total += np.log((counted[0] + 0.5) / len(release)) - np.log((counted[1] + 0.5) / len(reference))
            marginals += 1
    return total / max(marginals, 1)


def log_ratio_of_counts(targets, counts, people, reference):
    """The same against released counts of combinations: only a target's values that are not blank."""
    columns = list(reference.columns)
    known, scores = {}, np.zeros(len(targets))
    values = {c: reference[c].to_numpy() for c in columns}
    for i, target in enumerate(targets.to_dict("records")):
        filled, sum_, n = [c for c in columns if target[c] != ""], 0.0, 0
        for length in (2, 3):
            for chosen in itertools.combinations(filled, length):
                pairs = tuple((c, target[c]) for c in chosen)
                if pairs not in known:
                    same = np.ones(len(reference), bool)
                    for c, v in pairs:
                        same &= values[c] == v
                    known[pairs] = math.log((same.sum() + 0.5) / len(reference))
                sum_ += math.log((max(counts.get(pairs, 0.0), 0.0) + 0.5) / people) - known[pairs]
                n += 1
        scores[i] = sum_ / max(n, 1)
    return scores


def advantage(inside, outside, generator):
    """Hits, held-out numbers: the threshold comes from the first half of the targets, the rates from the second."""
    inside, outside = generator.permutation(inside), generator.permutation(outside)
    (a, b), (c, d) = np.array_split(inside, 2), np.array_split(outside, 2)
    best = max(np.unique(np.concatenate([a, c])), key=lambda t: (a >= t).mean() - (c >= t).mean(), default=0.0)
    return int((b >= best).sum()), len(b), int((d >= best).sum()), len(d)


def summed(parts):
    """Advantage over all runs with its interval; None where there were no targets."""
    hits, n, false, m = (sum(p[i] for p in parts) for i in range(4))
    if n == 0 or m == 0:
        return None
    p, q = hits / n, false / m
    error = 1.959964 * math.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    return {"advantage": p - q, "from": p - q - error, "to": p - q + error, "members": p, "controls": q, "targets": n + m}


def release_of(tool, a, members, folder, run):
    """Makes a release of the members; gives its synthetic rows and its counts of combinations."""
    source, out = os.path.join(folder, "members.csv"), os.path.join(folder, "release")
    members.to_csv(source, index=False)
    delta = str(1.0 / (len(members) * math.log(len(members))))
    common = ["--csv", source, "--epsilon", str(a.epsilon), "--delta", delta, "--keep", out, "--k", "1"]
    score = ["--out", os.path.join(folder, "score.json")]
    if tool == "accord":
        command = [sys.executable, os.path.join(HERE, "ours.py"), "--accord", a.accord, "--run", str(run), *common, *score]
    else:
        command = [sys.executable, os.path.join(a.peers, "peers.py"), "--method", "pac-synth", "--seed", str(run)]
        command += [*common, *score, *(["--use-synthetic-counts", "--rows", "-1"] if "counts" in tool else [])]
    subprocess.run(command, check=True)
    result = json.load(open(score[1]))
    if "failed" in result:
        sys.exit(f"{tool}: {result['failed']}\n{result.get('log_tail', '')}")
    synthetic = read(os.path.join(out, "synthetic.csv"))[list(members.columns)]
    released, order = {}, {c: i for i, c in enumerate(members.columns)}
    frame = pd.read_csv(os.path.join(out, "aggregates.csv"), dtype={"combination": str})
    for text, count in zip(frame["combination"], frame["count"]):
        pairs = sorted(((c, v) for c, v in json.loads(text)), key=lambda pair: order[pair[0]])
        released[tuple(pairs)] = float(count)
    return synthetic, released


def field_tools(members, synthetic, controls, secret, attacks):
    """anonymeter's three risks: attack on members against the same attack on controls."""
    from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator

    def plain(frame):
        frame = frame.replace("", "blank").astype(object)
        frame.columns = [f"c{i}" for i in range(frame.shape[1])]
        return frame

    names = {c: f"c{i}" for i, c in enumerate(members.columns)}
    ori, syn, control = plain(members), plain(synthetic), plain(controls)
    columns, hidden = list(ori.columns), names[secret]
    others = [c for c in columns if c != hidden]
    attacks = min(attacks, len(ori), len(control))
    found = {}
    for name, make in {
        "singling_out": lambda: SinglingOutEvaluator(ori=ori, syn=syn, control=control, n_attacks=attacks),
        "linkability": lambda: LinkabilityEvaluator(
            ori=ori, syn=syn, control=control, n_attacks=attacks, aux_cols=(columns[::2], columns[1::2]), n_neighbors=1),
        "inference": lambda: InferenceEvaluator(
            ori=ori, syn=syn, control=control, n_attacks=attacks, aux_cols=others, secret=hidden),
    }.items():
        try:
            evaluator = make()
            evaluator.evaluate(mode="multivariate") if name == "singling_out" else evaluator.evaluate(n_jobs=1)
            risk = evaluator.risk(confidence_level=0.95)
            found[name] = {"risk": risk.value, "from": risk.ci[0], "to": risk.ci[1]}
        except Exception as error:  # a field tool that fails must not end our own attacks
            found[name] = {"failed": f"{type(error).__name__}: {error}"}
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--csv", required=True)
    arguments.add_argument("--epsilon", type=float, required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--peers", help="folder with peers.py; without it only ours is attacked")
    arguments.add_argument("--accord", help="the binary; without it only the peer is attacked")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--targets", type=int, default=1000, help="members, and as many controls, a run")
    arguments.add_argument("--secret", help="column that is guessed; default: the one with the most even values")
    arguments.add_argument("--field", action="store_true")
    arguments.add_argument("--seed", type=int, default=0)
    a = arguments.parse_args()
    table = read(a.csv)
    tools = (["accord"] if a.accord else []) + (["pac-synth", "pac-synth counts"] if a.peers else [])
    if not tools:
        arguments.error("give --accord, --peers or both")
    evenness = {c: -(p * np.log(p)).sum() for c in table for p in [table[c].value_counts(normalize=True)]}
    secret = a.secret or max(evenness, key=evenness.get)
    counted = Counter(map(tuple, table.to_numpy()))
    rare_of = lambda frame: np.array([counted[tuple(row)] == 1 for row in frame.to_numpy()], bool)
    parts, field = {tool: {} for tool in tools}, {tool: [] for tool in tools}

    for run in range(a.runs):
        generator = np.random.default_rng([a.seed, run])
        thirds = np.array_split(generator.permutation(len(table)), 3)
        members, controls, reference = (table.iloc[t].reset_index(drop=True) for t in thirds)
        inside, outside = members.iloc[: a.targets], controls.iloc[: a.targets]
        targets = pd.concat([inside, outside], ignore_index=True)
        n, rare = len(inside), rare_of(targets)
        for tool in tools:
            with tempfile.TemporaryDirectory() as folder:
                synthetic, released = release_of(tool, a, members, folder, run)
            t, s, r = codes([targets, synthetic, reference])
            distance, _ = nearest(t, s)
            scores = {
                "closest": -distance.astype(float),
                "ratio": log_ratio(t, s, r),
                "ratio_counts": log_ratio_of_counts(targets, released, len(members), reference),
            }
            mine = parts[tool]
            for name, score in scores.items():
                everybody = advantage(score[:n], score[n:], generator)
                mine.setdefault(name, []).append(everybody)
                mine.setdefault(f"{name}, rare", []).append(advantage(score[:n][rare[:n]], score[n:][rare[n:]], generator))
            at = list(table.columns).index(secret)
            _, which = nearest(t, s, but=at)
            right = s[which, at] == t[:, at]
            for name, chosen in (("attribute", np.ones(2 * n, bool)[: len(right)]), ("attribute, rare", rare)):
                i, o = right[:n][chosen[:n]], right[n:][chosen[n:]]
                mine.setdefault(name, []).append((int(i.sum()), len(i), int(o.sum()), len(o)))
            if a.field:
                field[tool].append(field_tools(members, synthetic, controls, secret, a.targets // 2))
            print(f"run {run} {tool} done", file=sys.stderr, flush=True)

    rows = len(table) // 3
    delta = 1.0 / (rows * math.log(rows))
    claimed = (math.exp(a.epsilon) - 1 + 2 * delta) / (math.exp(a.epsilon) + 1)
    result = {"csv": os.path.basename(a.csv), "epsilon": a.epsilon, "runs": a.runs, "secret": secret, "claimed": claimed}
    result["attacks"] = {tool: {name: summed(of) for name, of in parts[tool].items()} for tool in tools}
    if a.field:
        result["field"] = field
    json.dump(result, open(a.out, "w"), indent=1)

    print(f"{result['csv']}, epsilon {a.epsilon:g}, {a.runs} runs; secret column: {secret}; claimed at most {claimed:.3f}\n")
    print("| attack | " + " | ".join(tools) + " |\n|" + "---|" * (len(tools) + 1))
    for name in parts[tools[0]]:
        cells = [result["attacks"][tool][name] for tool in tools]
        shown = [f"{c['advantage']:+.3f} ({c['from']:+.3f} to {c['to']:+.3f})" if c else "–" for c in cells]
        print(f"| {name} | " + " | ".join(shown) + " |")
    for tool in tools:
        for found in field[tool][:1]:
            for name, risk in found.items():
                said = risk.get("failed") or f"{risk['risk']:.3f} ({risk['from']:.3f} to {risk['to']:.3f})"
                print(f"anonymeter {name}, {tool}, first run: {said}")


if __name__ == "__main__":
    main()
