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


def members_set(value, path=""):
    """The paths of all members that the parameters of a call set."""
    if isinstance(value, dict):
        found = set()
        for name, item in value.items():
            found.add(f"{path}.{name}")
            found |= members_set(item, f"{path}.{name}")
        return found
    if isinstance(value, list):
        return set().union(*(members_set(item, f"{path}[]") for item in value))
    return set()
