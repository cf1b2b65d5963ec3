#!/usr/bin/env python3
"""Makes the small networks in this folder, as PyTorch exports them, with what PyTorch computes.

usage: make.py [FOLDER]   (Debian 12: python3-torch 1.13 and python3-onnx 1.12)

Each NAME.onnx carries in its metadata "sample_input" and "sample_output": comma separated numbers, one image and its
logits. The tests run the file by Obscura's own reference and compare.
"""
import io
import pathlib
import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn


def seeded(module):
    """Weights about one in scale, batch norm statistics that are no identity."""
    generator = torch.Generator().manual_seed(7)
    for name, p in module.named_parameters():
        fan = p[0].numel() if p.dim() > 1 else 4
        p.data = torch.randn(p.shape, generator=generator) / fan**0.5
        if "norm" in name and "weight" in name:
            p.data = p.data.abs() + 0.5
    for name, b in module.named_buffers():
        if b.dtype == torch.float32:
            b.data = torch.rand(b.shape, generator=generator) + (0.5 if "var" in name else -0.5)
    return module.eval()


class Squared(nn.Module):
    def forward(self, x):
        return x * x


class Cubed(nn.Module):
    """a x^2 + b x + c with a row a channel, and a power."""

    def __init__(self, channels):
        super().__init__()
        self.a, self.b, self.c = (nn.Parameter(torch.zeros(1, channels, 1, 1)) for _ in range(3))

    def forward(self, x):
        return self.a * x * x + self.b * x + self.c + 0.1 * torch.pow(x, 3)


class Tail(nn.Module):
    """A body, then one of many spellings of flattening, then a dense layer."""

    def __init__(self, body, flatten, features, outputs=5):
        super().__init__()
        self.body, self.flatten, self.fc = body, flatten, nn.Linear(features, outputs)

    def forward(self, x):
        return self.fc(self.flatten(self.body(x)))


class Residual(nn.Module):
    def __init__(self, act):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(4)
        self.short = nn.Conv2d(2, 4, 1, stride=2)
        self.act = act
        self.fc = nn.Linear(4, 5)

    def forward(self, x):
        y = self.act(self.norm1(self.conv1(x)))
        y = F.avg_pool2d(self.norm2(self.conv2(y)), 2)
        y = self.act(y + self.short(x))
        return self.fc(y.mean(dim=(2, 3)))


class Dense(nn.Module):
    """DenseNet in small: what went before is joined to what comes after; images, then flat vectors."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(2)
        self.conv1 = nn.Conv2d(2, 3, 3, padding=1)
        self.conv2 = nn.Conv2d(5, 2, 3, padding=1)
        self.conv3 = nn.Conv2d(7, 3, 1)
        self.fc = nn.Linear(10, 5)

    def forward(self, x):
        x = self.norm(x)
        x = torch.cat([x, torch.pow(self.conv1(x), 2)], 1)
        x = torch.cat((self.conv2(x), x), dim=-3)
        pooled = [F.adaptive_avg_pool2d(y, 1).flatten(1) for y in (x, self.conv3(x))]
        return self.fc(torch.cat(pooled, 1))


class Padded(nn.Module):
    def __init__(self, pad):
        super().__init__()
        self.pad, self.conv = pad, nn.Conv2d(2, 3, 3, stride=2)
        self.fc = nn.Linear(self.conv(pad(torch.zeros(1, 2, 8, 8))).numel(), 5)

    def forward(self, x):
        y = self.conv(self.pad(x))
        return self.fc((y * y).flatten(1))


class Manual(nn.Module):
    """Batch normalisation, GELU and SiLU written out, MatMul and a bias, a division by a constant."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3)
        self.mean, self.scale, self.shift = (nn.Parameter(torch.zeros(4, 1, 1)) for _ in range(3))
        self.weight, self.bias = nn.Parameter(torch.zeros(4, 5)), nn.Parameter(torch.zeros(5))

    def forward(self, x):
        x = (self.conv(x) - self.mean) / 1.5 * self.scale + self.shift
        x = 0.5 * x * (1 + torch.erf(x * 0.70710678))
        x = x * torch.sigmoid(x) - 0.25
        x = x.view(x.size(0), x.size(1), -1).mean(2)
        return torch.matmul(x, self.weight) + self.bias


class Gated(nn.Module):
    """x times something that it computes of x: squeeze and excitation, spatial attention and their like."""

    def __init__(self, gate, channels=4):
        super().__init__()
        self.conv, self.gate = convs(Squared(), channels), gate
        self.fc = nn.Linear(channels * 16, 5)

    def forward(self, x):
        x = self.conv(x)
        return self.fc(torch.flatten(self.gate(x), 1))


class Excitation(nn.Module):
    """As torchvision writes it, with 1x1 convolutions and Mul by [N, C, 1, 1]."""

    def __init__(self, channels=4):
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 2, 1), nn.Conv2d(2, channels, 1)

    def forward(self, x):
        return torch.sigmoid(self.up(F.silu(self.down(F.adaptive_avg_pool2d(x, 1))))) * x


