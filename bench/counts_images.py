"""Measure parameters and operations of image and recommendation networks with torch's own counter.

    python bench/counts_images.py            # prints the table
    python bench/counts_images.py --write    # records it for tests that run without torch

Needs `pip install torch transformers`. Networks that transformers has come from there, the others
are written here from their papers; all live on the meta device. Twice the multiply-accumulates is
what the counter calls flops.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

RECORD = Path(__file__).resolve().parent.parent / "tests/workload/zoo/image_counts.json"
BATCH = 2


def networks():
    """Name -> (module, shapes of its inputs)."""
    import torch
    import transformers as hf
    from torch import nn
    from torch.nn import functional

    class Padded(nn.Module):
        """Convolution with TensorFlow's padding."""

        def __init__(self, *args, **options):
            super().__init__()
            self.conv = nn.Conv2d(*args, **options)

        def forward(self, x):
            pads = []
            for size, k, s in zip(
                x.shape[:1:-1], self.conv.kernel_size[::-1], self.conv.stride[::-1], strict=True
            ):
                around = max(0, (-(-size // s) - 1) * s + k - size)
                pads += [around // 2, around - around // 2]
            return self.conv(functional.pad(x, pads))

    def layer(*args, **options):
        made = Padded(*args, **options)
        return [made, nn.BatchNorm2d(made.conv.out_channels), nn.ReLU()]

    def alexnet():
        sizes = ((3, 64, 11, 4, 2, 1), (64, 192, 5, 1, 2, 1), (192, 384, 3, 1, 1, 0),
                 (384, 256, 3, 1, 1, 0), (256, 256, 3, 1, 1, 1))  # fmt: skip
        layers = []
        for c, k, r, s, p, pool in sizes:
            layers += [nn.Conv2d(c, k, r, s, p), nn.ReLU()] + [nn.MaxPool2d(3, 2)] * pool
        layers += [nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(4096, 1000))

    def caffe():
        sizes = ((3, 96, 11, 4, 0, 1, 1), (96, 256, 5, 1, 2, 2, 1), (256, 384, 3, 1, 1, 1, 0),
                 (384, 384, 3, 1, 1, 2, 0), (384, 256, 3, 1, 1, 2, 1))  # fmt: skip
        layers = []
        for c, k, r, s, p, g, pool in sizes:
            layers += [nn.Conv2d(c, k, r, s, p, groups=g), nn.ReLU()] + [nn.MaxPool2d(3, 2)] * pool
        layers += [nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(4096, 1000))

    def vgg16():
        layers, entering = [], 3
        for width in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0):
            if width:
                layers += [nn.Conv2d(entering, width, 3, padding=1), nn.ReLU()]
                entering = width
            else:
                layers.append(nn.MaxPool2d(2, 2))
        layers += [nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Linear(4096, 4096)]
        return nn.Sequential(*layers, nn.ReLU(), nn.Linear(4096, 1000))

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            widths = (1, 64, 128, 256, 512, 1024)
            pairs = itertools.pairwise(widths)
            self.down = nn.ModuleList(self.double(a, b) for a, b in pairs)
            steps = ((1024, 512), (512, 256), (256, 128), (128, 64))
            self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, 2) for a, b in steps)
            self.merge = nn.ModuleList(self.double(a, b) for a, b in steps)
            self.last = nn.Conv2d(64, 2, 1)

        @staticmethod
        def double(a, b):
            return nn.Sequential(nn.Conv2d(a, b, 3), nn.ReLU(), nn.Conv2d(b, b, 3), nn.ReLU())

        def forward(self, x):
            kept = []
            for block in self.down:
                x = block(functional.max_pool2d(x, 2) if kept else x)
                kept.append(x)
            for up, merge, old in zip(self.up, self.merge, kept[-2::-1], strict=True):
                x = up(x)
                edge = (old.shape[2] - x.shape[2]) // 2
                x = merge(torch.cat([old[:, :, edge:-edge, edge:-edge], x], 1))
            return self.last(x)

    class Dlrm(nn.Module):
        def __init__(self, rows, width, bottom, top):
            super().__init__()
            self.tables = nn.ModuleList(nn.Embedding(r, width) for r in rows)
            self.bottom, self.top = self.stack(13, bottom), None
            features = len(rows) + 1
            self.top = self.stack(width + features * (features - 1) // 2, top)

        @staticmethod
        def stack(entering, widths):
            layers = []
            for width in widths:
                layers += [nn.Linear(entering, width), nn.ReLU()]
                entering = width
            return nn.Sequential(*layers)

        def forward(self, numbers, picked):
            dense = self.bottom(numbers)
            rows = [dense] + [t(picked[:, at]) for at, t in enumerate(self.tables)]
            z = torch.stack(rows, 1)
            z = torch.bmm(z, z.transpose(1, 2))
            half = torch.cat([z[:, i, :i] for i in range(z.shape[1])], 1)
            return self.top(torch.cat([dense, half], 1))

    class ResNet8(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Sequential(*layer(3, 16, 3))
            self.stacks, self.short, entering = nn.ModuleList(), nn.ModuleList(), 16
            for width, stride in ((16, 1), (32, 2), (64, 2)):
                body = layer(entering, width, 3, stride=stride) + layer(width, width, 3)[:2]
                self.stacks.append(nn.Sequential(*body))
                side = Padded(entering, width, 1, stride=stride) if stride > 1 else nn.Identity()
                self.short.append(side)
                entering = width
            self.fc = nn.Linear(64, 10)

        def forward(self, x):
            x = self.first(x)
            for stack, short in zip(self.stacks, self.short, strict=True):
                x = torch.relu(stack(x) + short(x))
            return self.fc(x.mean((2, 3)))

    def ds_cnn():
        layers = layer(1, 64, (10, 4), stride=2)
        for _ in range(4):
            layers += layer(64, 64, 3, groups=64) + layer(64, 64, 1)
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12))

    def person():
        layers, entering = layer(3, 8, 3, stride=2), 8
        widths = (16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256)
        for width, stride in zip(widths, (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1), strict=True):
            layers += layer(entering, entering, 3, stride=stride, groups=entering)
            layers += layer(entering, width, 1)
            entering = width
        return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 2))

    def autoencoder():
        layers, entering = [], 640
        for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
            layers += [nn.Linear(entering, width), nn.BatchNorm1d(width), nn.ReLU()]
            entering = width
        return nn.Sequential(*layers, nn.Linear(128, 640))

    def resnet(**options):
        return hf.ResNetForImageClassification(hf.ResNetConfig(num_labels=1000, **options))

    def mobile(version, **options):
        config = getattr(hf, f"MobileNetV{version}Config")(num_labels=1000, tf_padding=False)
        return getattr(hf, f"MobileNetV{version}ForImageClassification")(config, **options)

    def efficient():
        options = {"width_coefficient": 1.0, "depth_coefficient": 1.0, "hidden_dim": 1280}
        config = hf.EfficientNetConfig(num_labels=1000, image_size=224, **options)
        return hf.EfficientNetForImageClassification(config)

    terabyte = (39884406, 39043, 17289, 7420, 20263, 3, 7120, 1543, 63, 38532951, 2953546, 403346,
                10, 2208, 11938, 155, 4, 976, 14, 39979771, 25641295, 39664984, 585935, 12972, 108,
                36)  # fmt: skip
    basic = {"layer_type": "basic", "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2]}
    image = (3, 224, 224)
    yield "alexnet", alexnet(), [image]
    yield "alexnet-caffe", caffe(), [(3, 227, 227)]
    yield "vgg16", vgg16(), [image]
    yield "resnet18", resnet(**basic), [image]
    yield "resnet50", resnet(), [image]
    yield "resnet50-v1", resnet(downsample_in_bottleneck=True), [image]
    yield "mobilenetv1", mobile(1), [image]
    yield "mobilenetv2", mobile(2), [image]
    yield "efficientnet-b0", efficient(), [image]
    yield "unet", UNet(), [(1, 572, 572)]
    yield "dlrm", Dlrm(terabyte, 128, (512, 256, 128), (1024, 1024, 512, 256, 1)), [(13,), (26,)]
    yield "ds-cnn", ds_cnn(), [(1, 49, 10)]
    yield "resnet8", ResNet8(), [(3, 32, 32)]
    yield "mobilenetv1-025-96", person(), [(3, 96, 96)]
    yield "deep-autoencoder", autoencoder(), [(640,)]


def measured() -> dict[str, dict[str, int]]:
    """Parameters, buffers of batch normalisation and multiply-accumulates of every network."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    found = {}
    with torch.device("meta"):
        for name, module, shapes in networks():
            module.eval()
            inputs = [torch.empty(BATCH, *shape) for shape in shapes]
            if name == "dlrm":
                inputs[1] = inputs[1].long()
            with FlopCounterMode(display=False) as counter:
                module(*inputs)
            found[name] = {
                "parameters": sum(p.numel() for p in module.parameters()),
                "statistics": sum(b.numel() for b in module.buffers() if b.dim()),
                "operations": counter.get_total_flops() // 2,
            }
    return found


def main() -> None:
    """Measure every network."""
    found = measured()
    for name, counts in found.items():
        print(f"{name:20s}", *(f"{key} {value:,}" for key, value in counts.items()))
    if "--write" in sys.argv:
        RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
