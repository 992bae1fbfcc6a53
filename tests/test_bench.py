"""The benchmark harness counts process start, memory and failures as it says."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def measured(code: str) -> list:
    done = run("-c", f"import json, sys\nfrom bench._measure import *\n{code}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_benchmarks_are_listed_with_what_they_measure() -> None:
    done = run("-m", "bench")
    assert done.returncode == 0
    named = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "kernels" in named
    assert all(len(line.split()) > 3 for line in named.values()), "a benchmark without a docstring"
    assert not any(name.startswith("_") for name in named)


def test_a_benchmark_that_does_not_exist_is_a_usage_error_that_names_the_others() -> None:
    done = run("-m", "bench", "nothing_of_the_kind")
    assert done.returncode == 2
    assert "kernels" in done.stderr


def test_time_includes_the_whole_process_and_the_median_is_taken() -> None:
    code = """
one = measure("sleep", [sys.executable, "-c", "import time; time.sleep(0.3)"], repeat=3)
print(json.dumps([one.seconds, sorted(one.runs)]))
"""
    seconds, runs = measured(code)
    assert len(runs) == 3
    assert seconds == runs[1]
    assert 0.3 < seconds < 30


def test_peak_memory_is_that_of_the_command_and_its_children_not_of_the_one_who_measures() -> None:
    code = """
ballast = bytearray(400 * 2**20)
small = measure("small", [sys.executable, "-c", "pass"], repeat=1)
child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(200 * 2**20)'])"
large = measure("large", [sys.executable, "-c", child], repeat=1)
print(json.dumps([small.peak_bytes, large.peak_bytes]))
"""
    small, large = measured(code)
    assert small < 100 * 2**20
    assert 200 * 2**20 < large < 300 * 2**20


def test_a_command_that_fails_is_an_error_with_its_last_words() -> None:
    code = """
try:
    measure("bad", [sys.executable, "-c", "raise SystemExit('out of budget')"], repeat=1)
except CommandFailedError as error:
    print(json.dumps([str(error)]))
"""
    (message,) = measured(code)
    assert message.startswith("bad ended with 1")
    assert "out of budget" in message


def test_the_report_gives_ratios_the_machine_and_the_versions() -> None:
    done = run(
        "-c",
        "from bench._measure import Measured, report\n"
        "base = Measured('bare', 2.0, 2**20, (2.0, 2.0))\n"
        "report('t', [base, Measured('ours', 3.0, 3 * 2**20, (2.0, 4.0))], base, ['pytest', 'no-such-package'])",
    )
    assert done.returncode == 0, done.stderr
    assert "1.50" in done.stdout
    assert "3.00" in done.stdout
    assert "no-such-package absent" in done.stdout
    assert "process start counted" in done.stdout
