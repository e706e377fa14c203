"""The MQTT contract: the only stage that knows MQTT.

`topics` has the names, `discovery` the way into Home Assistant without the integration (with
`components` and `texts` for its entities), `connection` the broker, `publisher` what the rest of
the node calls.
"""
