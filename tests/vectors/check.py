"""Reads every golden vector with an independent msgpack and compares it, tag by tag, with the value that was meant."""
import json
import sys

import msgpack


def plain(value):
    """The vector's value as JSON tells it: tags as text, bytes as hex:…"""
    if isinstance(value, dict):
        return {str(tag): plain(inner) for tag, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return "hex:" + value.hex()
    return value


def main():
    passed = failed = 0
    for number, line in enumerate(open(sys.argv[1], encoding="utf-8"), 1):
        name, variant, text, meant = line.rstrip("\n").split("\t")
        octets = bytes.fromhex(text)
        value = msgpack.unpackb(octets, strict_map_key=False, raw=False)
        tags = list(value)
        good = plain(value) == json.loads(meant) and tags == sorted(tags)
        # packb writes shortest integers too: what it makes of the value must be the same bytes
        good = good and msgpack.packb(value, use_bin_type=True) == octets
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"line {number}: {name} ({variant}) reads as {plain(value)}, meant {meant}")
    print(f"vectors: {passed} passed, {failed} failed")
    return 0 if passed > 0 and failed == 0 else 1


sys.exit(main())
