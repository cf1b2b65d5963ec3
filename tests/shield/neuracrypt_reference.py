#!/usr/bin/env python3
"""NeuraCrypt and Color-NeuraCrypt once more, with PyTorch's own layers, from their papers and docs/shields.md. Shares no
code with the program; needs python3-torch (and python3-torchvision to read images).
usage: neuracrypt_reference.py                               prints what neuracrypt_test.cpp expects
       neuracrypt_reference.py KEY.json IMAGE.png FILE.shield  says how far FILE is from what KEY makes of IMAGE"""
import hashlib
import json
import math
import struct
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional


def chacha20(key, length, nonce=0):
    """The stream of the original ChaCha20: 64-bit counter from 0 and 64-bit nonce. All blocks at once."""
    blocks = (length + 63) // 64
    start = [np.full(blocks, v, np.uint32) for v in struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key)]
    counter = np.arange(blocks, dtype=np.uint64)
    start += [counter.astype(np.uint32), (counter >> np.uint64(32)).astype(np.uint32)]
    start += [np.full(blocks, v, np.uint32) for v in (nonce & 0xFFFFFFFF, nonce >> 32)]
    x = [v.copy() for v in start]

    def quarter(a, b, c, d):
        for p, q, r, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[p] += x[q]
            v = x[r] ^ x[p]
            x[r] = v << np.uint32(turn) | v >> np.uint32(32 - turn)
    for _ in range(10):
        for c in range(4):
            quarter(c, 4 + c, 8 + c, 12 + c)
        for c in range(4):
            quarter(c, 4 + (c + 1) % 4, 8 + (c + 2) % 4, 12 + (c + 3) % 4)
    return np.stack([a + b for a, b in zip(x, start)], 1).astype("<u4").tobytes()[:length]


def derive(parent, purpose, *numbers):
    message = struct.pack("<Q", len(purpose)) + purpose.encode() + b"".join(struct.pack("<Q", n) for n in numbers)
    return hashlib.blake2b(message, digest_size=32, key=parent).digest()


def uniform(seed, count, bound):
    words = np.frombuffer(chacha20(seed, 4 * count), "<u4")
    return torch.from_numpy((((words >> 8) * 2.0**-23 - 1) * bound).astype(np.float32))


