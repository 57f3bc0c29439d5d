"""As much of JSON Schema as the schemas of docs use; a word it does not know is an error, not a pass."""

KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "const", "enum", "items", "properties", "required",
    "additionalProperties",
}  # fmt: skip


def problems(value, schema: dict, root: dict | None = None, place: str = "answer") -> list[str]:
    root = root or schema
    if strange := set(schema) - KNOWN:
        raise ValueError(f"the schema uses {strange}")
    if "$ref" in schema:
        return problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, place)
    found = [] if _is_kind(value, schema.get("type")) else [f"{place} is no {schema['type']}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{place} is not {schema['const']}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place}: {value!r} is none of {schema['enum']}")
    if isinstance(value, dict):
        found += _of_object(value, schema, root, place)
    if isinstance(value, list) and "items" in schema:
        found += [p for n, item in enumerate(value) for p in problems(item, schema["items"], root, f"{place}[{n}]")]
    return found


def _of_object(value: dict, schema: dict, root: dict, place: str) -> list[str]:
    known = schema.get("properties", {})
    found = [f"{place} lacks {name}" for name in schema.get("required", []) if name not in value]
    if schema.get("additionalProperties") is False:
        found += [f"{place} has {name} too" for name in value if name not in known]
    return found + [
        p for name in value if name in known for p in problems(value[name], known[name], root, f"{place}.{name}")
    ]


def _is_kind(value, kinds) -> bool:
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds is None:
        return True
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, KINDS[kind]) for kind in kinds)
