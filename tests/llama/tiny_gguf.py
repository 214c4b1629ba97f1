"""Build a tiny llama-architecture GGUF that follows a script: standard library only, the same bytes every time.

The network is an exact bigram model. A token that drives behaviour has an embedding dimension of its own, all others
share dimension 0; attention and feed-forward are zeros, run but add nothing; so the output matrix holds, for each
previous token, the logits of the next. Nothing it says depends on the prompt but for the mark the chat template ends
with. Run as a program to look at one: `python -m tests.llama.tiny_gguf OUT`.
"""

import string
import struct
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.llama import gguf_file
from tests.llama.gguf_file import F32, Tensor
from tests.llama.script import Script, steps
from tests.llama.vocabulary import Vocabulary, lowest_ranks, printable

ORDINARY_TOKENS = 12_000
SAY, END, NOTHING = "<|say|>", "<|im_end|>", "<|endoftext|>"
_TEMPLATE = Path(__file__).with_name("chat_template.jinja")
_NORMAL, _CONTROL = 1, 3
_EPSILON = 1e-5
_WINDOW = 131_072
_HEADS, _HEAD_DIMENSION = 2, 32

# Logits after any token. What the script wants leads by more than 3. Then `min_p`, which the server applies by default,
# leaves no choice at any temperature. Under a grammar the answer shall end: close what is open, begin nothing else.
_FOLLOWED, _RARE = 14.0, -12.0
_ANYWHERE: Mapping[str, float] = {
    **{letter: 1.0 - 0.01 * at for at, letter in enumerate(string.ascii_letters)},
    **{digit: 2.0 - 0.01 * at for at, digit in enumerate(string.digits)},
    **dict.fromkeys(string.punctuation, -1.0),
    **dict(zip('"}],:{[ ', (6.0, 5.5, 5.0, 4.0, 4.0, 3.5, 3.5, -4.0), strict=True)),
}
_CLOSE: Mapping[str, float] = {"}": 8.0, "]": 8.0, ",": 7.5}
_AFTER: Mapping[str, Mapping[str, float]] = {
    "{": {"}": 12.5},
    "[": {"]": 12.5},
    "}": {END: _FOLLOWED, "\n": 4.5},  # this closes a tool call, where a comma would begin another one
    "\n": {"<": 4.5},
    ">": {END: _FOLLOWED},
    **dict.fromkeys(string.digits, _CLOSE),
}


@dataclass(slots=True)
class _Bigram:
    """Collect the tokens, by what they spell, and the logits that differ from `_ANYWHERE`."""

    kinds: dict[str, int]
    anywhere: dict[str, float]
    after: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    def follow(self, first: str, pieces: list[str]) -> None:
        """Make the pieces follow one another from `first` to the end of the turn."""
        for piece in pieces:
            self.kinds.setdefault(piece, _NORMAL)
        for previous, following in zip([first, *pieces], [*pieces, END], strict=True):
            self.after[previous][following] = _FOLLOWED

    def prefer(self, piece: str, logit: float) -> None:
        """Make a grammar's free choice fall on the piece, and end there."""
        self.kinds.setdefault(piece, _NORMAL)
        self.anywhere[piece] = logit
        self.after[piece].update({**_CLOSE, piece: _RARE})


