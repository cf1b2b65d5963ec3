#!/usr/bin/env python3
"""The shields once more, from their papers and docs/shields.md, in plain Python: prints the hashes that
shield_test.cpp expects of them (test KnownAnswers). Shares no code with the program; needs the standard library only.
usage: known_answers.py"""
import hashlib
import struct


def chacha20(key, length):
    """The stream of the original ChaCha20: 64-bit counter from 0 and 64-bit nonce 0."""
    def block(counter):
        state = list(struct.unpack("<4I", b"expand 32-byte k")) + list(struct.unpack("<8I", key))
        state += [counter & 0xFFFFFFFF, counter >> 32, 0, 0]
        x = state[:]

        def quarter(a, b, c, d):
            for p, q, r, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[p] = (x[p] + x[q]) & 0xFFFFFFFF
                v = x[r] ^ x[p]
                x[r] = (v << turn | v >> (32 - turn)) & 0xFFFFFFFF
        for _ in range(10):
            for c in range(4):
                quarter(c, 4 + c, 8 + c, 12 + c)
            for c in range(4):
                quarter(c, 4 + (c + 1) % 4, 8 + (c + 2) % 4, 12 + (c + 3) % 4)
        return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(x, state)))
    return b"".join(block(i) for i in range((length + 63) // 64))[:length]


def derive(parent, purpose, *numbers):
    message = struct.pack("<Q", len(purpose)) + purpose.encode() + b"".join(struct.pack("<Q", n) for n in numbers)
    return hashlib.blake2b(message, digest_size=32, key=parent).digest()


class Draws:
    def __init__(self, seed, length=1 << 17):
        self.stream, self.at = chacha20(seed, length), 0

    def word(self, size):
        self.at += size
        return int.from_bytes(self.stream[self.at - size:self.at], "little")

    def below(self, n):
        product = self.word(4) * n
        while (product & 0xFFFFFFFF) < (1 << 32) % n:
            product = self.word(4) * n
        return product >> 32

    def permutation(self, n):
        out = list(range(n))
        for i in range(n, 1, -1):
            j = self.below(i)
            out[i - 1], out[j] = out[j], out[i - 1]
        return out


ORDERS = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]


def seed_number(n):
    return bytes((7 * i + 31 * n + 1) % 256 for i in range(32))


def noise(height, width):
    """The tests' picture, padded to blocks of 4 by its last row: rows of pixels of three samples."""
    raw = chacha20(seed_number(200), 3 * height * width)
    rows = [[list(raw[3 * (y * width + x):3 * (y * width + x) + 3]) for x in range(width)] for y in range(height)]
    return rows


def padded(rows, k):
    rows = [row + [row[-1]] * (-len(row) % k) for row in rows]
    return rows + [rows[-1]] * (-len(rows) % k)


def flat(rows):
    return bytes(v for row in rows for pixel in row for v in pixel)


def blocks(rows, k):
    return [[[rows[y + i][x + j] for j in range(k)] for i in range(k)]
            for y in range(0, len(rows), k) for x in range(0, len(rows[0]), k)]


def joined(parts, height, width, k):
    across = width // k
    return [[parts[y // k * across + x // k][y % k][x % k] for x in range(width)] for y in range(height)]


def le_block(block, key):
    k = len(block)
    samples = [v for row in block for pixel in row for v in pixel]
    v = [s & 15 for s in samples] + [s >> 4 for s in samples]
    rev = [key[j] > len(key) // 2 for j in range(len(key))]
    v = [15 - a if r else a for a, r in zip(v, rev)]
    v = [v[key[j]] for j in range(len(v))]
    v = [15 - a if r else a for a, r in zip(v, rev)]
    out = [(v[len(samples) + i] << 4) + v[i] for i in range(len(samples))]
    return [[out[3 * (i * k + j):3 * (i * k + j) + 3] for j in range(k)] for i in range(k)]


def le(rows, seed, k):
    key = Draws(derive(seed, "le", k)).permutation(6 * k * k)
    return flat(joined([le_block(b, key) for b in blocks(rows, k)], len(rows), len(rows[0]), k))


def ele(rows, seed, k):
    draws = Draws(derive(seed, "ele", k, len(rows) // k, len(rows[0]) // k))
    parts = blocks(rows, k)
    shuffle = draws.permutation(len(parts))
    out = [None] * len(parts)
    for b, part in enumerate(parts):
        out[shuffle[b]] = le_block(part, draws.permutation(6 * k * k))
    return flat(joined(out, len(rows), len(rows[0]), k))


def pe(rows, seed):
    draws = Draws(derive(seed, "pe", len(rows), len(rows[0])))
    out = []
    for row in rows:
        for pixel in row:
            key = draws.below(48)
            turned = [255 - v if key >> c & 1 else v for c, v in enumerate(pixel)]
            out += [turned[c] for c in ORDERS[key // 8]]
    return bytes(out)


def turned(part, key):
    """A block in one of its eight positions."""
    if key & 2:
        part = part[::-1]
    if key & 4:
        part = [row[::-1] for row in part]
    if key & 1:
        part = [list(column) for column in zip(*part)]
    return part


def etc(rows, seed, k):
    draws = Draws(derive(seed, "etc", k, len(rows) // k, len(rows[0]) // k))
    parts = blocks(rows, k)
    shuffle = draws.permutation(len(parts))
    out = [None] * len(parts)
    for b, part in enumerate(parts):
        key = draws.below(96)
        part = turned(part, key)
        order = ORDERS[key // 16]
        out[shuffle[b]] = [[[255 - p[c] if key & 8 else p[c] for c in order] for p in row] for row in part]
    return flat(joined(out, len(rows), len(rows[0]), k))


def etc_grayscale(rows, seed, k):
    """Three grey planes side by side: red, green, blue."""
    grey = [[[pixel[c]] for c in range(3) for pixel in row] for row in rows]
    draws = Draws(derive(seed, "etc-grayscale", k, len(grey) // k, len(grey[0]) // k))
    parts = blocks(grey, k)
    shuffle = draws.permutation(len(parts))
    out = [None] * len(parts)
    for b, part in enumerate(parts):
        key = draws.below(16)
        part = turned(part, key)
        out[shuffle[b]] = [[[255 - p[0] if key & 8 else p[0]] for p in row] for row in part]
    return flat(joined(out, len(grey), len(grey[0]), k))


def vit(rows, seed, k):
    """Samples of a block: red, green, blue, each in rows."""
    def samples(block):
        return [block[i // k % k][i % k][i // (k * k)] for i in range(3 * k * k)]
    draws = Draws(derive(seed, "vit: samples", 3, k))
    source = draws.permutation(3 * k * k)
    negative = [draws.below(2) for _ in source]
    parts = blocks(rows, k)
    shuffle = Draws(derive(seed, "vit: blocks", k, len(rows) // k, len(rows[0]) // k)).permutation(len(parts))
    out = [None] * len(parts)
    for b, part in enumerate(parts):
        v = samples(part)
        v = [255 - v[s] if n else v[s] for s, n in zip(source, negative)]
        out[shuffle[b]] = [[[v[c * k * k + y * k + x] for c in range(3)] for x in range(k)] for y in range(k)]
    return flat(joined(out, len(rows), len(rows[0]), k))


def hill_modular(rows, seed, k):
    n = k * k

    def odd(matrix):
        m = [sum((v & 1) << c for c, v in enumerate(row)) for row in matrix]
        for c in range(n):
            pivot = next((r for r in range(c, n) if m[r] >> c & 1), None)
            if pivot is None:
                return False
            m[c], m[pivot] = m[pivot], m[c]
            m = [v ^ m[c] if r > c and v >> c & 1 else v for r, v in enumerate(m)]
        return True
    out = [[[0, 0, 0] for _ in row] for row in rows]
    for c in range(3):
        draws = Draws(derive(seed, "hill: modulo 256", k, c))
        while True:
            key = [[draws.word(1) for _ in range(n)] for _ in range(n)]
            if odd(key):
                break
        for y in range(0, len(rows), k):
            for x in range(0, len(rows[0]), k):
                v = [rows[y + i // k][x + i % k][c] for i in range(n)]
                for j in range(n):
                    out[y + j // k][x + j % k][c] = sum(v[p] * key[p][j] for p in range(n)) % 256
    return flat(out)


def hill_real(rows, seed, k):
    """Takes the first matrices drawn: those of this seed are well enough conditioned."""
    n, out = k * k, b""
    for c in range(3):
        draws = Draws(derive(seed, "hill: real", k, c))
        key = [[(draws.word(8) >> 11) * 2.0**-52 - 1 for _ in range(n)] for _ in range(n)]
        plane = [[0.0] * len(rows[0]) for _ in rows]
        for y in range(0, len(rows), k):
            for x in range(0, len(rows[0]), k):
                v = [float(rows[y + i // k][x + i % k][c]) for i in range(n)]
                for j in range(n):
                    total = 0.0
                    for p in range(n):
                        total += v[p] * key[p][j]
                    plane[y + j // k][x + j % k] = total
        out += b"".join(struct.pack("<f", v) for row in plane for v in row)
    return out


def main():
    seed, rows = seed_number(5), noise(18, 32)
    whole = padded(rows, 4)
    for name, made in (("hill real", hill_real(whole, seed, 4)), ("hill modular", hill_modular(whole, seed, 4)),
                       ("vit", vit(whole, seed, 4)), ("le", le(whole, seed, 4)),
                       ("pe", pe(rows, seed)), ("ele", ele(whole, seed, 4)), ("etc", etc(whole, seed, 4)),
                       ("etc-grayscale", etc_grayscale(whole, seed, 4))):
        print(f"{name:13}  {hashlib.sha256(made).hexdigest()}")


main()
