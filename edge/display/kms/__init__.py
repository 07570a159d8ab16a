"""The screen of a board through KMS: no X, no Wayland, no Mesa."""
