"""The real things that the demo and the tests run against: broker, camera, Home Assistant."""