class DenseExcitation(nn.Module):
    """As many write it, with dense layers, a view and expand_as."""

    def __init__(self, expand, channels=4):
        super().__init__()
        self.fc, self.expand = nn.Linear(channels, channels), expand

    def forward(self, x):
        y = self.fc(F.adaptive_avg_pool2d(x, 1).view(x.size(0), -1)).view(x.size(0), -1, 1, 1)
        return x * self.expand(torch.sigmoid(y), x)


class Spatial(nn.Module):
    def __init__(self, channels=4):
        super().__init__()
        self.conv = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, x):
        return x * torch.sigmoid(self.conv(x)) + x.mean([-2, -1], keepdim=True)


class TwoBranches(nn.Module):
    def __init__(self, channels=4):
        super().__init__()
        self.a, self.b = nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return self.a(x) * self.b(x) - x


class LinearUnit(nn.Module):
    def __init__(self, channels=4):
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, 1)

    def forward(self, x):
        return F.glu(self.conv(x), 1)


class Swish(nn.Module):
    """x sigmoid(b x), of a slope that is learnt, one a channel."""

    def __init__(self, channels=4):
        super().__init__()
        self.slope = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, x):
        return x * torch.sigmoid(self.slope * x)


class QuickGelu(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class Unnamed(nn.Module):
    """A product with a function of the same tensor that has no name, and what is left of the tensor."""

    def forward(self, x):
        return (0.5 * x * x - x + 0.25) * torch.tanh(0.7 * x + 0.1) + 0.3 * x - 0.2


def convs(act, channels=4):
    return nn.Sequential(nn.Conv2d(2, channels, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(channels), act)


def networks():
    """name: (module, opset, further arguments of the export)."""
    flat = nn.Flatten()
    made = {
        "square_view": (Tail(convs(Squared()), lambda x: x.view(x.size(0), -1), 64), 13, {}),
        "cubic_reshape": (Tail(convs(Cubed(4)), lambda x: x.reshape(-1, 64), 64), 13, {}),
        "flatten_opset9": (Tail(convs(Squared()), lambda x: torch.flatten(x, 1), 64), 9, {}),
        "squeeze_pool": (Tail(nn.Sequential(convs(Squared()), nn.AdaptiveAvgPool2d(1)), lambda x: x.squeeze(3).squeeze(2), 4), 12, {}),
        "adaptive_pool": (Tail(nn.Sequential(convs(Squared()), nn.AdaptiveAvgPool2d(2)), flat, 16), 13, {}),
        "mean_keep": (Tail(nn.Sequential(convs(Squared())), lambda x: x.mean([-2, -1], keepdim=True).flatten(1), 4), 17, {}),
        "padded_pool": (Tail(nn.Sequential(convs(Squared()), nn.AvgPool2d(3, 2, 1)), flat, 16), 13, {}),
        "uncounted_pool": (Tail(nn.Sequential(convs(Squared()), nn.AvgPool2d(3, 2, 1, count_include_pad=False)), flat, 16), 13, {}),
        "ceil_pool": (Tail(nn.Sequential(convs(Squared()), nn.AvgPool2d(3, 2, ceil_mode=True)), flat, 16), 13, {}),
        "grouped_dilated": (Tail(nn.Sequential(nn.Conv2d(2, 4, 3, groups=2, dilation=2, padding=(1, 2)), Squared(), nn.Conv2d(4, 4, 3, groups=4)), flat, 96), 13, {}),
        "uneven_pad": (Tail(nn.Sequential(nn.ZeroPad2d((1, 2, 0, 1)), nn.Conv2d(2, 3, 4), Squared()), flat, 144), 11, {}),
        "dropout_identity": (Tail(nn.Sequential(convs(Squared()), nn.Dropout(0.3), nn.Identity()), flat, 64), 13, {}),
        "log_softmax": (nn.Sequential(Tail(convs(Squared()), flat, 64), nn.LogSoftmax(1)), 13, {}),
        "residual_relu": (Residual(F.relu), 13, {}),
        "residual_silu": (Residual(F.silu), 13, {}),
        "residual_square": (Residual(Squared()), 13, {}),
        "residual_unfolded": (Residual(Squared()), 13, {"training": torch.onnx.TrainingMode.PRESERVE}),
        "concat": (Dense(), 13, {"do_constant_folding": False}),
        "manual": (Manual(), 13, {}),
        "manual_unfolded": (Manual(), 11, {"do_constant_folding": False}),
        "old_initialisers": (Residual(F.relu), 11, {"keep_initializers_as_inputs": True}),
        "symbolic_batch": (Tail(convs(Squared()), lambda x: x.view(x.shape[0], -1), 64), 14, {"dynamic_axes": {"x": {0: "batch"}}}),
        "zero_pad": (Padded(nn.ZeroPad2d((1, 0, 2, 1))), 13, {}),
        "constant_pad": (Padded(nn.ConstantPad2d((0, 1, 1, 1), 0.5)), 13, {}),
        "reflect_pad": (Padded(nn.ReflectionPad2d((1, 0, 0, 1))), 13, {}),
        "replicate_pad": (Padded(nn.ReplicationPad2d((2, 0, 1, 0))), 13, {}),
        "conv_reflect": (Tail(nn.Sequential(nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), Squared()), flat, 192), 13, {}),
    }
    keep = {"dynamic_axes": {"x": {0: "batch"}}}
    made |= {
        "excitation": (Gated(Excitation()), 13, {}),
        "excitation_expand_as": (Gated(DenseExcitation(lambda y, x: y.expand_as(x))), 13, {}),
        "excitation_expand": (Gated(DenseExcitation(lambda y, x: y.expand(-1, -1, x.size(2), x.size(3)))), 12, keep),
        "spatial_attention": (Gated(Spatial()), 13, {}),
        "two_branches": (Gated(TwoBranches()), 13, {}),
        "linear_unit": (Gated(LinearUnit()), 13, {}),
        "max_pool_padded": (Tail(nn.Sequential(convs(nn.ReLU()), nn.MaxPool2d(3, 2, 1)), flat, 16), 13, {}),
        "max_pool_ceil": (Tail(nn.Sequential(convs(nn.ReLU()), nn.MaxPool2d(3, 2, ceil_mode=True)), flat, 16), 13, {}),
        "max_pool_global": (Tail(nn.Sequential(convs(nn.Identity()), nn.AdaptiveMaxPool2d(1)), flat, 4), 13, {}),
    }
    activations = {
        "relu6": nn.ReLU6(), "leaky_relu": nn.LeakyReLU(0.1), "prelu": nn.PReLU(4), "silu": nn.SiLU(),
        "sigmoid": nn.Sigmoid(), "gelu": nn.GELU(), "gelu_tanh": nn.GELU(approximate="tanh"), "tanh": nn.Tanh(),
        "hardswish": nn.Hardswish(), "hardsigmoid": nn.Hardsigmoid(), "elu": nn.ELU(0.7), "selu": nn.SELU(),
        "softplus": nn.Softplus(), "hardtanh": nn.Hardtanh(-0.5, 1.5),
        "swish": Swish(), "quick_gelu": QuickGelu(), "mish": nn.Mish(), "unnamed": Unnamed(), "celu": nn.CELU(0.6),
    }
    for name, act in activations.items():
        made["act_" + name] = (Tail(nn.Sequential(convs(act), nn.AdaptiveAvgPool2d(2)), flat, 16), 13, {})
    made["act_hardswish_opset14"] = (Tail(convs(nn.Hardswish()), flat, 64), 14, {})
    made["act_clamp_min"] = (Tail(convs(nn.ReLU()), lambda x: torch.clamp(x.flatten(1), min=0.25), 64), 10, {})
    made["act_clamp_max"] = (Tail(convs(nn.ReLU()), lambda x: torch.clamp(x.flatten(1), max=0.75), 64), 13, {})
    return made


def retyped(model, dtype):
    """The same network with input, weights and output in another floating point type."""
    code = {np.float16: onnx.TensorProto.FLOAT16, np.float64: onnx.TensorProto.DOUBLE}[dtype]
    model = onnx.ModelProto.FromString(model.SerializeToString())
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            tensor.CopyFrom(numpy_helper.from_array(values.astype(dtype), tensor.name))
    for info in list(model.graph.input) + list(model.graph.output):
        info.type.tensor_type.elem_type = code
    return model


def finish(model, image, logits, path):
    for key, values in (("sample_input", image), ("sample_output", logits)):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, ",".join(f"{v:.7g}" for v in np.asarray(values).flatten())
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
    path.write_bytes(model.SerializeToString())


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    image = torch.rand(1, 2, 8, 8, generator=torch.Generator().manual_seed(3)) * 2 - 1
    for name, (module, opset, extra) in networks().items():
        module = seeded(module)
        with torch.no_grad():
            logits = module(image).numpy()
        file = io.BytesIO()
        torch.onnx.export(module, image, file, opset_version=opset, input_names=["x"], **extra)
        model = onnx.ModelProto.FromString(file.getvalue())
        finish(model, image.numpy(), logits, folder / f"{name}.onnx")
    for name, dtype in (("half", np.float16), ("double", np.float64)):
        module = seeded(nn.Sequential(nn.Conv2d(2, 3, 3, stride=2), Squared(), nn.Flatten(), nn.Linear(27, 5)))
        for p in module.parameters():
            p.data = p.data.half().float()  # so that both types hold them exactly
        file = io.BytesIO()
        torch.onnx.export(module, image, file, opset_version=13, input_names=["x"])
        model = retyped(onnx.ModelProto.FromString(file.getvalue()), dtype)
        finish(model, image.numpy(), module(image).detach().numpy(), folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
