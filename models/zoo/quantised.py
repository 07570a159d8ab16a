"""A network of the family in whole numbers, as an NPU computes it: to be trained so, and to be written as such.

Weights are int8, symmetric, per output channel: the largest is 127 steps, so that a converter that looks at nothing
but the largest finds the same steps. Activations are uint8 per tensor with a learned step; the input is the bytes of
the picture, the output int8 in units of 2 grey levels, biases are int32. Tensors hold these whole numbers as floats.
bfloat16 holds them exactly too: only sums are rounded there, and in float32 not even these.

Source: S. K. Esser et al., *Learned Step Size Quantization*, 2020.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from models.networks.base import OUT_CHANNELS, STRIDE, Network
from models.networks.restorer import ResidualNetwork

WEIGHT_MAX = 127
ACTIVATION_MAX = 255
SIGNED_MIN, SIGNED_MAX = -128, 127
# Half of the span of grey levels: what the network's own input is centred by.
_CENTRE = 255 / 2
_TINY = 1e-12
# Steps that are tried, as parts of the one that would hold the largest value.
_FRACTIONS = torch.linspace(0.25, 1, 48)
_FITTED_VALUES_MAX = 1 << 20


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ANN401, ARG004  PyTorch's signature
        return x.round()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401, ARG004
        return gradient


def rounded(x: Tensor) -> Tensor:
    """Round half to even; gradients pass as if nothing were rounded."""
    result: Tensor = _Rounded.apply(x)  # type: ignore[no-untyped-call]
    return result


class Whole(NamedTuple):
    """A convolution in whole numbers: `weight` (to, from, k, k), `bias` (to,), what a unit of each channel stands for.

    `weight_step` (to,) is that of the weights, `scale` (to,) that of the sums.
    """

    weight: Tensor
    bias: Tensor
    weight_step: Tensor
    scale: Tensor


def whole(weight: Tensor, bias: Tensor, input_step: Tensor, centre: float = 0) -> Whole:
    """Round a convolution of whole numbers that stand for `input_step` each and are too large by `centre` units."""
    step = weight.detach().abs().amax(dim=(1, 2, 3)).clamp_min(_TINY) / WEIGHT_MAX
    scale = input_step * step
    rounded_weight = rounded(weight / step[:, None, None, None])
    return Whole(rounded_weight, rounded(bias / scale - centre * rounded_weight.sum(dim=(1, 2, 3))), step, scale)


class Activation(nn.Module):
    """Makes whole numbers of sums by a learned step: uint8, or int8 where `signed`."""

    def __init__(self, *, signed: bool = False) -> None:
        super().__init__()
        self.log_step = nn.Parameter(torch.zeros(()))
        self.signed = signed
        self.low, self.high = (SIGNED_MIN, SIGNED_MAX) if signed else (0, ACTIVATION_MAX)

    @property
    def step(self) -> Tensor:
        """What a unit stands for."""
        return self.log_step.exp()

    def forward(self, sums: Tensor, scale: Tensor) -> Tensor:
        """Requantise `sums` (n, c, h, w), a unit of which stands for `scale` (c,)."""
        # One factor, as integer runtimes have it: two would round other ties.
        return rounded((sums * (scale / self.step)[:, None, None]).clamp(self.low, self.high))

    @torch.no_grad()
    def fit(self, sums: Tensor, scale: Tensor) -> None:
        """Choose the step of the least squared error for `sums`, see `forward`."""
        values = (sums * scale[:, None, None]).flatten()
        values = values[:: len(values) // _FITTED_VALUES_MAX + 1]
        if not self.signed:
            values = values.relu()
        steps = _FRACTIONS * values.abs().max().clamp_min(_TINY) / self.high
        shown = ((values / step).round().clamp(self.low, self.high) * step for step in steps)
        errors = [(values - what).square().mean() for what in shown]
        self.log_step.copy_(steps[int(torch.stack(errors).argmin())].log())


class QuantisedNetwork(Network):
    """`network` in whole numbers; what is trained are its own weights, and the steps.

    Comes to life by `calibrate` or `load_state_dict`. The residual is rounded and saturated as the integer file's is.
    """

    def __init__(self, network: ResidualNetwork) -> None:
        super().__init__()
        self.network, self.tail = network, network.tail
        self.head = Activation()
        self.inner = [Activation(signed=network.skips and index % 2 == 1) for index in range(network.depth)]
        self.body = nn.ModuleList(self.inner)
        self.joints = [Activation() for _ in range(network.depth // 2 if network.skips else 0)]
        self.joined = nn.ModuleList(self.joints)
        self._fitting = False

    def calibrate(self, lr: Tensor) -> None:
        """Choose every step by what comes of the pictures `lr` (n, 3, h, w), 0..1."""
        self._fitting = True
        with torch.no_grad():
            self.features(lr)
        self._fitting = False

    def features(self, lr: Tensor) -> Tensor:
        """Give what the last layer sees in whole numbers, (n, channels, h / 2, w / 2)."""
        head = self.whole_head()
        # Centred here and not in the bias, so that the zeros beyond the edge are grey as the network knows them.
        bias = head.bias + _CENTRE * head.weight.sum(dim=(1, 2, 3))
        picture = (ACTIVATION_MAX * lr).round() - _CENTRE
        x = skipped = self._requantised(
            self.head, nn.functional.conv2d(picture, head.weight, bias, STRIDE, 2), head.scale
        )
        for index, activation in enumerate(self.inner):
            weight, bias, _, scale = self.whole_inner(index)
            y = self._requantised(activation, nn.functional.conv2d(x, weight, bias, padding=1), scale)
            if activation.signed:
                sums = self.before(index - 1).step * skipped + activation.step * y
                x = self._requantised(self.joints[index // 2], sums, scale.new_ones(len(scale)))
            else:
                skipped, x = x, y
        return x

    def cells(self, features: Tensor) -> Tensor:
        """Apply the last layer: whole residuals -128..127, laid out as (n, h / 2, w / 2, 4, 16, 3)."""
        tail = self.whole_tail()
        x = features.permute(0, 2, 3, 1)
        sums = nn.functional.linear(x, tail.weight.flatten(1), tail.bias)
        residual = rounded((sums * tail.scale).clamp(SIGNED_MIN, SIGNED_MAX))
        return residual.view(*x.shape[:3], STRIDE * STRIDE, OUT_CHANNELS // STRIDE**2 // 3, 3)

    def whole_head(self) -> Whole:
        """Give the first layer, which sees bytes."""
        layer = self.network.head
        return whole(layer.weight / ACTIVATION_MAX, layer.bias, layer.bias.new_ones(()), _CENTRE)

    def whole_inner(self, index: int) -> Whole:
        """Give the inner layer `index`."""
        layer = self.network.inner[index]
        return whole(layer.weight, layer.bias, self.before(index).step)

    def whole_tail(self) -> Whole:
        """Give the last layer, the sums of which count units of 2 grey levels when scaled."""
        return whole(*self.network.projected_tail(), self.before(len(self.inner)).step)

    def before(self, index: int) -> Activation:
        """Tell what the inner layer `index` sees; with the number of inner layers what the last one does."""
        if index == 0:
            return self.head
        return self.joints[index // 2 - 1] if self.inner[index - 1].signed else self.inner[index - 1]

    @property
    def halo_px(self) -> int:
        """See `Network`."""
        return self.network.halo_px

    @property
    def parameters_in_use(self) -> int:
        """Number of weights and biases; the steps are part of them in the file."""
        return self.network.parameters_in_use

    def gmac(self, width: int, height: int) -> float:
        """See `Network`."""
        return self.network.gmac(width, height)

    def _requantised(self, activation: Activation, sums: Tensor, scale: Tensor) -> Tensor:
        if self._fitting:
            activation.fit(sums, scale)
        whole_numbers: Tensor = activation(sums, scale)
        return whole_numbers
