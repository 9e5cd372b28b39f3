//! AWS CloudFormation, as far as the templates of this repository need it.
//!
//! Templates are read by the crate `cloudformation-template`; `Sandbox::deploy` puts a stack
//! into an account, and the API does so by change sets and stack sets.

mod api;
mod asked;
mod change;
mod error;
mod execution;
mod kinds;
mod provision;
mod rows;
mod stack_sets;
mod stacks;
mod transition;
mod wiring;

pub(crate) use api::{
    CREATE_CHANGE_SET, DELETE_STACK, DESCRIBE_CHANGE_SET, DESCRIBE_EVENTS, DESCRIBE_STACKS,
    EXECUTE_CHANGE_SET, GET_TEMPLATE, LIST_STACKS, OF_CHANGE_SET, VALIDATE_TEMPLATE,
    create_change_set, delete_change_set, delete_stack, describe_change_set, describe_stack_events,
    describe_stacks, execute_change_set, get_template, list_stacks, on_stack, validate_template,
};
pub use cloudformation_template::{
    Parameter, ParameterType, Stack, StackPlace, StackResource, Template, TemplateError,
};
pub use error::DeployError;
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
pub(crate) use transition::deploy;
