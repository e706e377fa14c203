"""Trains the recogniser of the words "help", "help me", 帮助 and 救命; see README.md."""
