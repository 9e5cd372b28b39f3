//! Input shapes of the operations on stacks and change sets.

use crate::wire::{Allowed, Member, Shape, list, member, one_of, required, text, text_of};

pub(in crate::cloudformation) const TEXT: Shape = text(0, usize::MAX);
pub(in crate::cloudformation) const NEXT_TOKEN: Member = member("NextToken", text(1, 1024));

/// The longest template in a request, in bytes; from S3 it may be 1 MB.
pub(in crate::cloudformation) const LONGEST_TEMPLATE: usize = 51_200;

/// A name, or the ARN of the thing itself.
const fn name_or_arn(min: usize, max: usize) -> Shape {
    text_of(
        Allowed::Pattern("[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/]*", |text| {
            text.starts_with("arn:") || is_name(text)
        }),
        min,
        max,
    )
}

fn is_name(text: &str) -> bool {
    text.starts_with(|initial: char| initial.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

const STACK_NAME: Member = member("StackName", name_or_arn(1, 2048));
const CHANGE_SET_NAME: Member = required("ChangeSetName", name_or_arn(1, 1600));
const TOKEN: Member = member("ClientRequestToken", text(1, 128));

pub(in crate::cloudformation) const PARAMETERS: Shape = list(
    &Shape::Structure(&[
        member("ParameterKey", TEXT),
        member("ParameterValue", TEXT),
        member("UsePreviousValue", Shape::Boolean),
        member("ResolvedValue", TEXT),
    ]),
    0,
    usize::MAX,
);

pub(in crate::cloudformation) const CAPABILITIES: Shape = list(
    &one_of(&[
        "CAPABILITY_IAM",
        "CAPABILITY_NAMED_IAM",
        "CAPABILITY_AUTO_EXPAND",
    ]),
    0,
    usize::MAX,
);

const TAGS: Shape = list(
    &Shape::Structure(&[
        required("Key", text(1, 128)),
        required("Value", text(1, 256)),
    ]),
    0,
    50,
);

pub(crate) const CREATE_CHANGE_SET: Shape = Shape::Structure(&[
    required("StackName", name_or_arn(1, 2048)),
    member("TemplateBody", text(1, usize::MAX)),
    member("TemplateURL", text(1, 5120)),
    member("UsePreviousTemplate", Shape::Boolean),
    member("Parameters", PARAMETERS),
    member("Capabilities", CAPABILITIES),
    member("Tags", TAGS),
    required(
        "ChangeSetName",
        text_of(Allowed::Pattern("[a-zA-Z][-a-zA-Z0-9]*", is_name), 1, 128),
    ),
    member("ClientToken", text(1, 128)),
    member("Description", text(1, 1024)),
    member("ChangeSetType", one_of(&["CREATE", "UPDATE", "IMPORT"])),
    member("IncludeNestedStacks", Shape::Boolean),
    member("ResourceTypes", Shape::Any),
    member("RoleARN", Shape::Any),
    member("RollbackConfiguration", Shape::Any),
    member("NotificationARNs", Shape::Any),
    member("ResourcesToImport", Shape::Any),
    member("OnStackFailure", Shape::Any),
    member("ImportExistingResources", Shape::Any),
    member("DeploymentMode", Shape::Any),
]);

pub(crate) const OF_CHANGE_SET: Shape = Shape::Structure(&[CHANGE_SET_NAME, STACK_NAME]);

pub(crate) const DESCRIBE_CHANGE_SET: Shape = Shape::Structure(&[
    CHANGE_SET_NAME,
    STACK_NAME,
    NEXT_TOKEN,
    member("IncludePropertyValues", Shape::Any),
]);

pub(crate) const EXECUTE_CHANGE_SET: Shape = Shape::Structure(&[
    CHANGE_SET_NAME,
    STACK_NAME,
    TOKEN,
    member("DisableRollback", Shape::Any),
    member("RetainExceptOnCreate", Shape::Any),
]);

pub(crate) const DESCRIBE_STACKS: Shape =
    Shape::Structure(&[member("StackName", TEXT), NEXT_TOKEN]);

pub(crate) const DESCRIBE_EVENTS: Shape =
    Shape::Structure(&[required("StackName", TEXT), NEXT_TOKEN]);

pub(crate) const DELETE_STACK: Shape = Shape::Structure(&[
    required("StackName", TEXT),
    TOKEN,
    member("RetainResources", Shape::Any),
    member("RoleARN", Shape::Any),
    member("DeletionMode", Shape::Any),
]);

pub(crate) const LIST_STACKS: Shape = Shape::Structure(&[
    NEXT_TOKEN,
    member("StackStatusFilter", list(&TEXT, 0, usize::MAX)),
]);

pub(crate) const GET_TEMPLATE: Shape = Shape::Structure(&[
    member("StackName", TEXT),
    member("ChangeSetName", name_or_arn(1, 1600)),
    member("TemplateStage", one_of(&["Original", "Processed"])),
]);

pub(crate) const VALIDATE_TEMPLATE: Shape = Shape::Structure(&[
    member("TemplateBody", text(1, usize::MAX)),
    member("TemplateURL", text(1, 5120)),
]);
