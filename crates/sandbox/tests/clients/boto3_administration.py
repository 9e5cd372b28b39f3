"""Calls what says who works for the organization, and what is deployed in its accounts."""


def paged(run, operation, asked, caller, size="MaxResults", error="InvalidInputException"):
    """A list that is read one by one and at once, and a page that is none."""
    run.call(operation, {**asked, size: 1}, caller)
    run.refused(operation, {**asked, "NextToken": "keine Seite"}, caller, error)
    return run.call(operation, asked, caller)


def calls(run, management, full, empty):
    run.call("organizations.DescribeOrganization", {}, full)
    roots = paged(run, "organizations.ListRoots", {}, management)
    run.same("Roots", [root.get("Id") for root in roots.get("Roots", ())], ["r-root"])
    listed = paged(run, "organizations.ListAWSServiceAccessForOrganization", {}, management)
    services = [one.get("ServicePrincipal") for one in listed.get("EnabledServicePrincipals", ())]
    run.same("stack sets", "member.org.stacksets.cloudformation.amazonaws.com" in services, True)
    of_config = {"ServicePrincipal": "config.amazonaws.com"}
    paged(run, "organizations.ListDelegatedAdministrators", of_config, management)
    policies = {"Filter": "SERVICE_CONTROL_POLICY"}
    listed = paged(run, "organizations.ListPolicies", policies, management).get("Policies", ())
    for policy in listed:
        named = {"PolicyId": policy.get("Id", "")}
        run.call("organizations.DescribePolicy", named, management)
        paged(run, "organizations.ListTargetsForPolicy", named, management)
    missing = {"PolicyId": "p-12345678"}
    run.refused("organizations.DescribePolicy", missing, management, "PolicyNotFoundException")
    run.refused("organizations.ListRoots", {}, full, "AccessDeniedException")
    run.call("iam.ListOrganizationsFeatures", {}, management)

    for operation in ("DescribeConfigurationRecorders", "DescribeConfigurationRecorderStatus"):
        run.call(f"config.{operation}", {"ConfigurationRecorderNames": ["default"]}, full)
        others = {"ConfigurationRecorderNames": ["anderer"]}
        run.refused(f"config.{operation}", others, full, "NoSuchConfigurationRecorderException")
        run.the_rest(f"config.{operation}", {}, full)

    rules = {"EventBusName": "aktivitaet", "NamePrefix": "all", "Limit": 1}
    found = run.call("events.ListRules", rules, full).get("Rules", ())
    run.same("Rules", [rule.get("Name") for rule in found], ["alles"])
    targets = {"Rule": "alles", "EventBusName": "aktivitaet", "Limit": 1}
    found = run.call("events.ListTargetsByRule", targets, full).get("Targets", ())
    run.same("Targets", [target.get("Id") for target in found], ["queue"])
    for operation, asked in (("ListRules", rules), ("ListTargetsByRule", targets)):
        bad = {**asked, "NextToken": "keine Seite"}
        run.refused(f"events.{operation}", bad, full, "ValidationException")
    other = {"Rule": "keine"}
    run.refused("events.ListTargetsByRule", other, full, "ResourceNotFoundException")
    function = {"FunctionName": "page", "Qualifier": "live"}
    found = run.call("lambda.GetFunctionConfiguration", function, full)
    run.same("State", found.get("State"), "Active")
    function = {"FunctionName": "missing"}
    run.refused("lambda.GetFunctionConfiguration", function, empty, "ResourceNotFoundException")
