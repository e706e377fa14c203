"""What a camera hears: screams, breaking glass, coughs, calls, and the word "help"."""
