//! CloudFormation templates: read them, and evaluate what they say of an account and Region.
//!
//! A [`Template`] with parameters becomes a [`Stack`]: every resource with its properties as
//! CloudFormation would hand them to the service, in an order that heeds nothing but what
//! resources need. Nothing here does I/O.
//!
//! ```
//! use cloudformation_template::{StackPlace, Template};
//!
//! let template = Template::parse(
//!     "
//! Resources:
//!   Queue:
//!     Type: AWS::SQS::Queue
//!     Properties:
//!       QueueName: !Sub work-${AWS::Region}
//! ",
//! )?;
//! let place = StackPlace::new("111122223333", "eu-west-1");
//! let stack = template.instantiate(&place, &[].into())?;
//! assert_eq!(stack.resource("Queue").unwrap().text("QueueName"), Some("work-eu-west-1"));
//! # Ok::<(), cloudformation_template::TemplateError>(())
//! ```
//!
//! Only what the templates of this repository use is known: sections, intrinsic functions,
//! resource types, attributes. Anything else is an error that names it, because what is passed
//! over in silence would be tested by nothing.

mod error;
mod identity;
mod intrinsics;
mod parameter;
mod template;
mod yaml;

pub use error::TemplateError;
pub use identity::unique_uuid;
pub use parameter::{Parameter, ParameterType};
pub use template::{Stack, StackResource, Template};

/// The account and Region of a stack.
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
    /// Names an account and Region of the partition `aws`.
    pub fn new(account: &str, region: &str) -> Self {
        Self {
            partition: "aws".to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
        }
    }

    /// Returns the ARN of a resource of a service in this account and Region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            account,
            region,
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}
