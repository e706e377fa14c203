"""What the integration costs a real Home Assistant that has many cameras and many events."""
