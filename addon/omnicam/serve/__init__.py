"""The HTTP API: health, cameras, pictures, events and clips, behind a bearer token."""
