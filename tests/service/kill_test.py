#!/usr/bin/env python3
"""A server that is killed (SIGKILL) at random moments while it is asked: everything that it acknowledged is there when it
is started again, and every request ended in a result or an error.

usage: kill_test.py OBSCURA NETWORK SAMPLE ROUNDS [SEED]
"""
import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

PIECE = 256 << 10
TIMEOUT = 60  # seconds, of a request: none may take that long


class Server:
    """`obscura serve` as a process that can be killed and started again on its state."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.ready = os.path.join(folder, "ready")
        self.process = None
        self.port = 0

    def start(self):
        if os.path.exists(self.ready):
            os.remove(self.ready)
        self.process = subprocess.Popen(
            [self.program, "serve", "--models", f"{self.folder}/served", "--state", f"{self.folder}/state",
             "--listen", "127.0.0.1:0", "--ready-file", self.ready, "--log", f"{self.folder}/log"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until = time.time() + 120
        while not os.path.exists(self.ready):
            if self.process.poll() is not None:
                raise SystemExit("the server did not start again: " + self.process.stderr.read().decode())
            if time.time() > until:
                raise SystemExit("the server was not ready in two minutes")
            time.sleep(0.02)
        with open(self.ready, encoding="ascii") as file:
            self.port = json.load(file)["http"]

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait()
        self.process.stderr.close()

    def ask(self, method, path, token, body=None, headers=None):
        """(status, body); raises OSError or http.client.HTTPException where the server has gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, {"Authorization": "Bearer " + token, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


class Acknowledged:
    """What the server said that it has."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tokens, self.keys = [], []
        self.ended = {"result": 0, "typed error": 0, "connection lost": 0}

    def count(self, how):
        with self.lock:
            self.ended[how] += 1


def create_token(program, folder, tenant):
    done = subprocess.run([program, "token", "create", "--state", f"{folder}/state", "--tenant", tenant],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit("token create failed: " + done.stderr)
    return done.stdout.strip()


def upload(server, token, keys, name, known):
    """Sends keys from where the server has them; whether it acknowledged them as a whole."""
    path = "/v2/obscura/keys/" + name
    _, body = server.ask("GET", path, token)
    at = json.loads(body)["bytes"]
    while True:
        end = min(at + PIECE, len(keys))
        status, body = server.ask("PUT", path, token, keys[at:end],
                                  {"Content-Range": f"bytes {at}-{end - 1}/{len(keys)}"})
        answer = json.loads(body)
        if status not in (200, 201, 202, 409):
            known.count("typed error")
            return False
        if status in (200, 201) or answer.get("state") == "ready":
            known.count("result")
            return True
        at = int(answer["bytes"])
        if at >= len(keys):
            at = max(len(keys) - PIECE, 0)


def infer(server, token, query, known):
    status, body = server.ask("POST", "/v2/models/mnist/infer", token, query,
                              {"Inference-Header-Content-Length": "0", "Content-Type": "application/octet-stream"})
    if status != 200:
        json.loads(body)["code"]  # typed, or this raises
    known.count("result" if status == 200 else "typed error")
    return status


def work(server, case, known, stop, seed):
    """One tenant after the other: a token, keys, queries."""
    chance = random.Random(seed)
    while not stop.is_set():
        try:
            tenant = f"t{chance.getrandbits(40):010x}"
            token = create_token(server.program, server.folder, tenant)
            with known.lock:
                known.tokens.append(token)
            if upload(server, token, case["keys"], case["hash"], known):
                with known.lock:
                    known.keys.append(token)
                for _ in range(3):
                    infer(server, token, case["query"], known)
        except (OSError, http.client.HTTPException):
            known.count("connection lost")
            time.sleep(0.05)


def check(server, case, known, since):
    """Everything acknowledged is there; of keys also that they answer, for the newest ones."""
    for token in known.tokens[since[0]:]:
        status, body = server.ask("GET", "/v2/models", token)
        if status != 200:
            raise SystemExit(f"a token that was given is unknown after the kill: {status} {body}")
    for token in known.keys[since[1]:]:
        _, body = server.ask("GET", "/v2/obscura/keys/" + case["hash"], token)
        if json.loads(body)["state"] != "ready":
            raise SystemExit(f"keys that were acknowledged are gone: {body}")
        if infer(server, token, case["query"], known) != 200:
            raise SystemExit("keys that were acknowledged do not answer")


def make_case(program, network, sample, folder):
    def run(*arguments):
        subprocess.run([program, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    run("compile", network, "--out", f"{folder}/served/mnist")
    run("keygen", "--client", f"{folder}/served/mnist/client.spec", "--out", f"{folder}/keys")
    run("encrypt", "--keys", f"{folder}/keys", sample, "--out", f"{folder}/query")
    case = {}
    with open(f"{folder}/keys/evaluation.key", "rb") as file:
        case["keys"] = file.read()
    with open(f"{folder}/query", "rb") as file:
        case["query"] = file.read()
    case["hash"] = hashlib.blake2b(case["keys"], digest_size=32).hexdigest()
    return case


def main():
    program, network, sample, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    chance = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    with tempfile.TemporaryDirectory() as folder:
        case = make_case(program, network, sample, folder)
        server, known = Server(program, folder), Acknowledged()
        server.start()
        try:
            for round_number in range(rounds):
                since = len(known.tokens), len(known.keys)
                stop = threading.Event()
                workers = [threading.Thread(target=work, args=(server, case, known, stop, chance.getrandbits(64)))
                           for _ in range(3)]
                for worker in workers:
                    worker.start()
                time.sleep(chance.uniform(0.0, 2.5))
                server.kill()
                stop.set()
                for worker in workers:
                    worker.join(3 * TIMEOUT)
                    if worker.is_alive():
                        raise SystemExit("a request ended in nothing")
                server.start()
                check(server, case, known, since)
                if os.environ.get("OBSCURA_VERBOSE"):
                    print(round_number, len(known.tokens), len(known.keys), known.ended, flush=True)
            check(server, case, known, (0, max(len(known.keys) - 20, 0)))
        finally:
            if server.process.poll() is None:
                server.kill(signal.SIGTERM)
        if not known.keys or not known.ended["connection lost"]:
            raise SystemExit(f"the kills met nothing: {known.ended}")
        print(f"{rounds} kills: {len(known.tokens)} tokens and {len(known.keys)} sets of keys acknowledged, all there; "
              f"requests ended so: {known.ended}")


if __name__ == "__main__":
    main()
