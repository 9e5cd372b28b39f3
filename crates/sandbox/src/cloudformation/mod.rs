//! AWS CloudFormation, as far as the templates of this repository need it.
//!
//! A [`Template`] is read, given its parameters and becomes a [`Stack`]: every resource
//! with its properties as CloudFormation would hand them to the service. That needs no
//! sandbox, so tests look at roles and rules this way. `Sandbox::deploy` puts a stack
//! into an account.
//!
//! Only what the templates use is known: sections, intrinsic functions, resource types,
//! attributes. Anything else is an error that names it, because what is passed over in
//! silence would be tested by nothing.

mod api;
mod asked;
mod change;
mod error;
mod execution;
mod intrinsics;
mod kinds;
mod parameter;
mod provision;
mod rows;
mod stack_sets;
mod stacks;
mod template;
mod transition;
mod wiring;
mod yaml;

pub(crate) use api::{
    CREATE_CHANGE_SET, DELETE_STACK, DESCRIBE_CHANGE_SET, DESCRIBE_EVENTS, DESCRIBE_STACKS,
    EXECUTE_CHANGE_SET, GET_TEMPLATE, LIST_STACKS, OF_CHANGE_SET, create_change_set,
    delete_change_set, delete_stack, describe_change_set, describe_stack_events, describe_stacks,
    execute_change_set, get_template, list_stacks, on_stack,
};
pub use error::{DeployError, TemplateError};
pub use parameter::{Parameter, ParameterType};
pub(crate) use stack_sets::{
    CREATE_INSTANCES, DELETE_INSTANCES, DESCRIBE_ACCESS, DESCRIBE_INSTANCE, LIST_INSTANCES,
    LIST_OPERATIONS, LIST_RESULTS, LIST_SETS, OF_OPERATION, OF_SET, PRINCIPAL, StackSets,
    UPDATE_INSTANCES, activate_organizations_access, create_stack_instances,
    delete_stack_instances, describe_organizations_access, describe_stack_instance,
    describe_stack_set, describe_stack_set_operation, join, list_stack_instances,
    list_stack_set_operation_results, list_stack_set_operations, list_stack_sets, on_stack_set,
    stop_stack_set_operation, update_stack_instances,
};
pub(crate) use stacks::Stacks;
pub use template::{Stack, StackResource, Template};
pub(crate) use transition::deploy;

/// Where a stack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackPlace {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The twelve-digit id of the account.
    pub account: String,
    /// The Region.
    pub region: String,
}

impl StackPlace {
    /// A place in the partition `aws`.
    pub fn new(account: &str, region: &str) -> Self {
        Self {
            partition: "aws".to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
        }
    }

    /// The ARN of a resource of a service here.
    fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            account,
            region,
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}
