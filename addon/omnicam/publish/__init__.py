"""The MQTT contract: the only stage that knows MQTT.

`topics` has the names and payloads, `discovery` the way into Home Assistant without the
integration, `broker` the connection, `publisher` what the rest of the node calls.
"""
