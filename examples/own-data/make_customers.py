#!/usr/bin/env python3
"""Writes customers.csv: made-up customers of a telephone company, always the same ones.

Who leaves depends on months, late payments and calls for help per month, and on chance. No
libraries, so that the file can be made again anywhere: python3 make_customers.py > customers.csv
"""

import csv
import datetime
import math
import random
import sys

ROWS = 800
FIRST_DAY = datetime.date(2025, 1, 1)


def customer(number, chance):
    months = min(int(chance.expovariate(1 / 20)) + 1, 120)
    plan = chance.choices(["basic", "family", "business"], [5, 3, 2])[0]
    calls = sum(chance.random() < 0.08 for _ in range(min(months, 24)))
    late = sum(chance.random() < 0.05 for _ in range(min(months, 24)))
    fee = {"basic": 12.0, "family": 25.0, "business": 48.0}[plan] + chance.choice([0, 0, 2.5, 5])
    score = -0.9 - 0.05 * months + 1.1 * late + 9.0 * calls / months - 0.8 * (plan == "business")
    left = chance.random() < 1 / (1 + math.exp(-score))
    asked = FIRST_DAY + datetime.timedelta(days=number * 360 // ROWS)
    shown_fee = "" if chance.random() < 0.03 else f"{fee:.2f}"
    return [f"C{number:04d}", asked.isoformat(), months, plan, calls, late, shown_fee, int(left)]


def main():
    chance = random.Random(20250101)
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["customer", "asked", "months", "plan", "calls", "late_payments", "fee", "left"])
    for number in range(1, ROWS + 1):
        rows.writerow(customer(number, chance))


if __name__ == "__main__":
    main()
