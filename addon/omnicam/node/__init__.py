"""The node: one process a camera, a shared pose process, and one asyncio process for the rest.

`worker` is a camera's process, `workers` starts and restarts them, `guardian` carries findings
through decide, record and publish, `run` puts everything together.
"""
