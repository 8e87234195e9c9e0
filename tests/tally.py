#!/usr/bin/python3
"""How many tests passed, and how many failed?

  tally.py FILE…   FILE is a testlog.json of meson or a JUnit file of pytest

Prints `PASSED FAILED SKIPPED`. cmocka programs count by their tests, where
they say how many; a program that fails without saying so is one failure. What
a failed program said last goes to stderr.
"""

import json
import re
import sys
import xml.etree.ElementTree


def of_cmocka(record):
    text = record.get("stdout", "") + record.get("stderr", "")
    passed = sum(map(int, re.findall(r"^\[  PASSED  \] (\d+) test", text,
                                     re.M)))
    failed = len(re.findall(r"^\[  FAILED  \] \w", text, re.M))
    if record["result"] == "SKIP":
        return 0, 0, 1
    if record["result"] in ("OK", "EXPECTEDFAIL"):
        return max(passed, 1), 0, 0
    print(f"{record['name']}: {record['result']}", *text.splitlines()[-25:],
          sep="\n    ", file=sys.stderr)
    return passed, max(failed, 1), 0


def of_meson(path):
    with open(path, encoding="utf-8") as log:
        rows = [of_cmocka(json.loads(line)) for line in log]
    return [sum(column) for column in zip(*rows)] or [0, 1, 0]


def of_junit(path):
    suites = xml.etree.ElementTree.parse(path).getroot().iter("testsuite")
    total, failed, skipped = 0, 0, 0
    for suite in suites:
        total += int(suite.get("tests"))
        failed += int(suite.get("failures")) + int(suite.get("errors"))
        skipped += int(suite.get("skipped"))
    return [total - failed - skipped, failed, skipped]


def main():
    sums = [0, 0, 0]
    for path in sys.argv[1:]:
        counts = of_junit(path) if path.endswith(".xml") else of_meson(path)
        sums = [a + b for a, b in zip(sums, counts)]
    print(*sums)


if __name__ == "__main__":
    main()
