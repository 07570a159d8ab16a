"""The bus between devices and broker: its topics and messages (pure), and a client of it."""
