"""OmniCam's edge node: a camera guardian for homes where an elderly person lives.

The folders are the verbs of the data's way, in its order:
capture -> detect -> decide -> record -> publish, with serve beside publish.
"""

__version__ = "0.1.0"
