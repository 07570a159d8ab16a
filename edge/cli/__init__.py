"""`edgectl`: the administrator's and the installer's command line, noun then verb.

A noun's module is imported when it is called for, so that a viewer does not load the broker's packages.
"""

from importlib import import_module

import click

from edge.cli.failure import EXIT_CODES, failing_well

NOUNS = {
    "audit": ("edge.cli.audit:audit", "Read the audit log."),
    "broker": ("edge.cli.broker:broker", "Run the broker."),
    "ca": ("edge.cli.ca:ca", "Make the certificate authority of an installation."),
    "demo": ("edge.cli.demo.command:demo", "Run a whole installation on this machine, and measure it."),
    "desktop": ("edge.cli.desktop:desktop", "List, assign, withdraw and stop desktops."),
    "device": ("edge.cli.device:device", "Add, list, show, unlock and revoke devices."),
    "doctor": ("edge.cli.doctor:doctor", "Say what is missing on this machine, and how to mend it."),
    "replay": ("edge.cli.replay:replay", "Show a recorded session again, frame by frame."),
    "upscale": ("edge.cli.upscale:upscale", "Restore one picture from a quarter of its size."),
    "user": ("edge.cli.user:user", "Add, list, lock and unlock users."),
    "view": ("edge.cli.view:view", "Show the desktop of any RFB server, without a broker."),
}


class Nouns(click.Group):
    """The nouns, each imported on its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Name them all."""
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one; None if there is none of that name."""
        if cmd_name not in NOUNS:
            return None
        module, _, name = NOUNS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List them without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in NOUNS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what this package raises on purpose ends in a message, not in a traceback."""
        with failing_well():
            return super().invoke(ctx)


@click.group(cls=Nouns, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="edge", prog_name="edgectl")
def main() -> None:
    """Administer the thin client and its broker.

    \b
    A new installation:
      edgectl ca init                 make the CA and the keys
      edgectl broker run              run the broker
      edgectl user add kim            add a user: scan the QR code, type the first code
      edgectl device add desk-1       write desk-1.json: put it on the board as /etc/edged/enrolment.json
      edgectl doctor                  what is missing here?
    """
