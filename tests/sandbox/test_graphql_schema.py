"""The GraphQL that the sandbox plays is GitHub's: each type, field and argument is as GitHub publishes it."""

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

from tests.sandbox import cut_schema

GITHUBS = build_schema(cut_schema.GITHUBS.read_text("utf-8"))
OURS = build_schema(cut_schema.OURS.read_text("utf-8"))
TYPES = sorted(name for name in OURS.type_map if not name.startswith("__"))


def parts_of(schema: GraphQLSchema, name: str) -> dict[str, str]:
    """Describe all of a type that a query can rely on."""
    kind: GraphQLNamedType | None = schema.type_map.get(name)
    found = {"kind": type(kind).__name__}
    if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
        found |= {f"implements {one.name}": "" for one in kind.interfaces}
        for label, field in kind.fields.items():
            found |= {label: described(field)}
            found |= {f"{label}({given}:)": described(argument) for given, argument in field.args.items()}
    elif isinstance(kind, GraphQLInputObjectType):
        found |= {label: described(one) for label, one in kind.fields.items()}
    elif isinstance(kind, GraphQLEnumType):
        found |= dict.fromkeys(kind.values, "")
    return found


def described(of: GraphQLField | GraphQLInputField | GraphQLArgument) -> str:
    return f"{of.type}" if isinstance(of, GraphQLField) else f"{of.type} = {of.default_value}"


@pytest.mark.parametrize("name", TYPES)
def test_what_the_sandbox_has_of_a_type_is_as_github_has_it(name: str) -> None:
    assert parts_of(OURS, name) == parts_of(GITHUBS, name)
