"""Fitting a session to its link: how fast it is, when to ask for the next update, how exactly pixels are sent. Pure.

Whoever owns a `Connection` hands a `Tuner` what arrived and what it said, with the time, and sends what it returns.
"""

from edge.rfb.tuning.policy import LinkPolicy, Quality
from edge.rfb.tuning.tuner import Tuner

__all__ = ["LinkPolicy", "Quality", "Tuner"]
