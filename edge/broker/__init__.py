"""The authority: users, devices, desktops, sign-in, the bus and the audit log."""
