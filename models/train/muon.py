"""Muon for the weights of convolutions and matrices, Adam for everything else."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

# The quintic whose slope at zero is steepest while singular values stay near one.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5
MUON_RATE = 0.02
ADAM_RATE = 2e-3


class Muon(torch.optim.Optimizer):
    """Momentum whose every step has singular values near one; a convolution is the matrix (out, in * height * width).

    Source: K. Jordan et al., Muon: An optimizer for hidden layers in neural networks, 2024.
    """

    def __init__(self, weights: Iterable[Tensor], lr: float = MUON_RATE, momentum: float = 0.95) -> None:
        super().__init__(weights, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Move every weight against its gradient, where it has one."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["mean"] = torch.zeros_like(weight)
                mean = state["mean"].lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(mean, group["momentum"])
                matrix = orthogonalised(ahead.reshape(len(ahead), -1))
                rows, columns = matrix.shape
                weight.add_(matrix.reshape(weight.shape), alpha=-group["lr"] * max(1.0, rows / columns) ** 0.5)


def orthogonalised(matrix: Tensor) -> Tensor:
    """Give the matrix (rows, columns) of the same singular vectors whose singular values are about one."""
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = _A * x + (_B * gram + _C * gram @ gram) @ x
    result: Tensor = x.T if tall else x
    return result


def muon_and_adam(
    network: nn.Module, last: nn.Module, muon_rate: float = MUON_RATE, adam_rate: float = ADAM_RATE
) -> list[torch.optim.Optimizer]:
    """Make the optimisers of `network`: Muon for weights of two and more axes, Adam for the rest and for `last`.

    `last` is the layer that gives the output: its rows are what is predicted, not directions in a space of features.
    Parameters that need no gradient are left out.
    """
    of_last = {id(parameter) for parameter in last.parameters()}
    moving = [parameter for parameter in network.parameters() if parameter.requires_grad]
    matrices = [parameter for parameter in moving if parameter.ndim >= 2 and id(parameter) not in of_last]
    chosen = {id(parameter) for parameter in matrices}
    rest = [parameter for parameter in moving if id(parameter) not in chosen]
    optimisers: list[torch.optim.Optimizer] = [torch.optim.Adam(rest, lr=adam_rate, betas=(0.9, 0.99))]
    if matrices:
        optimisers.append(Muon(matrices, muon_rate))
    return optimisers
