"""The whole product on real things: cameras over RTSP, Mosquitto, Home Assistant, the node."""
