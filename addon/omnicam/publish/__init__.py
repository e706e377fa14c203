"""The MQTT contract: the only stage that knows MQTT.

`topics` has the names, `discovery` the way into Home Assistant without the
integration, `broker` the connection, `publisher` what the rest of the node calls.
"""
