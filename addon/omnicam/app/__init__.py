"""OmniCam as a Home Assistant app: from the Supervisor's options to the node's configuration.

`options` is the pure translation, `supervisor` asks for the MQTT broker, `files` writes what holds
secrets, `__main__` puts them together.
"""
