"""Events become rows, lines and files; the only stage that writes to the data folder."""
