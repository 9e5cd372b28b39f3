//! The tables of the README, as patterns and events.
#![allow(clippy::unwrap_used, reason = "test")]

use event_pattern::Pattern;

const MATCHES: &[(&str, &str, bool)] = &[
    (r#"{"a":["x"]}"#, r#"{"a":"x"}"#, true),
    (r#"{"a":["x"]}"#, r#"{"a":"X"}"#, false),
    (r#"{"a":["x"]}"#, r#"{"a":{"x":"x"}}"#, false),
    (r#"{"a":["5"]}"#, r#"{"a":5}"#, false),
    (
        r#"{"a":[{"exactly":"10.0.0.5"}]}"#,
        r#"{"a":"10.0.0.05"}"#,
        false,
    ),
    (r#"{"a":["10.0.0.5"]}"#, r#"{"a":"10.0.0.05"}"#, true),
    (
        r#"{"a":["2001:db8::1"]}"#,
        r#"{"a":"2001:DB8:0:0::1"}"#,
        true,
    ),
    (
        r#"{"a":[{"prefix":{"equals-ignore-case":"AW"}}]}"#,
        r#"{"a":"aws"}"#,
        true,
    ),
    (r#"{"a":[{"prefix":""}]}"#, r#"{"a":5}"#, false),
    (r#"{"a":[{"wildcard":"*"}]}"#, r#"{"a":null}"#, false),
    // Numbers: by value, and by their text where they cannot be compared.
    (r#"{"a":[5]}"#, r#"{"a":5.0}"#, true),
    (r#"{"a":[5]}"#, r#"{"a":50e-1}"#, true),
    (r#"{"a":[5]}"#, r#"{"a":"5"}"#, false),
    (r#"{"a":[111122223333]}"#, r#"{"a":111122223333}"#, true),
    (r#"{"a":[111122223333]}"#, r#"{"a":111122223333.0}"#, false),
    (
        r#"{"a":[{"numeric":["<",1]}]}"#,
        r#"{"a":0.1234567}"#,
        false,
    ),
    (r#"{"a":[{"numeric":["<",1]}]}"#, r#"{"a":0.123456}"#, true),
    (
        r#"{"a":[{"numeric":["<",1]}]}"#,
        r#"{"a":-5000000000}"#,
        true,
    ),
    (
        r#"{"a":[{"numeric":["<",1]}]}"#,
        r#"{"a":-5000000001}"#,
        false,
    ),
    (r#"{"a":[{"numeric":[">",0,"<=",5]}]}"#, r#"{"a":5}"#, true),
    (r#"{"a":[{"numeric":[">",0,"<=",5]}]}"#, r#"{"a":0}"#, false),
    (r#"{"a":[{"numeric":["=",-0]}]}"#, r#"{"a":0.0}"#, true),
    // anything-but: every other value of whatever type, in an array one is enough.
    (r#"{"a":[{"anything-but":"x"}]}"#, r#"{"a":5}"#, true),
    (r#"{"a":[{"anything-but":"x"}]}"#, r#"{"a":null}"#, true),
    (r#"{"a":[{"anything-but":"x"}]}"#, "{}", false),
    (
        r#"{"a":[{"anything-but":"x"}]}"#,
        r#"{"a":["x","y"]}"#,
        true,
    ),
    (r#"{"a":[{"anything-but":"x"}]}"#, r#"{"a":["x"]}"#, false),
    (r#"{"a":[{"anything-but":5}]}"#, r#"{"a":"5"}"#, true),
    (r#"{"a":[{"anything-but":[5,6]}]}"#, r#"{"a":6.0}"#, false),
    (
        r#"{"a":[{"anything-but":{"prefix":["x","y"]}}]}"#,
        r#"{"a":"yz"}"#,
        false,
    ),
    (
        r#"{"a":[{"anything-but":{"equals-ignore-case":"x"}}]}"#,
        r#"{"a":"X"}"#,
        false,
    ),
    (
        r#"{"a":[{"anything-but":{"wildcard":"*y*"}}]}"#,
        r#"{"a":"xyz"}"#,
        false,
    ),
    (
        r#"{"a":[{"anything-but":{"suffix":"z"}}]}"#,
        r#"{"a":"za"}"#,
        true,
    ),
    // Words.
    (r#"{"a":[null]}"#, r#"{"a":null}"#, true),
    (r#"{"a":[null]}"#, "{}", false),
    (r#"{"a":[""]}"#, r#"{"a":""}"#, true),
    (r#"{"a":[""]}"#, r#"{"a":null}"#, false),
    (r#"{"a":[true]}"#, r#"{"a":"true"}"#, false),
    // A value is a leaf.
    (r#"{"a":[{"exists":true}]}"#, r#"{"a":null}"#, true),
    (r#"{"a":[{"exists":true}]}"#, r#"{"a":{"b":1}}"#, false),
    (r#"{"a":[{"exists":false}]}"#, r#"{"a":{"b":1}}"#, true),
    (r#"{"a":[{"exists":false}]}"#, r#"{"a":[]}"#, true),
    (r#"{"a":[{"exists":false}]}"#, r#"{"a":[[5]]}"#, false),
    // Arrays of objects.
    (
        r#"{"x":{"a":[1],"b":[2]}}"#,
        r#"{"x":[{"a":1,"b":2}]}"#,
        true,
    ),
    (
        r#"{"x":{"a":[1],"b":[2]}}"#,
        r#"{"x":[{"a":1},{"b":2}]}"#,
        false,
    ),
    (
        r#"{"x":{"a":[1]},"y":{"b":[2]}}"#,
        r#"{"x":[{"a":1}],"y":[{},{"b":2}]}"#,
        true,
    ),
    (
        r#"{"x":{"a":[1],"b":[{"exists":false}]}}"#,
        r#"{"x":[{"a":1},{"b":2}]}"#,
        true,
    ),
    (
        r#"{"x":{"b":[2],"c":[{"exists":false}]}}"#,
        r#"{"x":[{"b":2,"c":1},{"b":3}]}"#,
        false,
    ),
    // Paths.
    (r#"{"a.b":[1]}"#, r#"{"a":{"b":1}}"#, true),
    (r#"{"a":{"b":[1]}}"#, r#"{"a.b":1}"#, true),
    (r#"{"a":[1],"a":[2]}"#, r#"{"a":1}"#, false),
    (
        r#"{"a":[1],"$or":[{"a":[2]},{"b":[3]}]}"#,
        r#"{"a":2}"#,
        true,
    ),
    (
        r#"{"$or":[{"a":[2]},{"b":[3]}],"a":[1]}"#,
        r#"{"a":2}"#,
        false,
    ),
    (
        r#"{"a":{"$or":[{"b":[1]},{"c":[2]}],"d":[3]}}"#,
        r#"{"a":{"c":2,"d":3}}"#,
        true,
    ),
    // What nobody expects.
    (r#"{"a":["x"]} and more"#, r#"{"a":"x"} and more"#, true),
    (r#"{"a":["?"]}"#, r#"{"a":"\ud83d"}"#, true),
    (r#"{"a":["?x"]}"#, r#"{"a":"\ud83dx"}"#, true),
    (r#"{"a":["🔑"]}"#, r#"{"a":"\ud83d\udd11"}"#, true),
    (
        r#"{"a":[{"equals-ignore-case":"🔑"}]}"#,
        r#"{"a":"🔑"}"#,
        false,
    ),
    (
        r#"{"a":[{"cidr":"10.0.0.0/8"}]}"#,
        r#"{"a":"a00::1"}"#,
        true,
    ),
    (
        r#"{"a":[1],"a":[{"numeric":["=",2]}]}"#,
        r#"{"a":1,"a":2}"#,
        true,
    ),
];

#[test]
fn patterns_match_as_documented() {
    for (pattern, event, expected) in MATCHES {
        let parsed = Pattern::parse(pattern).unwrap();
        assert_eq!(parsed.matches(event), Ok(*expected), "{pattern} {event}");
        let printed = Pattern::parse(&parsed.to_string()).unwrap();
        assert_eq!(printed.matches(event), Ok(*expected), "{printed} {event}");
    }
}

#[test]
fn the_canonical_form_is_one_for_all_spellings() {
    for (source, canonical) in [
        (
            r#" { "b" : [ "y", "x", "x" ], "a" : [1] } "#,
            r#"{"a":[1],"b":["x","y"]}"#,
        ),
        (r#"{"a.b":[1],"a":{"c":[2]}}"#, r#"{"a":{"b":[1],"c":[2]}}"#),
        (r#"{"a":[1],"a.b":[2]}"#, r#"{"a":[1],"a.b":[2]}"#),
        (r#"{"$or":[{"a":[1]},{"a":[1],"b":[2]}]}"#, r#"{"a":[1]}"#),
        (
            r#"{"$or":[{"b":[2]},{"c":[3]}],"a":[1]}"#,
            r#"{"$or":[{"b":[2]},{"c":[3]}],"a":[1]}"#,
        ),
        (
            r#"{"a":[{"anything-but":["y","x","y"]}]}"#,
            r#"{"a":[{"anything-but":["x","y"]}]}"#,
        ),
        (
            r#"{"a":[{"anything-but":["x"]}]}"#,
            r#"{"a":[{"anything-but":"x"}]}"#,
        ),
        (r#"{"a":[{"exactly":"x"}]}"#, r#"{"a":["x"]}"#),
        (
            r#"{"a":[{"exactly":"10.0.0.5"}]}"#,
            r#"{"a":[{"exactly":"10.0.0.5"}]}"#,
        ),
        (r#"{"x":{"prefix":["y"]}}"#, r#"{"x":{"prefix":["y"]}}"#),
    ] {
        assert_eq!(Pattern::parse(source).unwrap().to_string(), canonical);
    }
}

#[test]
fn wildcards_are_counted() {
    for (source, complexity) in [
        (r#"{"a":["x",{"prefix":"y"},{"suffix":"z"}]}"#, 0),
        (r#"{"a":[{"wildcard":"x"}]}"#, 1),
        (r#"{"a":[{"wildcard":"x*"}]}"#, 2),
        (r#"{"a":[{"wildcard":"*x*"}]}"#, 3),
        (r#"{"a":[{"wildcard":"*x*"},{"wildcard":"*y*"}]}"#, 6),
        (r#"{"a":[{"wildcard":"*x*"}],"b":[{"wildcard":"*y*"}]}"#, 3),
        (
            r#"{"a":[{"wildcard":"*a*"},{"wildcard":"*b*"},{"wildcard":"*c*"},{"wildcard":"*d*"},{"wildcard":"*e*"},{"wildcard":"*f*"},{"wildcard":"*g*"}]}"#,
            21,
        ),
        // Behind a path that must be missing nothing is counted.
        (r#"{"a":[{"exists":false}],"b":[{"wildcard":"*x*"}]}"#, 0),
        (
            r#"{"a":[{"exists":false},"y"],"b":[{"wildcard":"*x*"}]}"#,
            3,
        ),
        // Shared by alternatives, it counts again.
        (
            r#"{"a":[{"wildcard":"*xy*"}],"$or":[{"b":[1]},{"c":[1]}]}"#,
            5,
        ),
    ] {
        assert_eq!(
            Pattern::parse(source).unwrap().complexity(),
            complexity,
            "{source}"
        );
    }
}
