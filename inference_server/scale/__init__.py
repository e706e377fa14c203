"""How much of everything a number of cameras needs: `inference_server scale`."""
