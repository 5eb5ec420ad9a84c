"""Aftercare: a Telegram bot for clinics that do dry needling."""

__version__ = "0.1.0"
