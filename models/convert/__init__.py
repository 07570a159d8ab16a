"""Converting networks for Rockchip's NPUs, and what their compiler says of them."""