def build(path: Path, script: Script | None = None, *, feed_forward: int = 32) -> Path:
    """Write the model; a `feed_forward` of 150,000 makes a large, sparse file that takes a second to load."""
    script = script or Script()
    vocabulary = lowest_ranks(ORDINARY_TOKENS)
    bigram = _bigram(script, vocabulary)
    width = 32 * -(-(1 + len(bigram.after)) // 32)
    metadata = _metadata(script, vocabulary, bigram, width, feed_forward)
    gguf_file.write(path, metadata, _tensors(bigram, width, feed_forward))
    return path


def _bigram(script: Script, vocabulary: Vocabulary) -> _Bigram:
    marks = [NOTHING, "<|im_start|>", END, SAY, *(f"<|call_{at}|>" for at in range(len(script.calls)))]
    ordinary = (token.decode("latin-1") for token in vocabulary.tokens)
    bigram = _Bigram({**dict.fromkeys(ordinary, _NORMAL), **dict.fromkeys(marks, _CONTROL)}, dict(_ANYWHERE))
    for previous, logits in _AFTER.items():
        bigram.after[previous].update(logits)
    bigram.prefer(f'"{script.word}"', 9.2)
    bigram.prefer(str(script.number), 5.9)
    calls, said = steps(script, [*bigram.after, *_ANYWHERE])
    for at, pieces in enumerate(calls):
        bigram.follow(f"<|call_{at}|>", pieces)
    bigram.follow(SAY, said)
    # Where the end is forbidden (ignore_eos) the sentence begins again.
    bigram.after[said[-1]][said[0]] = bigram.after[END][said[0]] = _FOLLOWED - 3.5
    return bigram


def _metadata(
    script: Script, vocabulary: Vocabulary, bigram: _Bigram, width: int, feed_forward: int
) -> dict[str, gguf_file.Value]:
    ids = {token: at for at, token in enumerate(bigram.kinds)}
    network: dict[str, gguf_file.Value] = {
        "block_count": 1,
        "context_length": _WINDOW,
        "embedding_length": width,
        "feed_forward_length": feed_forward,
        "attention.head_count": _HEADS,
        "attention.head_count_kv": 1,
        "attention.key_length": _HEAD_DIMENSION,
        "attention.value_length": _HEAD_DIMENSION,
        "attention.layer_norm_rms_epsilon": _EPSILON,
        "rope.dimension_count": _HEAD_DIMENSION,
        "vocab_size": len(ids),
    }
    tokenizer: dict[str, gguf_file.Value] = {
        "ggml.model": "gpt2",
        "ggml.pre": "llama-bpe",
        "ggml.tokens": [printable(token.encode("latin-1")) for token in ids],
        "ggml.token_type": list(bigram.kinds.values()),
        "ggml.merges": [f"{printable(left)} {printable(right)}" for left, right in vocabulary.merges],
        "ggml.bos_token_id": ids[NOTHING],
        "ggml.eos_token_id": ids[END],
        "ggml.padding_token_id": ids[NOTHING],
        "ggml.add_bos_token": False,
        "chat_template": _TEMPLATE.read_text().replace("CALLS", str(len(script.calls))),
    }
    return {
        "general.architecture": "llama",
        "general.name": "tiny-bigram",
        **{f"llama.{key}": value for key, value in network.items()},
        **{f"tokenizer.{key}": value for key, value in tokenizer.items()},
    }


def _tensors(bigram: _Bigram, width: int, feed_forward: int) -> list[Tensor]:
    matrix, vector, queries = (width, len(bigram.kinds)), (width,), _HEADS * _HEAD_DIMENSION
    ones = struct.pack("<f", 1.0) * width
    return [
        Tensor(name="token_embd.weight", shape=matrix, data=_embeddings(bigram, width)),
        Tensor(name="output_norm.weight", shape=vector, kind=F32, data=ones),
        Tensor(name="output.weight", shape=matrix, data=_outputs(bigram, width)),
        Tensor(name="blk.0.attn_norm.weight", shape=vector, kind=F32, data=ones),
        Tensor(name="blk.0.ffn_norm.weight", shape=vector, kind=F32, data=ones),
        Tensor(name="blk.0.attn_q.weight", shape=(width, queries)),
        Tensor(name="blk.0.attn_k.weight", shape=(width, _HEAD_DIMENSION)),
        Tensor(name="blk.0.attn_v.weight", shape=(width, _HEAD_DIMENSION)),
        Tensor(name="blk.0.attn_output.weight", shape=(queries, width)),
        Tensor(name="blk.0.ffn_gate.weight", shape=(width, feed_forward)),
        Tensor(name="blk.0.ffn_up.weight", shape=(width, feed_forward)),
        Tensor(name="blk.0.ffn_down.weight", shape=(feed_forward, width)),
    ]


def _embeddings(bigram: _Bigram, width: int) -> bytes:
    dimensions = {token: at for at, token in enumerate(bigram.after, start=1)}
    one, nothing = struct.pack("<e", 1.0), bytes(2)
    rows = [nothing * at + one + nothing * (width - 1 - at) for at in range(len(dimensions) + 1)]
    return b"".join(rows[dimensions.get(token, 0)] for token in bigram.kinds)


def _outputs(bigram: _Bigram, width: int) -> bytes:
    after: dict[str, dict[int, float]] = defaultdict(dict)
    for at, logits in enumerate(bigram.after.values(), start=1):
        for following, logit in logits.items():
            after[following][at] = logit
    # What RMSNorm makes of a vector with a single 1.
    scale = (1 / width + _EPSILON) ** -0.5

    def row(usual: float, special: Mapping[int, float]) -> bytes:
        return struct.pack(f"<{width}e", *(special.get(at, usual) / scale for at in range(width)))

    rare = row(_RARE, {})
    steered = {token: row(bigram.anywhere.get(token, _RARE), after[token]) for token in (*bigram.anywhere, *after)}
    return b"".join(steered.get(token, rare) for token in bigram.kinds)


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
