#!/usr/bin/env python3
"""Writes tests/weights/files/*: small files of weights as other programs make them (Debian's python3-torch, numpy).

Usage: fixtures.py [folder]. Value i of a tensor is (i % 17 - 8) / 4, which every type but whole numbers holds
exactly; whole numbers are i % 100 - 50 (unsigned: i % 100). weights_test.cpp knows the same rule.
"""
import collections
import json
import os
import struct
import sys

import numpy as np
import torch


def reals(*shape):
    n = int(np.prod(shape, dtype=np.int64))
    return ((torch.arange(n) % 17 - 8).float() / 4).reshape(shape)


def wholes(*shape):
    n = int(np.prod(shape, dtype=np.int64))
    return (torch.arange(n) % 100 - 50).reshape(shape)


def state_dict():
    shared = reals(6, 8)
    return collections.OrderedDict([
        ("float", reals(3, 4)),
        ("half", reals(5).half()),
        ("bfloat", reals(2, 3).bfloat16()),
        ("double", reals(2, 2, 2).double()),
        ("long", wholes(7)),
        ("int", wholes(3).int()),
        ("short", wholes(3).short()),
        ("char", wholes(3).char()),
        ("byte", torch.arange(3).byte()),
        ("bool", torch.tensor([True, False, True])),
        ("scalar", torch.tensor(-1.25)),
        ("empty", torch.zeros(0, 3)),
        ("shared", shared),
        ("transposed", shared.t()),
        ("window", shared[2:5, 1:8:2]),
        ("expanded", torch.tensor([0.5]).expand(2, 3)),
        ("parameter", torch.nn.Parameter(reals(4, 2))),
    ])


def write_pth(folder):
    # A module's own state dict has _metadata as an attribute, which the pickle sets with BUILD.
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(reals(*p.shape))
    torch.save(net.state_dict(), folder + "/module.pth")
    torch.save(state_dict(), folder + "/zip.pth")
    torch.save(state_dict(), folder + "/protocol4.pth", pickle_protocol=4)
    torch.save(state_dict(), folder + "/legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(dict(state_dict()), folder + "/plain_dict.pth")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(reals(2, 4)).sum().backward()
    optimizer.step()
    checkpoint = {"epoch": 3, "best": 0.75, "arch": "linear", "done": None, "losses": [1.5, 2.5, (3, -70000)],
                  "state_dict": state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(checkpoint, folder + "/checkpoint.pth")
    torch.save(checkpoint, folder + "/checkpoint_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save([reals(2)], folder + "/list.pth")
    torch.save(torch.nn.Linear(1, 1), folder + "/whole_module.pth")


def write_npz(folder):
    arrays = {
        "float": reals(3, 4).numpy(),
        "half": reals(5).half().numpy(),
        "double": reals(2, 2, 2).double().numpy(),
        "long": wholes(7).numpy(),
        "int": wholes(3).int().numpy(),
        "bool": np.array([True, False, True]),
        "scalar": np.array(-1.25, dtype=np.float32),
        "empty": np.zeros((0, 3), dtype=np.float32),
        "shared": reals(6, 8).numpy(),
        "transposed": np.asfortranarray(reals(6, 8).numpy().T.copy()),
        "block/kernel": np.asfortranarray(reals(2, 3, 4).numpy()),
    }
    np.savez(folder + "/stored.npz", **arrays)
    np.savez_compressed(folder + "/deflated.npz", **arrays)
    np.savez(folder + "/objects.npz", a=np.array([None, 1], dtype=object))
    np.savez(folder + "/big_endian.npz", a=np.arange(3, dtype=">f4"))


def write_safetensors(folder):
    # No writer in Debian: the format's own rules.
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64",
             torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8",
             torch.bool: "BOOL"}
    header, data = {"__metadata__": {"format": "pt", "made by": "fixtures.py"}}, b""
    for name, tensor in state_dict().items():
        tensor = tensor.detach().contiguous()
        raw = (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(folder + "/all.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + data)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "weights")
    os.makedirs(folder, exist_ok=True)
    write_pth(folder)
    write_npz(folder)
    write_safetensors(folder)


if __name__ == "__main__":
    main()
