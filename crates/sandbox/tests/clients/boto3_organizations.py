"""Calls every operation of Organizations that the sandbox has."""

UNIT = "ou-root-workloads"
NESTED, SOUTH = f"{UNIT}north", f"{UNIT}south"


def listed(run, operation, items, asked, caller):
    """The ids of a list that is read one by one, and at once."""
    found, token = [], {}
    while True:
        answer = run.call(operation, {**asked, "MaxResults": 1, **token}, caller)
        found += [item["Id"] for item in answer.get(items, ())]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    at_once = run.call(operation, asked, caller)
    run.same(items, found, [item["Id"] for item in at_once.get(items, ())])
    return found


def calls(run, management, member):
    operation, items = "organizations.ListAccounts", "Accounts"
    found = listed(run, operation, items, {}, management)
    run.same("Id", found, ["111111111111", "222222222222", "333333333333"])
    for account in run.call(operation, {}, management).get(items, ()):
        run.same("State", account.get("State"), "ACTIVE")
    run.refused(operation, {"NextToken": "keine Seite"}, management, "InvalidInputException")
    run.refused(operation, {}, member, "AccessDeniedException")

    operation = "organizations.ListAccountsForParent"
    for parent, accounts in (
        ("r-root", ["111111111111", "333333333333"]),
        (UNIT, ["222222222222"]),
        (NESTED, []),
    ):
        found = listed(run, operation, items, {"ParentId": parent}, management)
        run.same(parent, found, accounts)

    operation, items = "organizations.ListOrganizationalUnitsForParent", "OrganizationalUnits"
    for parent, units in (("r-root", [UNIT]), (UNIT, [NESTED, SOUTH]), (NESTED, [])):
        found = listed(run, operation, items, {"ParentId": parent}, management)
        run.same(parent, found, units)
    missing = {"ParentId": "ou-root-missing00"}
    for operation in (operation, "organizations.ListAccountsForParent"):
        run.refused(operation, missing, management, "ParentNotFoundException")
        run.refused(operation, {"ParentId": UNIT}, member, "AccessDeniedException")
