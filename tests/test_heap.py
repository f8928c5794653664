"""Memory that is freed stays for the next pass, and goes back when it is told to."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Ten pieces of twenty megabytes, each between two small ones that stay.
TELL = """
import os
import numpy as np
from explorer.heap import give_back, keep_freed_memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

keep_freed_memory()
start = resident()
small, big = [], []
for _ in range(10):
    big.append(np.ones(20_000_000, np.uint8))
    small.append(np.ones(2_000, np.uint8))
full = resident() - start
big.clear()
freed = resident() - start
give_back()
print(full, freed, resident() - start)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps memory its own way")
def test_freed_memory_stays_until_it_is_given_back():
    command = [sys.executable, "-c", TELL]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    full, freed, given_back = map(float, told)
    assert full > 190
    assert freed > 190
    assert given_back < 40
