#!/usr/bin/python3
"""Prints torchvision_reference.inc: what torchvision (Debian's python3-torchvision 0.14) makes of weights and a picture
that follow from a rule, and how its parameters are named. `torchvision_reference.py > torchvision_reference.inc`"""

import numpy
import torch
import torchvision


def hash_of(text, bits):
    """FNV-1a."""
    value, prime = {32: (0x811C9DC5, 0x01000193), 64: (0xCBF29CE484222325, 0x100000001B3)}[bits]
    for byte in text.encode():
        value = (value ^ byte) * prime % 2**bits
    return value


def uniform(name, count):
    """Values in [-1, 1) that depend on the name and the place alone."""
    x = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761) + numpy.uint32(hash_of(name, 32))
    x = (x ^ (x >> 16)) * numpy.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * numpy.uint32(0x846CA68B)
    x ^= x >> 16
    return torch.from_numpy(x.astype(numpy.float64) / 2**31 - 1)


def fill(module):
    for name, tensor in module.state_dict().items():
        if tensor.dtype != torch.float32:
            continue
        values = uniform(name, tensor.numel()).reshape(tensor.shape)
        if name.endswith("running_var"):
            values = 1 + values / 2
        elif name.endswith("weight") and tensor.dim() == 1:
            values = 1 + values / 4
        elif name.endswith("weight"):
            values = values * (6 / (tensor.numel() / tensor.shape[0])) ** 0.5
        else:
            values = values / 4
        tensor.copy_(values)


def names_hash(module):
    lines = sorted(
        " ".join([name] + [str(size) for size in tensor.shape]) + "\n" for name, tensor in module.state_dict().items()
    )
    return hash_of("".join(lines), 64)


def small(name):
    """With the stem of pictures below 64 pixels."""
    module = getattr(torchvision.models, name)(num_classes=10)
    conv = torch.nn.Conv2d
    if name.startswith("res"):
        module.conv1, module.maxpool = conv(3, 64, 3, padding=1, bias=False), torch.nn.Identity()
    elif name.startswith("dense"):
        module.features.conv0, module.features.pool0 = conv(3, 64, 3, padding=1, bias=False), torch.nn.Identity()
    else:
        module.features[0][0] = conv(3, 96, 3, padding=1)
    return module


def report(network, module, side, classes, run=True):
    module.eval()
    logits = []
    if run:
        fill(module)
        picture = uniform("input", 3 * side * side).reshape(1, 3, side, side).float()
        logits = module(picture)[0, :10].tolist()
    count = sum(parameter.numel() for parameter in module.parameters())
    numbers = ", ".join(f"{value:.7g}" for value in logits)
    print(f'{{"{network}", {side}, {classes}, {count}, 0x{names_hash(module):016x}ULL,\n {{{numbers}}}}},')


@torch.no_grad()
def main():
    models = torchvision.models
    print("// By torchvision_reference.py: network, side, classes, parameters, hash of names and shapes, first logits.")
    for network, name in [
        ("resnet18", "resnet18"),
        ("resnet34", "resnet34"),
        ("resnet50", "resnet50"),
        ("resnext50", "resnext50_32x4d"),
        ("densenet121", "densenet121"),
        ("convnext-tiny", "convnext_tiny"),
        ("vit-b16", "vit_b_16"),
    ]:
        report(network, getattr(models, name)(), 224, 1000)
    for network in ["resnet18", "densenet121", "convnext-tiny"]:
        report(network, small(network.replace("-", "_")), 32, 10)
    transformer = models.VisionTransformer
    report("vit-tiny", transformer(32, 4, 6, 3, 96, 192, num_classes=10), 32, 10)
    report("vit-small", transformer(32, 4, 6, 3, 192, 384, num_classes=10), 32, 10)
    for network in ["convnext-small", "convnext-base", "convnext-large"]:
        report(network, getattr(models, network.replace("-", "_"))(), 224, 1000, run=False)


main()
