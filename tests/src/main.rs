//! One program that is any Lambda function a test wants: those of the bundle
//! through the same entry as their own `main`, and those that go wrong.

mod panicking;

use config_rule::lambda::{Error, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    match std::env::args().nth(1).as_deref() {
        Some("panicking") => serve::<panicking::Panicking>().await,
        other => Err(format!("there is no function {other:?}; there is: panicking").into()),
    }
}
