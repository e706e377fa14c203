"""What a recipe takes on a device, and how fast it can be at best: arithmetic, without torch."""
