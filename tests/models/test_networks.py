import pytest
import torch

from models.networks.base import cells_of_blocks, cells_of_picture, picture_of_cells
from models.networks.registry import NETWORKS, build
from models.networks.restorer import ResidualNetwork
from models.networks.span import WideConvolution


def widened(network):
    """Give `network` a last layer that says something."""
    torch.nn.init.normal_(network.tail.weight)
    return network.eval()


@pytest.mark.parametrize(
    ("name", "parameters", "gmac"),
    [
        ("S", 28_320, 0.91),
        ("M", 46_816, 1.51),
        ("L", 167_168, 5.40),
        ("XL", 1_219_392, 39.47),
        # As published: 1.5 M, 621 k and, its convolutions merged, 426 k.
        ("SRGAN", 1_547_350, 287.5),
        ("SRVGG", 621_424, 80.25),
        ("SPAN", 426_288, 55.1),
    ],
)
def test_network_has_the_parameters_and_operations_of_its_design(name, parameters, gmac):
    network = build(name)
    assert network.parameters_in_use == parameters
    assert network.gmac(480, 270) == pytest.approx(gmac, rel=0.005)


@pytest.mark.parametrize("name", NETWORKS)
def test_network_gives_a_block_for_every_pixel(name):
    with torch.no_grad():
        assert build(name)(torch.rand(2, 3, 12, 8)).shape == (2, 192, 6, 4)


def test_network_is_refused_when_nothing_has_its_name():
    with pytest.raises(ValueError, match=r"no network 'XXL'; there are S, M, L, XL"):
        build("XXL")
    with pytest.raises(ValueError, match="depth 3 is odd"):
        ResidualNetwork(8, 3, skips=True)


def test_plain_network_is_built_when_named_by_channels_and_depth():
    network = build("8x3")
    assert isinstance(network, ResidualNetwork)
    assert (network.channels, network.depth) == (8, 3)


def test_blocks_keep_their_mean_when_the_last_layer_is_projected():
    network = widened(ResidualNetwork(8, 1))
    residual = network.cells(network.features(torch.rand(1, 3, 16, 16)))
    assert torch.allclose(residual.mean(dim=4), torch.tensor(7.5 / 32), atol=1e-4)
    assert float(residual.detach().std()) > 1


@pytest.mark.parametrize("network", [ResidualNetwork(8, 2), ResidualNetwork(8, 2, skips=True), build("SPAN")])
def test_output_does_not_change_when_pixels_beyond_the_halo_do(network):
    widened(network)
    size = 2 * network.halo_px + 2
    near = torch.rand(1, 3, size, size)
    far = torch.rand(1, 3, size + 8, size + 8)
    far[:, :, 4:-4, 4:-4] = near
    middle = size // 4
    with torch.no_grad():
        a = network(near)[:, :, middle, middle]
        b = network(far)[:, :, middle + 2, middle + 2]
    assert float(a.std()) > 0.01
    assert torch.allclose(a, b, atol=1e-3)


def test_picture_is_the_same_when_it_was_cells_in_between():
    picture = torch.rand(2, 3, 16, 24)
    cells = cells_of_picture(picture)
    assert cells.shape == (2, 2, 3, 4, 16, 3)
    assert torch.equal(picture_of_cells(cells), picture)
    blocks = torch.nn.functional.pixel_unshuffle(picture, 4).view(2, 3, 16, 4, 6).transpose(1, 2).reshape(2, 48, 4, 6)
    assert torch.equal(cells_of_blocks(blocks), cells)


def test_wide_convolution_is_the_product_of_its_layers():
    torch.manual_seed(3)
    wide = WideConvolution(4, 6)
    x = torch.rand(1, 4, 9, 9)
    around = torch.nn.functional.pad(x, (1, 1, 1, 1))
    by_layers = wide.leave(wide.middle(wide.enter(around))) + wide.beside(x)
    assert torch.allclose(wide(x), by_layers, atol=1e-5)
