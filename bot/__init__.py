"""Aftercare: a Telegram bot for clinics that do dry needling."""

import os

# Numpy's own threads gain nothing on arrays of our size, and while they wait for each other the bot does not answer.
# Read once, when numpy is first imported; whoever sets it knows better.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
