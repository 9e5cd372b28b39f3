//! Events that trails log.

use super::*;

#[tokio::test]
async fn selectors_are_basic_or_advanced_and_complete() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let get = async |name: &str| {
            let answer = cloudtrail.get_event_selectors().trail_name(name).send();
            answer.await.unwrap()
        };
        let basic = get("everywhere").await;
        assert_eq!(
            basic.trail_arn(),
            Some(arn(MEMBER, HOME, "everywhere").as_str())
        );
        let write_only = EventSelector::builder()
            .read_write_type(ReadWriteType::WriteOnly)
            .include_management_events(true)
            .set_data_resources(Some(vec![]))
            .set_exclude_management_event_sources(Some(vec![]))
            .build();
        assert_eq!(basic.event_selectors(), [write_only]);
        assert!(basic.advanced_event_selectors.is_none());

        let default = get("here-only").await;
        assert!(default.event_selectors.is_none());
        let conditions = default.advanced_event_selectors()[0].field_selectors();
        assert_eq!(conditions[0].field(), "eventCategory");
        assert_eq!(conditions[0].equals(), ["Management"]);

        let silent = client(&transport, MEMBER, ELSEWHERE);
        let silent = silent.get_event_selectors().trail_name("there-only").send();
        let silent = silent.await.unwrap();
        assert!(silent.event_selectors.is_none() && silent.advanced_event_selectors.is_none());
    }
}

fn condition(field: &str) -> aws_sdk_cloudtrail::types::builders::AdvancedFieldSelectorBuilder {
    AdvancedFieldSelector::builder().field(field)
}

fn management() -> AdvancedFieldSelector {
    condition("eventCategory")
        .equals("Management")
        .build()
        .unwrap()
}

fn advanced(conditions: impl IntoIterator<Item = AdvancedFieldSelector>) -> AdvancedEventSelector {
    AdvancedEventSelector::builder()
        .name("Auswahl ✓")
        .set_field_selectors(Some(conditions.into_iter().collect()))
        .build()
        .unwrap()
}

#[tokio::test]
async fn selectors_that_are_put_are_the_selectors() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let put = || cloudtrail.put_event_selectors().trail_name("everywhere");
        let get = async || {
            let answer = cloudtrail.get_event_selectors().trail_name("everywhere");
            answer.send().await.unwrap()
        };
        let selector = advanced([
            management(),
            condition("eventName")
                .starts_with("a")
                .ends_with("b")
                .not_equals("c")
                .not_starts_with("d")
                .not_ends_with("✓")
                .build()
                .unwrap(),
        ]);
        let answer = put()
            .advanced_event_selectors(selector.clone())
            .send()
            .await;
        assert_eq!(
            answer.unwrap().advanced_event_selectors(),
            std::slice::from_ref(&selector)
        );
        assert_eq!(get().await.advanced_event_selectors(), [selector]);
        assert!(get().await.event_selectors.is_none());

        let data = DataResource::builder()
            .r#type("AWS::S3::Object")
            .values("arn:aws:s3:::Größe/")
            .build();
        let selector = EventSelector::builder()
            .read_write_type(ReadWriteType::All)
            .include_management_events(false)
            .data_resources(data)
            .exclude_management_event_sources("kms.amazonaws.com")
            .build();
        put()
            .event_selectors(selector.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(get().await.event_selectors(), [selector]);
        assert!(get().await.advanced_event_selectors.is_none());
    }
}

#[tokio::test]
async fn selectors_that_cloudtrail_does_not_take_are_refused() {
    for transport in both(ORGANIZATION).await {
        let cloudtrail = client(&transport, MEMBER, HOME);
        let put = || cloudtrail.put_event_selectors().trail_name("everywhere");
        let basic = EventSelector::builder;
        let too_many = (0..501).map(|number| format!("e{number}")).collect();
        let data = DataResource::builder()
            .r#type("AWS::S3::Object")
            .set_values(Some(vec!["arn:aws:s3:::b/".to_owned(); 251]))
            .build();
        let odd_data = DataResource::builder().r#type("AWS::SNS::Topic").build();
        for request in [
            put(),
            put()
                .event_selectors(basic().build())
                .advanced_event_selectors(advanced([management()])),
            put().set_event_selectors(Some(vec![])),
            put().set_advanced_event_selectors(Some(vec![])),
            put().set_event_selectors(Some(vec![basic().build(); 6])),
            put().event_selectors(basic().read_write_type("read-only".into()).build()),
            put().event_selectors(
                basic()
                    .exclude_management_event_sources("s3.amazonaws.com")
                    .build(),
            ),
            put().event_selectors(basic().data_resources(data).build()),
            put().event_selectors(basic().data_resources(odd_data).build()),
            put().advanced_event_selectors(advanced([condition("eventName")
                .equals("a")
                .build()
                .unwrap()])),
            put().advanced_event_selectors(advanced([condition("eventCategory").build().unwrap()])),
            put().advanced_event_selectors(advanced([
                management(),
                condition("readOnly").not_equals("true").build().unwrap(),
            ])),
            put().advanced_event_selectors(advanced([
                management(),
                condition("eventName")
                    .set_equals(Some(too_many))
                    .build()
                    .unwrap(),
            ])),
        ] {
            assert_eq!(
                refusal(request.send().await),
                "InvalidEventSelectorsException"
            );
        }
        let selectors = cloudtrail.get_event_selectors().trail_name("everywhere");
        let selectors = selectors.send().await.unwrap();
        let kept = selectors.event_selectors()[0].read_write_type();
        assert_eq!(kept, Some(&ReadWriteType::WriteOnly));
    }
}
