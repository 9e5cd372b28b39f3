//! Reading trails: `DescribeTrails`, `GetTrail`, `ListTrails`, `ListTags`.

use super::settings::SETTINGS;
use super::trail::{self, Trail};
use super::{STRING, name, refused};
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{Failure, Output, Shape, Structure, list, member, required};

pub(crate) const DESCRIBE_TRAILS: Shape = Shape::Structure(&[
    member("trailNameList", list(&STRING, 0, usize::MAX)),
    member("includeShadowTrails", Shape::Boolean),
]);

pub(crate) const LIST_TRAILS: Shape = Shape::Structure(&[member("NextToken", STRING)]);

pub(crate) const LIST_TAGS: Shape = Shape::Structure(&[
    required("ResourceIdList", list(&STRING, 0, usize::MAX)),
    member("NextToken", STRING),
]);

fn description(trail: &Trail, request: &Request<'_>) -> Structure {
    let mut members = vec![
        "HomeRegion",
        "HasCustomEventSelectors",
        "HasInsightSelectors",
    ];
    members.extend(SETTINGS);
    members.retain(|member| !trail.hides(member, request));
    trail.answer(&members)
}

pub(crate) fn describe_trails(request: &Request<'_>) -> Result<Structure, Failure> {
    let shadows = request.input.get("includeShadowTrails") != Some(&false.into());
    let mut trails = trail::known(request);
    let named = request.texts("trailNameList");
    if named.is_empty() {
        trails.retain(|trail| trail.is_in(request.region));
    } else {
        let arns = named.into_iter().map(|named| name::arn_of(request, named));
        let arns = arns.collect::<Result<Vec<_>, _>>()?;
        let is_known = |arn: &&String| trails.iter().any(|trail| trail.arn() == arn.as_str());
        let is_own = |arn: &&String| name::owner_in(arn) == request.account();
        if !arns.iter().all(|arn| is_own(&arn) || is_known(&arn)) {
            return Err(trail::foreign_arn(request));
        }
        trails.retain(|trail| arns.iter().any(|arn| arn == trail.arn()));
    }
    trails
        .retain(|trail| shadows || (trail.is_own(request) && trail.is_at_home_in(request.region)));
    let trails = trails.iter().map(|trail| description(trail, request));
    Ok(Structure::new().with("trailList", trails.collect::<Vec<_>>()))
}

pub(crate) fn get_trail(request: &Request<'_>) -> Result<Structure, Failure> {
    let trail = trail::find(request, request.text("Name").unwrap_or_default())?;
    Ok(Structure::new().with("Trail", description(&trail, request)))
}

/// Number of trails on a page. AWS does not document it.
const PAGE: usize = 100;

pub(crate) fn list_trails(request: &Request<'_>) -> Result<Structure, Failure> {
    let trails = trail::known(request);
    let trails = trails.iter();
    let trails = trails.map(|trail| trail.answer(&["TrailARN", "Name", "HomeRegion"]));
    let page = Page::cut(request, trails.collect(), request.text("NextToken"), PAGE)
        .ok_or_else(|| request.protocol.invalid("The next token is not valid."))?;
    Ok(Structure::new()
        .with("Trails", Output::List(page.items))
        .with_some("NextToken", page.next))
}

pub(crate) fn list_tags(request: &Request<'_>) -> Result<Structure, Failure> {
    if request.text("NextToken").is_some() {
        return Err(refused(
            "InvalidTokenException",
            "There are no further tags.",
        ));
    }
    let named = request.texts("ResourceIdList");
    let tags = named.into_iter().map(|arn| tags_of(request, arn));
    let tags = tags.collect::<Result<Vec<_>, _>>()?;
    Ok(Structure::new().with("ResourceTagList", tags))
}

/// The tags of a trail. Only its owner reads them, in its home Region, by its ARN.
fn tags_of(request: &Request<'_>, arn: &str) -> Result<Structure, Failure> {
    if !arn.starts_with("arn:") {
        return Err(name::invalid_arn(format!("{arn} is not an ARN.")));
    }
    let arn = name::arn_of(request, arn)?;
    if name::owner_in(&arn) != request.account() {
        return Err(trail::foreign_arn(request));
    }
    if arn.split(':').nth(3) != Some(request.region) {
        return Err(name::invalid_arn(format!(
            "Region in ARN is wrong, you can only access resources in region {}.",
            request.region
        )));
    }
    let known = trail::known(request);
    let trail = known.iter().find(|trail| trail.arn() == arn);
    let trail =
        trail.ok_or_else(|| refused("ResourceNotFoundException", format!("There is no {arn}.")))?;
    let tags = trail.answer(&["TagsList"]);
    let tags = tags.members().next().map(|(_, tags)| tags.clone());
    Ok(Structure::new()
        .with("ResourceId", arn)
        .with("TagsList", tags.unwrap_or(Output::List(Vec::new()))))
}
