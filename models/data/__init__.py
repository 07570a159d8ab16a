"""Generate native pictures of desktops: `python -m models.data`."""