def normal(seed, count):
    words = np.frombuffer(chacha20(seed, 16 * ((count + 1) // 2)), "<u8") >> np.uint64(11)
    out = []
    for first, second in words.reshape(-1, 2).tolist():
        radius, angle = math.sqrt(-2 * math.log((first + 1) * 2.0**-53)), 2 * math.pi * (second * 2.0**-53)
        out += [radius * math.cos(angle), radius * math.sin(angle)]
    return torch.tensor(out[:count], dtype=torch.float64).float()


def permutation(seed, n):
    words = iter(np.frombuffer(chacha20(seed, 64 * n), "<u4").tolist())
    out = list(range(n))
    for i in range(n, 1, -1):
        product = next(words) * i
        while (product & 0xFFFFFFFF) < (1 << 32) % i:
            product = next(words) * i
        j = product >> 32
        out[i - 1], out[j] = out[j], out[i - 1]
    return out


class Reference:
    """Convolutions, batch norms and a linear layer, with weights from the seed. `frozen`: (means, variances) or None."""

    def __init__(self, seed, shield, p, depth, hidden, channels, frozen=None):
        self.seed, self.colour, self.p, self.hidden = seed, shield == "color-neuracrypt", p, hidden
        outputs = 3 * p * p if self.colour else hidden
        self.first = nn.Conv2d(channels, hidden, p, stride=p)
        self.middle = [nn.Conv2d(hidden, hidden, 1) for _ in range(depth)]
        self.norms = [nn.BatchNorm2d(hidden, track_running_stats=frozen is not None) for _ in range(depth)]
        for i, norm in enumerate(self.norms):
            if frozen is not None:
                norm.running_mean, norm.running_var = (torch.tensor(part[i]) for part in frozen)
                norm.eval()
        self.last = nn.Linear(hidden, outputs) if depth >= 0 else None
        layers = [self.first] + self.middle + ([self.last] if self.last else [])
        for number, layer in enumerate(layers):
            size, fan_in = layer.weight.numel(), layer.weight[0].numel()
            own = derive(seed, "neuracrypt: layer", number, fan_in, layer.weight.shape[0])
            drawn = uniform(own, size + layer.bias.numel(), 1 / math.sqrt(fan_in))
            layer.weight.data = drawn[:size].reshape(layer.weight.shape)
            layer.bias.data = drawn[size:]

    def statistics(self, x):
        """Of all layers over a batch: what freezing takes."""
        h, means, variances = torch.relu(self.first(x)), [], []
        for conv, norm in zip(self.middle, self.norms):
            h = conv(h)
            means.append(h.mean((0, 2, 3)).tolist())
            variances.append(h.var((0, 2, 3), unbiased=False).tolist())
            h = torch.relu(functional.batch_norm(h, None, None, training=True, eps=1e-5))
        return means, variances

    @torch.no_grad()
    def __call__(self, pixels):
        """A batch of images as bytes, B x H x W x C, with sides that are multiples of p."""
        x = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5
        if self.last is None:
            z = self.first(x)
        else:
            h = torch.relu(self.first(x))
            for conv, norm in zip(self.middle, self.norms):
                h = torch.relu(norm(conv(h)))
            rows, columns = h.shape[2:]
            place = normal(derive(self.seed, "neuracrypt: positions", rows, columns, self.hidden),
                           rows * columns * self.hidden).reshape(rows * columns, self.hidden)
            z = self.last(torch.relu(h.flatten(2).transpose(1, 2) + place)).transpose(1, 2)
            z = z.reshape(len(pixels), -1, rows, columns)
        if self.colour:
            return functional.pixel_shuffle(z, self.p)
        out = []
        for image, one in zip(pixels, z):
            key = derive(self.seed, "neuracrypt: shuffle", *image.shape[:2])
            own = hashlib.blake2b(image.tobytes(), digest_size=32, key=key).digest()
            out.append(one.flatten(1)[:, permutation(own, one[0].numel())].reshape(one.shape))
        return torch.stack(out)


def normalised(pixels):
    return (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5


def padded(image, p):
    return np.pad(image, ((0, -image.shape[0] % p), (0, -image.shape[1] % p), (0, 0)), "edge")


def seed_number(n):
    return bytes((7 * i + 31 * n + 1) % 256 for i in range(32))


def noise(channels, height, width, stream):
    raw = chacha20(seed_number(200), channels * height * width, stream)
    return np.frombuffer(raw, np.uint8).reshape(height, width, channels)


def show(name, values):
    values = values.flatten().double()
    picked = [values[i * (len(values) - 1) // 11].item() for i in range(12)]
    print(name, f"size {len(values)} mean of squares {(values**2).mean().item():.6f}")
    print("  " + ", ".join(f"{v:.6f}F" for v in picked))


def known_answers():
    seed = seed_number(5)
    colour = padded(noise(3, 18, 32, 0), 4)[None]
    show("color-neuracrypt, instance", Reference(seed, "color-neuracrypt", 4, 4, 48, 3)(colour))
    show("color-neuracrypt, depth -1", Reference(seed, "color-neuracrypt", 4, -1, 48, 3)(colour))
    pair = np.stack([padded(noise(3, 18, 32, s), 4) for s in (0, 1)])
    both = Reference(seed, "neuracrypt", 4, 2, 24, 3)(pair)
    show("neuracrypt, first of a batch", both[0])
    show("neuracrypt, second of a batch", both[1])
    public = np.stack([noise(1, 16, 24, s) for s in (2, 3)])
    with torch.no_grad():
        frozen = Reference(seed, "neuracrypt", 8, 3, 40, 1).statistics(normalised(public))
    show("means", torch.tensor(frozen[0]))
    show("variances", torch.tensor(frozen[1]))
    show("neuracrypt, frozen", Reference(seed, "neuracrypt", 8, 3, 40, 1, frozen)(padded(noise(1, 20, 17, 0), 8)[None]))


def compare(key_file, image_file, shield_file):
    from torchvision.io import read_image
    key = json.load(open(key_file))
    frozen = (key["means"], key["variances"]) if "means" in key else None
    made = Reference(bytes.fromhex(key["seed"]), key["shield"], key["block"], key["depth"], key["hidden"],
                     key["channels"], frozen)
    image = padded(np.ascontiguousarray(read_image(image_file).permute(1, 2, 0).numpy()), key["block"])
    wanted = made(image[None])[0]
    raw = open(shield_file, "rb").read()
    at = 14 + struct.unpack_from("<I", raw, 10)[0]
    shape = struct.unpack_from("<3I", raw, at)
    found = torch.tensor(np.frombuffer(raw[at + 12:-32], "<f4").reshape(shape))
    print(f"{shape}: largest difference {(wanted - found).abs().max().item():.2e}, largest value {wanted.abs().max().item():.2f}")


if len(sys.argv) == 4:
    compare(*sys.argv[1:])
else:
    known_answers()
