import pytest

from edge.restore.backends.soc import Soc, this_soc


@pytest.mark.parametrize(
    ("compatible", "soc"),
    [
        (b"radxa,rock-5a\0rockchip,rk3588s\0", Soc("rk3588", 3)),
        (b"radxa,rock-3a\0rockchip,rk3568\0", Soc("rk3568", 1)),
        (b"asus,tinker-edge-r\0rockchip,rk3399pro\0rockchip,rk3399\0", Soc("rk3399pro", 1)),
        (b"pine64,rockpro64\0rockchip,rk3399\0", None),
        (b"raspberrypi,5-model-b\0brcm,bcm2712\0", None),
        (b"linux,dummy-virt\0", None),
        (b"rk3588\0", None),
        (b"\xff\0rockchip,", None),
        (b"", None),
    ],
)
def test_board_is_known_by_its_device_tree(tmp_path, compatible, soc):
    path = tmp_path / "compatible"
    path.write_bytes(compatible)
    assert this_soc(path) == soc


def test_there_is_no_npu_where_there_is_no_device_tree(tmp_path):
    assert this_soc(tmp_path / "none") is None
