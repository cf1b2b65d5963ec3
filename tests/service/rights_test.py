#!/usr/bin/env python3
"""Every call of REST against every right: who has none, a wrong token, a revoked one, one scope, or is another tenant.

usage: rights_test.py OBSCURA NETWORK SAMPLES
"""
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SCOPES = ("infer", "keys", "search", "metrics")


def run(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(" ".join(arguments) + ": " + done.stderr)
    return done.stdout.strip()


class Server:
    def __init__(self, program, folder):
        self.folder = folder
        ready = f"{folder}/ready"
        self.process = subprocess.Popen(
            [program, "serve", "--models", f"{folder}/served", "--gallery", f"{folder}/pictures", "--state",
             f"{folder}/state", "--listen", "127.0.0.1:0", "--ready-file", ready, "--log", f"{folder}/log",
             "--behind-proxy"],  # so that / and /metrics ask for a token here, too
            stdout=subprocess.DEVNULL)
        until = time.time() + 120
        while not os.path.exists(ready):
            if self.process.poll() is not None or time.time() > until:
                raise SystemExit("the server is not ready")
            time.sleep(0.05)
        with open(ready, encoding="ascii") as file:
            self.port = json.load(file)["http"]

    def ask(self, method, path, token=None, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            given = {} if token is None else {"Authorization": "Bearer " + token}
            connection.request(method, path, body, {**given, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def calls(case):
    """(method, path, scope or None, body, headers, statuses of who has the right)."""
    keys, spec = "/v2/obscura/keys/", case["spec"]
    raw = {"Inference-Header-Content-Length": "0", "Content-Type": "application/octet-stream"}
    piece = {"Content-Range": f"bytes 0-99999/{len(case['keys'])}"}
    gallery = "/v2/obscura/galleries/pictures"
    return [
        ("GET", "/v2/health/live", None, None, {}, {200}),
        ("GET", "/v2/health/ready", None, None, {}, {200}),
        ("GET", "/v2", None, None, {}, {200}),
        ("GET", "/v2/models/mnist/ready", None, None, {}, {200}),
        ("GET", "/v2/models", "infer", None, {}, {200}),
        ("GET", "/v2/models/mnist", "infer", None, {}, {200}),
        ("POST", "/v2/models/mnist/infer", "infer", case["query"], raw, {200, 424}),
        ("GET", "/v2/obscura/specs/" + spec, "infer", None, {}, {200}),
        ("GET", keys[:-1], "keys", None, {}, {200}),
        ("GET", keys + case["hash"], "keys", None, {}, {200}),
        ("PUT", keys + case["hash"], "keys", case["keys"][:100000], piece, {200, 201, 202}),
        ("DELETE", keys + "0" * 64, "keys", None, {}, {404}),
        ("GET", "/v2/obscura/galleries", "search", None, {}, {200}),
        ("GET", gallery, "search", None, {}, {200}),
        ("GET", gallery + "/card", "search", None, {}, {200}),
        ("GET", gallery + f"/versions/{case['version']}/hint", "search", None, {}, {200}),
        ("POST", gallery + "/scores", "search", b"x", {}, {400}),
        ("POST", gallery + "/fetch", "search", b"x", {}, {400}),
        ("GET", gallery + "/trusted", "search", None, {}, {404}),
        ("POST", gallery + "/trusted", "search", b"", {}, {404, 413}),
        ("GET", "/metrics", "metrics", None, {}, {200}),
        ("GET", "/", "metrics", None, {}, {200}),
    ]


def check_matrix(server, case, tokens):
    wrong, count = [], 0
    for method, path, scope, body, headers, good in calls(case):
        for name, token in tokens.items():
            status, answer = server.ask(method, path, token, body, headers)
            held = name.split(",") if name not in ("none", "wrong", "revoked", "expired") else []
            if scope is None or scope in held:
                expected = good
            else:
                expected = {403} if held else {401}
            count += 1
            if status not in expected:
                wrong.append(f"{method} {path} with {name}: {status}, expected {expected}: {answer[:120]}")
            if status in (401, 403) and json.loads(answer)["code"] not in ("unauthenticated", "forbidden"):
                wrong.append(f"{method} {path} with {name}: {answer}")
    if wrong:
        raise SystemExit("\n".join(wrong))
    return count


def upload(server, token, case):
    step = 1 << 20
    for at in range(0, len(case["keys"]), step):
        end = min(at + step, len(case["keys"]))
        status, answer = server.ask("PUT", "/v2/obscura/keys/" + case["hash"], token, case["keys"][at:end],
                                    {"Content-Range": f"bytes {at}-{end - 1}/{len(case['keys'])}"})
        if status not in (200, 201, 202):
            raise SystemExit(f"upload: {status} {answer}")


def check_tenants(server, case, one, other):
    """What is one tenant's does not exist for another."""
    path, infer = "/v2/obscura/keys/" + case["hash"], "/v2/models/mnist/infer"
    raw = {"Inference-Header-Content-Length": "0", "Accept": "application/octet-stream"}
    upload(server, one, case)
    facts = [
        ("used by its owner", server.ask("POST", infer, one, case["query"], raw)[0], 200),
        ("used by another", server.ask("POST", infer, other, case["query"], raw)[0], 424),
        ("seen by another", json.loads(server.ask("GET", path, other)[1])["state"], "absent"),
        ("listed for another", json.loads(server.ask("GET", "/v2/obscura/keys", other)[1])["keys"], []),
        ("deleted by another", server.ask("DELETE", path, other)[0], 404),
        ("still its owner's", json.loads(server.ask("GET", path, one)[1])["state"], "ready"),
        ("deleted by its owner", server.ask("DELETE", path, one)[0], 200),
        ("used when deleted", server.ask("POST", infer, one, case["query"], raw)[0], 424),
    ]
    for what, found, expected in facts:
        if found != expected:
            raise SystemExit(f"keys {what}: {found}, expected {expected}")


def check_log(server, case, tokens):
    """Nothing of a token, a key or a picture."""
    with open(f"{server.folder}/log", "rb") as file:
        log = file.read()
    for token in tokens.values():
        if token and token.startswith("obs_") and token.split("_", 2)[2].encode() in log:
            raise SystemExit("a token stands in the log")
    for secret in (case["query"][200:216], case["keys"][5000:5016]):
        if secret in log or secret.hex().encode() in log:
            raise SystemExit("a body stands in the log")
    for line in log.splitlines():
        json.loads(line)


def main():
    program, network, samples = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as folder:
        run(program, "compile", network, "--out", f"{folder}/served/mnist")
        for name in os.listdir(samples):  # "3-0.png" shows a 3
            if name.endswith(".png"):
                os.makedirs(f"{folder}/digits/{name[0]}", exist_ok=True)
                shutil.copy(f"{samples}/{name}", f"{folder}/digits/{name[0]}/{name}")
        run(program, "index", "--dataset", f"{folder}/digits", "--network", network, "--out", f"{folder}/pictures")
        run(program, "keygen", "--client", f"{folder}/served/mnist/client.spec", "--out", f"{folder}/keys")
        picture = sorted(name for name in os.listdir(samples) if name.endswith(".png"))[0]
        run(program, "encrypt", "--keys", f"{folder}/keys", f"{samples}/{picture}", "--out", f"{folder}/query")
        case = {}
        for name, file in (("keys", "keys/evaluation.key"), ("query", "query")):
            with open(f"{folder}/{file}", "rb") as bytes_of:
                case[name] = bytes_of.read()
        case["hash"] = hashlib.blake2b(case["keys"], digest_size=32).hexdigest()

        def token(tenant, *more):
            return run(program, "token", "create", "--state", f"{folder}/state", "--tenant", tenant, *more)

        tokens = {"none": None, "wrong": "obs_0123456789abcdef_" + "A" * 43}
        for scope in SCOPES:
            tokens[scope] = token("a", "--scopes", scope)
        tokens[",".join(SCOPES)] = token("a", "--scopes", ",".join(SCOPES))
        tokens["revoked"] = token("a", "--scopes", ",".join(SCOPES))
        tokens["expired"] = token("a", "--scopes", ",".join(SCOPES), "--expires", "1s")
        server = Server(program, folder)
        try:
            run(program, "token", "revoke", tokens["revoked"].split("_")[1], "--state", f"{folder}/state")
            time.sleep(1.5)
            everything = tokens[",".join(SCOPES)]
            case["spec"] = json.loads(server.ask("GET", "/v2/models/mnist", everything)[1])["properties"]["client_spec"]
            case["version"] = json.loads(server.ask("GET", "/v2/obscura/galleries/pictures", everything)[1])["version"]
            count = check_matrix(server, case, tokens)
            check_tenants(server, case, token("b"), token("c"))
            server.process.send_signal(signal.SIGTERM)
            if server.process.wait(60) != 0:
                raise SystemExit(f"the server ended with {server.process.returncode}")
            check_log(server, case, tokens)
            print(f"{count} calls, each with its right answer")
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()


if __name__ == "__main__":
    main()
