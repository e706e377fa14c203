"""Finding bodies: MediaPipe's pose landmarker, in this process or in one that cameras share."""
