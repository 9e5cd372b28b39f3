//! Errors of deploying a stack.

/// An error of deploying a stack: the resource that could not be created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{logical_id} ({resource_type}): {problem}")]
pub struct DeployError {
    /// The logical id of the resource.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// The answer of the service, or what the sandbox lacks.
    pub problem: String,
}
