#!/usr/bin/env python3
"""The JSON Schema against the files: examples and good files validate, and
wrong files that say `# schema: rejects` do not.

    schema_test.py SOURCE_DIR
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml

REJECTED_MIN = 100


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, as the loader of dKVM has it: `off` is text."""

    yaml_implicit_resolvers = {}


CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))
CoreLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.inf$|^\.nan$"),
    list("-+.0123456789"))
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


def construct_integer(loader, node):
    """Decimal, also with leading zeros."""
    return int(loader.construct_scalar(node))


class Number(float):
    """1e9 is a number to the loader of dKVM, not a whole one."""

    def is_integer(self):
        return False


def construct_number(loader, node):
    return Number(loader.construct_scalar(node).replace(".inf", "inf").replace(".nan", "nan"))


def construct_map(loader, node):
    """Keys are text whatever they look like."""
    loader.flatten_mapping(node)
    return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}


CoreLoader.add_constructor("tag:yaml.org,2002:int", construct_integer)
CoreLoader.add_constructor("tag:yaml.org,2002:float", construct_number)
CoreLoader.add_constructor("tag:yaml.org,2002:map", construct_map)


def main():
    source = pathlib.Path(sys.argv[1])
    schema = json.loads((source / "config/schema/kvm.schema.json").read_text("utf-8"))
    base = jsonschema.Draft7Validator
    base.check_schema(schema)
    validator = base(schema)
    failures = []

    def errors_of(path):
        document = yaml.load(path.read_bytes(), CoreLoader)
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
                for e in validator.iter_errors(document)]

    corpus = source / "tests/corpus/config"
    good = sorted((corpus / "good").glob("*.yaml")) + sorted(
        (source / "config/examples").glob("kvm*.yaml"))
    for path in good:
        failures += [f"{path.name} is right but {error}" for error in errors_of(path)]
    rejected = [path for path in sorted(corpus.glob("*.yaml"))
                if b"# schema: rejects" in path.read_bytes()]
    failures += [f"{path.name} is wrong but validates" for path in rejected if not errors_of(path)]
    if len(good) < 10 or len(rejected) < REJECTED_MIN:
        failures.append(f"only {len(good)} right and {len(rejected)} wrong files were found")

    print(f"{len(good)} right and {len(rejected)} wrong files")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
