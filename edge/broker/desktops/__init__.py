"""Desktops: where users' programs run. Providers start and stop them; `local` does so on this machine."""
