"""A thin client for container desktops: a quarter of the size over the wire, fourfold on the screen."""

import os

# ONNX Runtime's official builds report to their maker what they run, unless this is set when they are loaded. A device
# at which people sign in reports to nobody.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
