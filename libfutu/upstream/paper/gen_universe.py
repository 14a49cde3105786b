#!/usr/bin/env python3
"""gen_universe.py - turns the security lists of paper/data into one sorted C table.

In:   {hk,us,cn,extra}-securities.tsv (facts) and base-prices.tsv (well-known names: market, code,
      price, issued shares in millions, 0 unknown). Out: one C file.
Facts that the lists don't have (price and issued shares of the others) are drawn from a hash of the
code: the same in each build. Liquidity: A the names of base-prices.tsv marked so, B index
constituents and stocks with options, C the rest.
"""
import argparse
import hashlib
import math
import os

MARKETS = {"HK": 1, "US": 11, "SH": 21, "SZ": 22}
TYPES = {"stock": 3, "reit": 3, "etf": 4, "index": 6}
KINDS = {"stock": "KIND_STOCK", "etf": "KIND_ETF", "reit": "KIND_REIT", "index": "KIND_INDEX"}


def rows(data, name):
    with open(os.path.join(data, name), encoding="utf-8") as f:
        head = next(f).rstrip("\n").split("\t")
        for line in f:
            yield dict(zip(head, line.rstrip("\n").split("\t")))


def unit(key, what):
    """A number in (0, 1) that depends on its arguments alone."""
    digest = hashlib.sha256(f"{key}/{what}".encode()).digest()
    return (int.from_bytes(digest[:6], "big") + 0.5) / 2**48


def normal(key, what):
    u, v = unit(key, what + "1"), unit(key, what + "2")
    return math.sqrt(-2 * math.log(u)) * math.cos(2 * math.pi * v)


def lognormal(key, what, median, spread, lo, hi):
    return min(hi, max(lo, median * math.exp(spread * normal(key, what))))


def make(market, code, name, kind, lot, currency, steps, **more):
    s = dict(market=market, code=code, name=name, kind=kind, lot=int(lot), qty_step=int(lot),
             currency=currency, steps=steps, board="", sector="", industry="", short=False, liquidity="C",
             px=0.0, shares=0)
    s.update(more)
    return s


def hk(data):
    for r in rows(data, "hk-securities.tsv"):
        code = r["code"]
        currency = "HKD"
        if code.startswith("8"):
            currency = "CNH"
        elif r["name"].endswith("-U"):
            currency = "USD"
        yield make("HK", code, r["name"], r["kind"], r["lot"], currency, int(r["spread_table"]),
                   board=r["board"], short=r["short_sell"] == "Y",
                   liquidity="B" if r["stock_options"] == "Y" else "C")


def us(data):
    for r in rows(data, "us-securities.tsv"):
        yield make("US", r["code"], r["name"], "stock", 1, "USD", 20, sector=r["sector"],
                   industry=r["industry"], short=True, liquidity="B")


def cn(data):
    for r in rows(data, "cn-securities.tsv"):
        s = make(r["exchange"], r["code"], r["name"], "stock", 100, "CNH", 21, board="Main", liquidity="B")
        if s["code"].startswith("688"):     # STAR: at least 200, then any number
            s.update(board="STAR", lot=200, qty_step=1)
        elif s["code"].startswith("30"):
            s.update(board="ChiNext")
        yield s


def extra(data):
    for r in rows(data, "extra-securities.tsv"):
        steps = {"index": 30, "etf": 20 if r["market"] == "US" else 22}[r["kind"]]
        yield make(r["market"], r["code"], r["name"], r["kind"], r["lot"], r["currency"], steps,
                   liquidity=r["liquidity"], px=float(r["price"]), short=r["market"] == "US")


def guess_px(s):
    key = s["market"] + s["code"]
    if s["kind"] == "etf":
        median, spread, lo, hi = (100, 0.1, 60, 200) if s["steps"] == 3 else (12, 0.7, 2, 300)
    elif s["kind"] == "reit":
        median, spread, lo, hi = 4, 0.5, 1, 40
    elif s["market"] == "US":
        median, spread, lo, hi = 130, 0.7, 12, 1500
    elif s["market"] != "HK":
        median, spread, lo, hi = 22, 0.8, 3, 400
    elif s["board"] == "GEM":
        median, spread, lo, hi = 0.3, 0.8, 0.1, 6
    else:
        median, spread, lo, hi = (25, 0.8, 2, 300) if s["liquidity"] == "B" else (1.6, 1.2, 0.12, 80)
    return lognormal(key, "px", median, spread, lo, hi)


def guess_shares(s):
    key = s["market"] + s["code"]
    if s["kind"] == "index":
        return 0
    median = {"HK": 2.5e9, "US": 45e9, "SH": 70e9, "SZ": 50e9}[s["market"]]
    if s["market"] == "HK" and s["liquidity"] != "C":
        median = 60e9
    value = lognormal(key, "cap", median, 0.8, median / 20, median * 20)
    return max(1000, round(value / s["px"] / 1000) * 1000)


def fill(securities, data):
    known = {(r["market"], r["code"]): r for r in rows(data, "base-prices.tsv")}
    for s in securities:
        r = known.pop((s["market"], s["code"]), None)
        if r:
            s["px"], s["shares"] = float(r["price"]), round(float(r["shares"]) * 1e6)
            s["liquidity"] = r["liquidity"]
        s["px"] = s["px"] or guess_px(s)
        s["shares"] = s["shares"] or guess_shares(s)
    if known:
        raise SystemExit(f"base-prices.tsv: not in the lists: {sorted(known)}")


def number(s):
    """The broker's number of the security: below 2**53, so that JavaScript keeps it whole."""
    market = MARKETS[s["market"]]
    if s["code"].isdigit():
        return market * 10**9 + int(s["code"])
    digest = hashlib.sha256(s["code"].encode()).digest()
    return market * 10**13 + int.from_bytes(digest[:5], "big")


def quote(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def text(value):
    return f"{{ {quote(value)}, {len(value.encode())} }}" if value else "{ NULL, 0 }"


def row(i, s):
    return (f'    {{ {MARKETS[s["market"]]}, {TYPES[s["kind"]]}, {KINDS[s["kind"]]}, {s["steps"]}, '
            f'{quote(s["code"])}, "{s["currency"]}", {text(s["name"])}, '
            f'{text(s["board"])}, {text(s["sector"])}, {text(s["industry"])}, {number(s)}u, {s["lot"]}, {s["qty_step"]}, '
            f'{round(s["px"] * 10000)}, {s["shares"]}, 0, {"true" if s["short"] else "false"}, '
            f"'{s['liquidity']}', {i} }},")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--data", required=True)
    ap.add_argument("--out", required=True)
    args = ap.parse_args()
    table = [*hk(args.data), *us(args.data), *cn(args.data), *extra(args.data)]
    fill(table, args.data)
    table.sort(key=lambda s: (MARKETS[s["market"]], s["code"].encode()))
    for key in (lambda s: (s["market"], s["code"]), number):
        if len({key(s) for s in table}) != len(table):
            raise SystemExit("a security or its number is there twice")
    if any(len(s["code"]) > 15 for s in table):
        raise SystemExit("a code is too long")
    out = ["/* Made by upstream/paper/gen_universe.py from upstream/paper/data. */",
           '#include "upstream/paper/universe.h"', "",
           f"const size_t universe_count = {len(table)};",
           "const struct security universe[] = {", *(row(i, s) for i, s in enumerate(table)), "};", ""]
    with open(args.out, "w", encoding="utf-8") as f:
        f.write("\n".join(out))


main()
