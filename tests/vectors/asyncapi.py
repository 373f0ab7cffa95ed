"""Holds proto/asyncapi.yaml against the declarations of stream 4 and, given bodies (one a line), against what Redis really got.

Independent of the C tables: it reads the .def files by itself. usage: asyncapi.py [BODIES…]"""
import json
import re
import sys

import yaml

ASYNCAPI = "proto/asyncapi.yaml"
# a field of the message on the wire -> how JSON names it; what JSON alone has
RENAMED = {"due_ms": "due"}
JSON_ONLY = {"seq": "the event's place in its stream", "state": "which of the messages it is"}
STATES = {"warning_raised": "raised", "warning_resolved": "resolved"}

faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


# --- what the .def files say ---


def limits():
    text = open("proto/limits.h", encoding="utf-8").read()
    return {name: int(value) for name, value in re.findall(r"#define (LIMIT_\w+) (\d+)\b", text)}


def words():
    text = open("proto/words.def", encoding="utf-8").read()
    sets = {}
    for name, word, number in re.findall(r"WORD_IN\((\w+), (\w+), (\d+),", text):
        if number != "0":
            sets.setdefault(name, []).append(word)
    return sets


def messages():
    """name -> {field: (macro, arguments)}, in order."""
    text = open("proto/4-warnings.def", encoding="utf-8").read()
    found = {}
    for name, body in re.findall(r"MESSAGE\((\w+), 4\d\d,.*?\n(.*?)END\(\1\)", text, re.S):
        fields = {}
        for macro, rest in re.findall(r"^([A-Z0-9]+)\(\d+, (.*?)\)\s*$", body, re.M):
            parts = [part.strip() for part in re.sub(r',\s*".*', "", rest).split(",")]
            fields[parts[0]] = (macro, parts[1:])
        found[name] = fields
    return found


# --- the document in itself ---


def resolve(document, ref, where):
    node = document
    if not ref.startswith("#/"):
        fault(where, f"{ref} lies elsewhere")
        return {}
    for part in ref[2:].split("/"):
        if not isinstance(node, dict) or part not in node:
            fault(where, f"{ref} leads nowhere")
            return {}
        node = node[part]
    return node


def walk(document, node, where="#"):
    """Every $ref leads somewhere; nothing else stands beside it."""
    if isinstance(node, list):
        for index, inner in enumerate(node):
            walk(document, inner, f"{where}/{index}")
    if not isinstance(node, dict):
        return
    if "$ref" in node:
        resolve(document, node["$ref"], where)
        if len(node) > 1:
            fault(where, "something stands beside a $ref, and is not read")
    for key, inner in node.items():
        walk(document, inner, f"{where}/{key}")


def check_document(document):
    if document.get("asyncapi") != "3.0.0":
        fault("#", "not an AsyncAPI 3.0.0 document")
    for key in ("title", "version"):
        if not document.get("info", {}).get(key):
            fault("#/info", f"no {key}")
    for name, server in document.get("servers", {}).items():
        if not server.get("host") or not server.get("protocol"):
            fault(f"#/servers/{name}", "no host or no protocol")
    walk(document, document)
    spoken_of = set()
    for name, operation in document.get("operations", {}).items():
        ref = operation.get("channel", {}).get("$ref", "")
        if operation.get("action") not in ("send", "receive") or not ref.startswith("#/channels/"):
            fault(f"#/operations/{name}", "needs an action, send or receive, and a channel")
        spoken_of.add(ref.rsplit("/", 1)[-1])
    for name, channel in document.get("channels", {}).items():
        where = f"#/channels/{name}"
        inside = set(re.findall(r"\{(\w+)\}", channel.get("address", "")))
        if inside != set(channel.get("parameters", {})):
            fault(where, f"the address has {sorted(inside)}, declared are {sorted(channel.get('parameters', {}))}")
        if not channel.get("messages"):
            fault(where, "carries nothing")
        if name not in spoken_of:
            fault(where, "no operation uses it")


# --- the document against the declarations ---


def check_limit(where, schema, key, meant):
    if key in schema and schema[key] != meant:
        fault(where, f"{key} is {schema[key]}, declared is {meant}")


def check_field(where, schema, macro, arguments, bounds, sets):
    number = lambda text: bounds.get(text, int(text) if text.isdigit() else None)
    if macro == "WORD":
        meant = sets.get(arguments[0], [])
        if schema.get("enum") != meant:
            fault(where, f"enum is {schema.get('enum')}, declared is {meant}")
    elif macro == "BOOL":
        if schema.get("type") != "boolean":
            fault(where, "declared as yes or no")
    elif macro == "FIXED":
        if schema.get("pattern") != f"^[0-9a-f]{{{2 * int(arguments[0])}}}$":
            fault(where, f"declared as {arguments[0]} bytes")
    elif macro == "U64":
        if schema.get("format") != "date-time" and schema.get("type") != "integer":
            fault(where, "declared as a number")
    elif macro in ("SLUGS", "TEXTS", "LIST"):
        if schema.get("type") != "array":
            fault(where, "declared as a list")
        check_limit(where, schema, "maxItems", number(arguments[-1 if macro == "SLUGS" else 0]))
    else:
        if schema.get("type") != "string":
            fault(where, "declared as text")
        check_limit(where, schema, "minLength", number(arguments[0]))
        check_limit(where, schema, "maxLength", number(arguments[1]))


