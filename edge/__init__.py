"""A thin client for container desktops: a quarter of the size over the wire, fourfold on the screen."""
