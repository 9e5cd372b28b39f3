//! One resource: put into its account, changed there, taken out again.

use std::sync::Arc;

use serde_json::json;

use super::asked::{Asked, to_put, to_remove};
use super::kinds::creating_action;
use super::{StackPlace, StackResource, rows, stack_sets, wiring};
use crate::faults::Effect;
use crate::request::perform_as_administrator;
use crate::world::World;

/// A resource and where it is to be.
#[derive(Clone, Copy)]
pub(super) struct Placed<'a> {
    pub(super) world: &'a Arc<World>,
    pub(super) place: &'a StackPlace,
    pub(super) resource: &'a StackResource,
}

/// Error of a resource, in the words of its service.
pub(super) type Problem = String;

impl Placed<'_> {
    /// Makes the resource, or makes it of what it was before.
    pub(super) async fn put(self, before: Option<&StackResource>) -> Result<(), Problem> {
        let is_there = before.is_some();
        self.denied()?;
        match self.resource.resource_type.as_str() {
            // A permission is never changed: the old one makes room.
            "AWS::Lambda::Permission" if is_there => self.remove_before(before).await?,
            "AWS::Lambda::Function" => self.look_for_code().await?,
            "AWS::CloudFormation::StackSet" => return stack_sets::put(self, before).await,
            _ => {}
        }
        match to_put(self.resource, is_there) {
            Some(asked) => match self.ask(asked).await {
                Err((problem, done)) => {
                    // Half of a resource is none.
                    if done > 0 && !is_there {
                        self.remove().await?;
                    }
                    Err(problem)
                }
                Ok(()) => Ok(()),
            },
            None if self.put_without_request(is_there)? => Ok(()),
            None => Err("the sandbox has no resources of this type".to_owned()),
        }
    }

    /// Returns whether the resource could be put where no request puts it.
    fn put_without_request(self, is_there: bool) -> Result<bool, Problem> {
        Ok(rows::put(self, is_there)? || wiring::put(self)? || is_inert(self.resource))
    }

    /// Takes the resource out of its account. What is not there any more is no problem.
    pub(super) async fn remove(self) -> Result<(), Problem> {
        if self.resource.resource_type == "AWS::S3::Bucket" {
            let bucket = self.resource.reference();
            if self.world.objects.any_in(bucket) {
                return Err(format!(
                    "The bucket you tried to delete is not empty ({bucket}). You must delete \
                     all versions in the bucket."
                ));
            }
        }
        if self.resource.resource_type == "AWS::CloudFormation::StackSet" {
            return stack_sets::remove(self).await;
        }
        let Some(asked) = to_remove(self.resource) else {
            rows::remove(self);
            wiring::remove(self);
            return Ok(());
        };
        match self.ask(asked).await {
            Err((problem, _)) if !is_gone(&problem) => Err(problem),
            _ => Ok(()),
        }
    }

    async fn remove_before(self, before: Option<&StackResource>) -> Result<(), Problem> {
        let Some(resource) = before else {
            return Ok(());
        };
        let asked = to_remove(resource).unwrap_or_default();
        self.ask(asked).await.map_err(|(problem, _)| problem)
    }

    /// Returns the denial of a request that AWS makes and the sandbox does not model.
    fn denied(self) -> Result<(), Problem> {
        let Some(action) = creating_action(&self.resource.resource_type) else {
            return Ok(());
        };
        let account = &self.place.account;
        let denied = |effect: &Effect| *effect == Effect::AccessDenied;
        match self.world.faults.take(account, action, denied) {
            Some(_) => Err(format!(
                "AccessDenied: no permission for {action} in account {account}"
            )),
            None => Ok(()),
        }
    }

    /// Lambda takes the code of a function out of a bucket of its Region, in the version
    /// that is named.
    async fn look_for_code(self) -> Result<(), Problem> {
        let code = self.resource.properties.get("Code");
        let of = |member: &str| code.and_then(|code| code.get(member)).cloned();
        let object = json!({
            "Bucket": of("S3Bucket"),
            "Key": of("S3Key"),
            "VersionId": of("S3ObjectVersion"),
        });
        let (account, region) = (&self.place.account, &self.place.region);
        let got = ("s3", "GetObject");
        let got = perform_as_administrator(self.world, account, region, got, object).await;
        got.map(drop).map_err(|failure| {
            format!(
                "Resource handler returned message: \"Error occurred while GetObject. S3 Error \
                 Code: {}. S3 Error Message: {}\"",
                failure.code, failure.message
            )
        })
    }

    /// Asks one after the other. An error comes with the number of those that were done.
    async fn ask(self, asked: Vec<Asked>) -> Result<(), (Problem, usize)> {
        for (done, (service, operation, input)) in asked.into_iter().enumerate() {
            let (account, region) = (&self.place.account, &self.place.region);
            let operation = (service, operation);
            perform_as_administrator(self.world, account, region, operation, input)
                .await
                .map_err(|failure| (failure.to_string(), done))?;
        }
        Ok(())
    }
}

/// Returns true for a resource that changes nothing that is modelled here.
fn is_inert(resource: &StackResource) -> bool {
    matches!(
        resource.resource_type.as_str(),
        "AWS::Config::ConfigurationAggregator"
            | "AWS::SSM::Document"
            | "AWS::SecurityHub::AutomationRule"
    )
}

/// Returns true if a refusal says that there is nothing to be removed.
fn is_gone(problem: &str) -> bool {
    let code = problem.split(':').next().unwrap_or_default();
    ["NotFound", "ResourceNotFound", "NoSuch"]
        .iter()
        .any(|start| code.starts_with(start))
}
