"""Networks of PyTorch, exported to ONNX."""

import sys

from .errors import MismatchError, UnsupportedError


def is_torch_module(network):
    """Without loading torch for those who have none."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(network, torch.nn.Module)


def exported(module, sample):
    """-> (a temporary folder, the ONNX file in it): the module in mode eval, for one image of sample's shape."""
    import os
    import shutil
    import tempfile
    import warnings

    import numpy as np
    import torch
    if sample is None:
        raise MismatchError("a torch module does not say what it takes: add sample=, images as it takes them, "
                            "(n, channels, height, width)")
    array = np.asarray(sample.detach().cpu() if isinstance(sample, torch.Tensor) else sample)
    if array.dtype.kind != "f" or array.ndim != 4 or len(array) == 0:
        raise MismatchError(f"sample: {array.dtype} of shape {array.shape}, expected floats as the module takes them, "
                            f"(n, channels, height, width)")
    parameter = next(module.parameters(), None)
    one = torch.tensor(np.ascontiguousarray(array[:1]))
    if parameter is not None:
        one = one.to(dtype=parameter.dtype, device=parameter.device)
    folder = tempfile.mkdtemp(prefix="obscura-")
    path = os.path.join(folder, type(module).__name__ + ".onnx")
    training = module.training
    try:
        module.eval()
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            # Torch 2.9 takes another exporter unless it is told not to, which needs packages of its own.
            options = {"dynamo": False} if "dynamo" in _parameters(torch.onnx.export) else {}
            torch.onnx.export(module, one, path, input_names=["images"], output_names=["logits"], **options)
    except Exception as e:
        shutil.rmtree(folder, ignore_errors=True)
        raise UnsupportedError(f"torch cannot export {type(module).__name__} to ONNX: "
                               f"{str(e).strip().splitlines()[0] if str(e).strip() else type(e).__name__}") from e
    finally:
        module.train(training)
    return folder, path


def _parameters(function):
    import inspect
    return inspect.signature(function).parameters
