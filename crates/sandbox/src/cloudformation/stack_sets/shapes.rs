//! Input shapes of the operations on stack sets.

use crate::cloudformation::api::shapes::{NEXT_TOKEN, PARAMETERS, TEXT};
use crate::organization::is_account_id;
use crate::wire::{Allowed, Member, Shape, integer, list, member, one_of, required, text, text_of};

const NAME: Member = required("StackSetName", TEXT);
const CALL_AS: Member = member("CallAs", one_of(&["SELF", "DELEGATED_ADMIN"]));
const MAX_RESULTS: Member = member("MaxResults", integer(1, 100));
const OPERATION: Shape = text(1, 128);
const ACCOUNT: Shape = text_of(
    Allowed::Pattern("^[0-9]{12}$", is_account_id),
    0,
    usize::MAX,
);
const ACCOUNTS: Shape = list(&ACCOUNT, 0, usize::MAX);
const REGIONS: Shape = list(&text(1, 128), 0, usize::MAX);

const TARGETS: Shape = Shape::Structure(&[
    member("Accounts", ACCOUNTS),
    member("AccountsUrl", text(1, 5120)),
    member(
        "OrganizationalUnitIds",
        list(
            &text_of(
                Allowed::Pattern(
                    "^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$",
                    |text| text.starts_with("ou-") || text.starts_with("r-"),
                ),
                0,
                usize::MAX,
            ),
            0,
            usize::MAX,
        ),
    ),
    member(
        "AccountFilterType",
        one_of(&["NONE", "INTERSECTION", "DIFFERENCE", "UNION"]),
    ),
]);

pub(super) const PREFERENCES: Shape = Shape::Structure(&[
    member("RegionConcurrencyType", one_of(&["SEQUENTIAL", "PARALLEL"])),
    member("RegionOrder", REGIONS),
    member("FailureToleranceCount", integer(0, i64::MAX)),
    member("FailureTolerancePercentage", integer(0, 100)),
    member("MaxConcurrentCount", integer(1, i64::MAX)),
    member("MaxConcurrentPercentage", integer(1, 100)),
    member(
        "ConcurrencyMode",
        one_of(&["STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"]),
    ),
]);

/// Filters by name, as many as the operation takes.
const FILTERS: Shape = list(
    &Shape::Structure(&[member("Name", TEXT), member("Values", text(1, 128))]),
    0,
    3,
);

pub(crate) const OF_SET: Shape = Shape::Structure(&[NAME, CALL_AS]);

pub(crate) const LIST_SETS: Shape = Shape::Structure(&[
    NEXT_TOKEN,
    MAX_RESULTS,
    member("Status", one_of(&["ACTIVE", "DELETED"])),
    CALL_AS,
]);

pub(crate) const LIST_OPERATIONS: Shape =
    Shape::Structure(&[NAME, NEXT_TOKEN, MAX_RESULTS, CALL_AS]);

pub(crate) const OF_OPERATION: Shape =
    Shape::Structure(&[NAME, required("OperationId", OPERATION), CALL_AS]);

pub(crate) const LIST_RESULTS: Shape = Shape::Structure(&[
    NAME,
    required("OperationId", OPERATION),
    NEXT_TOKEN,
    MAX_RESULTS,
    CALL_AS,
    member("Filters", FILTERS),
]);

pub(crate) const LIST_INSTANCES: Shape = Shape::Structure(&[
    NAME,
    NEXT_TOKEN,
    MAX_RESULTS,
    member("Filters", FILTERS),
    member("StackInstanceAccount", ACCOUNT),
    member("StackInstanceRegion", text(1, 128)),
    CALL_AS,
]);

pub(crate) const DESCRIBE_INSTANCE: Shape = Shape::Structure(&[
    NAME,
    required("StackInstanceAccount", ACCOUNT),
    required("StackInstanceRegion", text(1, 128)),
    CALL_AS,
]);

const MADE_OR_CHANGED: Shape = Shape::Structure(&[
    NAME,
    member("Accounts", ACCOUNTS),
    member("DeploymentTargets", TARGETS),
    required("Regions", REGIONS),
    member("ParameterOverrides", PARAMETERS),
    member("OperationPreferences", PREFERENCES),
    member("OperationId", OPERATION),
    CALL_AS,
]);

pub(crate) const CREATE_INSTANCES: Shape = MADE_OR_CHANGED;

pub(crate) const UPDATE_INSTANCES: Shape = MADE_OR_CHANGED;

pub(crate) const DELETE_INSTANCES: Shape = Shape::Structure(&[
    NAME,
    member("Accounts", ACCOUNTS),
    member("DeploymentTargets", TARGETS),
    required("Regions", REGIONS),
    member("OperationPreferences", PREFERENCES),
    required("RetainStacks", Shape::Boolean),
    member("OperationId", OPERATION),
    CALL_AS,
]);

pub(crate) const DESCRIBE_ACCESS: Shape = Shape::Structure(&[CALL_AS]);
