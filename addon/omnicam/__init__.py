"""OmniCam's edge node: a camera guardian for homes where an elderly person lives.

The folders are the verbs of the data's way, in its order:
capture -> detect -> decide -> record -> publish, with serve beside publish.
"""

import os

# Before NumPy is imported: a camera has its share of a core, and threads that wait for the next of
# many small products by spinning took half a core while somebody spoke.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
