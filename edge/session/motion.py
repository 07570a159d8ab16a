"""When the picture has come to rest: nothing is fetched that will have scrolled away. Pure."""

MOTION_SHARE = 0.03
"""An update that changes more than this share of the tiles is motion."""
SERVER_CYCLE_S = 0.08
"""x11vnc looks for changes and defers updates for this long at most; after it, silence means rest."""
RHYTHM = 1.3
"""Who scrolls step by step goes on after as long a pause as the last, or a little longer."""
LONGEST_PAUSE_S = 0.4
"""Motion after a longer pause is another one; a reader is not kept waiting for text any longer than this."""


class Motion:
    """Takes note of updates; `round_trip_s` is that of the link, times are seconds of any one clock."""

    def __init__(self, round_trip_s: float) -> None:
        self.rests_at = 0.0
        """From when on the picture counts as being at rest, if nothing more moves."""
        self._silence_s = round_trip_s + SERVER_CYCLE_S
        self._moved_at = float("-inf")

    def updated(self, changed_share: float, now: float) -> None:
        """Note an update that has changed `changed_share` of the tiles."""
        if changed_share <= MOTION_SHARE:
            return
        pause_s = now - self._moved_at
        repeated_s = RHYTHM * pause_s if pause_s <= LONGEST_PAUSE_S / RHYTHM else 0.0
        self.rests_at = now + max(self._silence_s, repeated_s)
        self._moved_at = now
