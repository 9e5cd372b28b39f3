//! `rootguard` guards the root user of every account in an AWS organization.

mod acceptance;
mod attended;
mod audit_root;
mod aws;
mod check;
mod demo;
mod deploy;
mod doctor;
mod drill;
mod exceptions;
mod exit;
mod explain_event_pattern;
mod explain_filter;
mod formats;
mod organization;
mod pattern_argument;
mod progress;
mod question;
mod record_file;
mod records;
mod remediate;
mod report;
mod rows;
mod rules;
mod score;
mod security_hub_prediction;
mod serve;
mod standards;
mod status;
mod table;
mod test_event_pattern;
mod test_filter;
mod undo;
mod watch;

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
    Acceptance(acceptance::Acceptance),
    AuditRoot(audit_root::AuditRoot),
    Check(check::Check),
    Demo(demo::Demo),
    Deploy(deploy::Deploy),
    Destroy(deploy::Destroy),
    Doctor(doctor::Doctor),
    Drill(drill::Drill),
    ExplainEventPattern(explain_event_pattern::ExplainEventPattern),
    ExplainFilter(explain_filter::ExplainFilter),
    Plan(remediate::Plan),
    Remediate(remediate::Remediate),
    Report(report::Report),
    Sandbox(serve::Serve),
    Status(status::Status),
    TestEventPattern(test_event_pattern::TestEventPattern),
    TestFilter(test_filter::TestFilter),
    Undo(undo::Undo),
    Watch(watch::Watch),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Acceptance(command) => command.run().await,
        Command::AuditRoot(command) => command.run().await,
        Command::Check(command) => command.run().await,
        Command::Demo(command) => command.run().await,
        Command::Deploy(command) => Box::pin(command.run()).await,
        Command::Destroy(command) => command.run().await,
        Command::Doctor(command) => command.run().await,
        Command::Drill(command) => command.run().await,
        Command::ExplainEventPattern(command) => command.run(),
        Command::ExplainFilter(command) => command.run(),
        Command::Plan(command) => command.run().await,
        Command::Remediate(command) => command.run().await,
        Command::Report(command) => command.run().await,
        Command::Sandbox(command) => command.run().await,
        Command::Status(command) => command.run().await,
        Command::TestEventPattern(command) => command.run(),
        Command::TestFilter(command) => command.run(),
        Command::Undo(command) => command.run().await,
        Command::Watch(command) => command.run().await,
    };
    exit::code_of(result)
}
