//! The command line.

/// Parses the command line and runs the command.
#[must_use]
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
