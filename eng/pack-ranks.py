#!/usr/bin/env python3
"""Packs an OpenAI rank file ("base64 rank" per line, gzip or plain) into the form that RankTable reads.

Usage: pack-ranks.py INPUT.tiktoken[.gz] OUTPUT.bin

Format, little endian: "RNK1", uint32 token count, one length byte per token in rank order, then the tokens' bytes in rank order.
The sha256 of the unpacked input is printed, to compare with the one in Gateway.Transforms/Tokens/Ranks/README.md.
"""
import base64
import gzip
import hashlib
import struct
import sys


def main(source: str, target: str) -> None:
    with open(source, "rb") as file:
        text = file.read()
    if text[:2] == b"\x1f\x8b":
        text = gzip.decompress(text)
    tokens = []
    for line in text.splitlines():
        encoded, rank = line.split(b" ")
        if int(rank) != len(tokens):
            sys.exit(f"rank {int(rank)} where {len(tokens)} was expected: the format has no gaps")
        tokens.append(base64.b64decode(encoded))
    if max(map(len, tokens)) > 255:
        sys.exit("a token is longer than one length byte can say")
    with open(target, "wb") as file:
        file.write(b"RNK1" + struct.pack("<I", len(tokens)))
        file.write(bytes(map(len, tokens)))
        file.write(b"".join(tokens))
    print(f"{len(tokens)} tokens, longest {max(map(len, tokens))} bytes, sha256 of input {hashlib.sha256(text).hexdigest()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
