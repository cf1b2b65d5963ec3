"""Long calls: other threads run, ^C ends them, progress is heard, and what callbacks raise comes through."""

import multiprocessing
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import obscura
from obscura import ckks


def counted_during(work):
    """How often another thread got to run while work() did, and how long that took."""
    turns, over = [0], threading.Event()

    def count():
        while not over.is_set():
            turns[0] += 1
            time.sleep(0.001)
    other = threading.Thread(target=count)
    other.start()
    start, before = time.perf_counter(), turns[0]
    try:
        work()
        return turns[0] - before, time.perf_counter() - start
    finally:
        over.set()
        other.join()


@pytest.fixture(scope="module")
def slow_secret():
    """Keys of two seconds' work."""
    return ckks.SecretKey(ckks.Parameters(14, levels=8))


def test_other_threads_run(slow_secret, owner, server, program, digits, network_file):
    images = np.repeat(digits, 64, axis=0)
    for work in (lambda: slow_secret.evaluation_keys(),
                 lambda: [server.run(owner.encrypt(digits[0])) for _ in range(20)],
                 lambda: program.simulate(images), lambda: obscura.Network(network_file).run(images),
                 lambda: obscura.compile(network_file)):
        turns, seconds = counted_during(work)
        assert seconds < 0.02 or turns >= 3, f"{turns} turns in {seconds:.2f} s"


def test_owners_ask_at_the_same_time(program, server, digits):
    failed = []

    def ask(seed):
        try:
            owner = obscura.Owner(program.client)
            server.add_keys(owner.evaluation_keys())
            for picture in digits[seed:seed + 3]:
                logits = owner.decrypt(server.run(owner.encrypt(picture), owner.id))
                assert logits.argmax() == program.simulate(picture[None]).argmax()
            server.forget(owner.id)
        except BaseException as e:
            failed.append(e)
    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_progress_is_heard(program, slow_secret, digits):
    heard = []
    slow_secret.evaluation_keys([1], progress=lambda *said: heard.append(said))
    program.simulate(digits, progress=lambda *said: heard.append(said))
    assert heard[-1] == (32, 32, "images")
    keys = []
    obscura.Owner(program.client).evaluation_keys(progress=lambda *said: keys.append(said))
    assert keys[-1][0] == keys[-1][1] > 1e6 and keys[-1][2] == "bytes of keys"
    with pytest.raises(obscura.UsageError, match="progress is 3"):
        program.simulate(digits, progress=3)


def test_progress_true_shows_something_or_nothing(program, digits, capfd):
    program.simulate(digits, progress=True)
    capfd.readouterr()


def test_what_a_callback_raises_ends_the_call(slow_secret):
    class Enough(Exception):
        pass

    def stop(done, total, unit):
        raise Enough("stop here")
    start = time.perf_counter()
    with pytest.raises(Enough, match="stop here"):
        slow_secret.evaluation_keys(range(1, 200), progress=stop)
    first = time.perf_counter() - start
    start = time.perf_counter()
    slow_secret.evaluation_keys(range(1, 5))
    assert first < 50 * (time.perf_counter() - start)  # of 200 keys few were made


INTERRUPTED = """
import os, signal, sys, threading, time
import obscura
from obscura import ckks
secret = ckks.SecretKey(ckks.Parameters(14, levels=8))
threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    secret.evaluation_keys(range(1, 2000))
except KeyboardInterrupt:
    print("interrupted")
secret.decrypt(secret.encrypt([1.0]), size=1)
print("goes on")
"""


def test_interrupt(tmp_path):
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["interrupted", "goes on"], done.stderr


def test_interrupt_of_a_query(program, owner, server, digits):
    def interrupt():
        time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)
    other = threading.Thread(target=interrupt)
    query = owner.encrypt(digits[0])
    with pytest.raises(KeyboardInterrupt):
        other.start()
        while True:
            server.run(query)
    other.join()
    assert owner.decrypt(server.run(query)).shape == (1, 10)


def _use(owner, server, picture, said):
    for attempt in (lambda: owner.encrypt(picture), lambda: server.run(b"")):
        try:
            attempt()
            said.put("nothing")
        except obscura.MismatchError as e:
            said.put(str(e))


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no fork here")
def test_a_forked_child_is_told(owner, server, digits):
    fork = multiprocessing.get_context("fork")
    said = fork.Queue()
    child = fork.Process(target=_use, args=(owner, server, digits[0], said))
    child.start()
    try:
        assert "another process" in said.get(timeout=30) and "another process" in said.get(timeout=30)
    finally:
        child.join(10)