def check_fields(document, declared):
    bounds, sets = limits(), words()
    schema = document["components"]["schemas"]["warning"]
    told, untold = schema["properties"], schema.get("x-not-told", [])
    where = "#/components/schemas/warning"
    raised = declared["warning_raised"]
    for field, (macro, arguments) in raised.items():
        name = RENAMED.get(field, field)
        if field in untold:
            if name in told:
                fault(where, f"{name} is told and in x-not-told")
        elif name not in told:
            fault(where, f"warning_raised has {field}: describe it (and tell it in notice.c), or name it in x-not-told")
        else:
            check_field(f"{where}/{name}", told[name], macro, arguments, bounds, sets)
    known = {RENAMED.get(field, field) for field in raised} | set(JSON_ONLY)
    for name in told:
        if name not in known:
            fault(where, f"{name} is no field of warning_raised")
    for field in untold:
        if field not in raised:
            fault(where, f"x-not-told names {field}, which is no field of warning_raised")
    for field, meant in declared["warning_resolved"].items():
        if raised.get(field) != meant:
            fault("proto/4-warnings.def", f"warning_resolved.{field} is not what warning_raised has")
    if sorted(schema["required"]) != sorted(told):
        fault(where, f"required and properties differ: {sorted(set(schema['required']) ^ set(told))}")
    if told["state"]["enum"] != list(STATES.values()):
        fault(where, "states are not the messages that are told")


def check_messages(document, declared):
    """Each message of stream 4 is described, or named as one that Redis does not hear of."""
    described = document["components"]["messages"]
    untold = document["channels"]["mailbox"].get("x-not-told", [])
    for name in declared:
        if name not in STATES and name not in untold:
            fault("#/channels/mailbox", f"stream 4 has {name}: describe it, or name it in x-not-told")
    for name in untold:
        if name not in declared or name in STATES:
            fault("#/channels/mailbox", f"x-not-told names {name}")
    if sorted(described) != sorted(STATES.values()):
        fault("#/components/messages", f"described are {sorted(described)}")
    for name, message in described.items():
        for example in message.get("examples", []):
            check_body(document, example["payload"], f"#/components/messages/{name}/examples/{example.get('name')}")


# --- a body against the schema ---

TYPES = {"integer": int, "string": str, "array": list, "boolean": bool}
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$")


def check_value(schema, value, where):
    kind = TYPES[schema["type"]]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        fault(where, f"{value!r} is no {schema['type']}")
        return
    if "enum" in schema and value not in schema["enum"]:
        fault(where, f"{value!r} is none of {schema['enum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        fault(where, f"{value!r} does not match")
    if schema.get("format") == "date-time" and not INSTANT.match(value):
        fault(where, f"{value!r} is no instant")
    size = len(value.encode()) if kind is str else len(value) if kind is list else value
    low = schema.get("minLength", schema.get("minimum", 0))
    high = schema.get("maxLength", schema.get("maxItems", schema.get("maximum")))
    if size < low or (high is not None and size > high):
        fault(where, f"{value!r} is out of bounds")
    if kind is list:
        for index, item in enumerate(value):
            check_value(schema["items"], item, f"{where}/{index}")


def check_body(document, body, where):
    schema = document["components"]["schemas"]["warning"]
    for name in schema["required"]:
        if name not in body:
            fault(where, f"{name} is missing")
    for name, value in body.items():
        if name not in schema["properties"]:
            fault(where, f"{name} is described nowhere")
        else:
            check_value(schema["properties"][name], value, f"{where}/{name}")


def main():
    document = yaml.safe_load(open(ASYNCAPI, encoding="utf-8"))
    declared = messages()
    if not {"warning_raised", "warning_resolved"} <= set(declared):
        fault("proto/4-warnings.def", "cannot be read any more: mend this check")
    check_document(document)
    if not faults:
        check_fields(document, declared)
        check_messages(document, declared)
    bodies = 0
    for name in sys.argv[1:]:
        for number, line in enumerate(open(name, encoding="utf-8"), 1):
            check_body(document, json.loads(line), f"{name}:{number}")
            bodies += 1
        if bodies == 0:
            fault(name, "no bodies")
    for line in faults[:20]:
        print(f"asyncapi: {line}")
    told = f" and {bodies} bodies that Redis got" if sys.argv[1:] else ""
    print(f"asyncapi: {len(declared)} messages of stream 4{told}: {0 if faults else 1} passed, {1 if faults else 0} failed")
    return 1 if faults else 0


sys.exit(main())
