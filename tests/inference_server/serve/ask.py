"""Asks vLLM the first and the last question about two windows; a process of its own.

Usage: ask.py ANSWERS CHECKPOINT...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from vllm import LLM, SamplingParams
from vllm.distributed import cleanup_dist_env_and_memory

from inference_server import verdicts
from inference_server.compress.window import RATE, synthetic


def main(out: str, *checkpoints: str) -> None:
    """Write log-probabilities [checkpoints, windows, questions, vocabulary]."""
    answers = []
    for checkpoint in checkpoints:
        answers.append(ask(checkpoint))
        cleanup_dist_env_and_memory()
    Path(out).write_text(json.dumps(answers))


def ask(checkpoint: str) -> list[list[list[float]]]:
    """Give log-probabilities [windows, questions, vocabulary]."""
    model = LLM(
        checkpoint,
        distributed_executor_backend="uni",
        dtype="bfloat16",
        enforce_eager=True,
        limit_mm_per_prompt={"image": 0, "video": 1, "audio": 1},
        max_logprobs=-1,
        max_model_len=1024,
        max_num_seqs=2,
        mm_processor_cache_gb=0,
    )
    questions = list(verdicts.QUESTIONS.values())
    answers = []
    for window in synthetic(2, seed=5):
        rows = []
        for question in (questions[0], questions[-1]):
            request = {
                "prompt": verdicts.prefix(video=True, sound=True) + verdicts.suffix(question),
                "multi_modal_data": {"video": [window.frames], "audio": [(window.sound, RATE)]},
                "mm_processor_kwargs": {"fps": window.fps, "size": dict(verdicts.PICTURE_SIZE)},
            }
            sampling = SamplingParams(max_tokens=1, temperature=0, logprobs=-1)
            made = model.generate(request, sampling, use_tqdm=False)[0].outputs[0].logprobs[0]
            rows.append([made[token].logprob for token in range(len(made))])
        answers.append(rows)
    return answers


if __name__ == "__main__":
    main(*sys.argv[1:])
