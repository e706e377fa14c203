"""Falls found with limits that were chosen on other recordings."""
