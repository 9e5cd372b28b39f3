"""Which members of an operation's input its calls have set."""


def members(shape, path=""):
    """The paths of all members of an input shape; of items of a list as `[]`."""
    if shape is None:
        return set()
    if shape.type_name == "structure":
        found = set()
        for name, member in shape.members.items():
            found.add(f"{path}.{name}")
            found |= members(member, f"{path}.{name}")
        return found
    if shape.type_name == "list":
        return members(shape.member, f"{path}[]")
    if shape.type_name == "map":
        return members(shape.value, f"{path}[]")
    return set()


def members_set(value, path="", shape=None):
    """The paths of all members that the parameters of a call set. Without their shape, a
    map looks like a structure."""
    if getattr(shape, "type_name", None) == "map":
        return set().union(*(members_set(item, f"{path}[]", shape.value) for item in value.values()))
    if isinstance(value, dict):
        found = set()
        for name, item in value.items():
            found.add(f"{path}.{name}")
            found |= members_set(item, f"{path}.{name}", part(shape, name))
        return found
    if isinstance(value, list):
        return set().union(*(members_set(item, f"{path}[]", getattr(shape, "member", None))
                             for item in value))
    return set()


def part(shape, name):
    """The shape of a member, if the structure is known and has it."""
    return shape.members.get(name) if getattr(shape, "type_name", None) == "structure" else None
