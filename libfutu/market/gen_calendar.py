#!/usr/bin/env python3
"""gen_calendar.py - turns market/data/calendars.tsv into C tables for calendar.c.

In:   TSV of market, date, kind (closed, early_close), local_close. Out: one C file.
"""
import argparse

ORDER = ["HK", "US", "CN", "SG", "JP", "AU", "MY", "CA"]


def read(path):
    days = {m: [] for m in ORDER}
    with open(path, encoding="utf-8") as f:
        next(f)
        for line in f:
            market, date, kind, close = (line.rstrip("\n").split("\t") + [""])[:4]
            if kind == "closed":
                minute = 0
            elif kind == "early_close":
                hour, mins = close.split(":")
                minute = int(hour) * 60 + int(mins)
            else:
                raise SystemExit(f"{path}: unknown kind {kind!r}")
            days[market].append((int(date.replace("-", "")), minute))
    return days


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--tsv", required=True)
    ap.add_argument("--out", required=True)
    args = ap.parse_args()
    out = ["/* Made by market/gen_calendar.py from market/data/calendars.tsv. */",
           '#include "market/calendar_data.h"', ""]
    table = []
    for market, days in read(args.tsv).items():
        days.sort()
        if len({d for d, _ in days}) != len(days):
            raise SystemExit(f"{market}: a date is listed twice")
        name = f"days_{market.lower()}"
        out.append(f"static const struct calendar_day {name}[] = {{")
        out += [f"    {{ {date}, {minute} }}," for date, minute in days]
        out += ["};", ""]
        table.append(f"    {{ {name}, {len(days)}, {days[0][0] // 10000}, {days[-1][0] // 10000} }},")
    out += ["const struct calendar_table calendar_tables[CALENDARS] = {", *table, "};", ""]
    with open(args.out, "w", encoding="utf-8") as f:
        f.write("\n".join(out))


main()
