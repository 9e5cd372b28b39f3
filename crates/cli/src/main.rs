//! `rootguard` guards the root user of every account in an AWS organization.

mod check;
mod demo;
mod exit;
mod explain_filter;
mod formats;
mod native;
mod organization;
mod progress;
mod report;
mod rows;
mod rules;
mod score;
mod serve;
mod test_filter;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Guards the root user of every account in an AWS organization
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Demo(demo::Demo),
    ExplainFilter(explain_filter::ExplainFilter),
    Report(report::Report),
    Sandbox(serve::Serve),
    TestFilter(test_filter::TestFilter),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check(command) => command.run().await,
        Command::Demo(command) => command.run().await,
        Command::ExplainFilter(command) => command.run(),
        Command::Report(command) => command.run().await,
        Command::Sandbox(command) => command.run().await,
        Command::TestFilter(command) => command.run(),
    };
    exit::code_of(result)
}
