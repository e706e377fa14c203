"""The verdict: one window and some questions in, log-odds of Yes for each question out.

`interface` is all that the rest needs to know; torch and vLLM lie behind it. `engine` answers with
vLLM's own engine: `prompt` writes the window once, `pixels` and `sound` make of the media what the
model takes, `features` hands it to vLLM. `route` serves it as `POST /v1/verdict`; `request` reads
what comes in.
"""
