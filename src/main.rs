//! The `doorward` binary: parse the command line, run the command.

use std::process::ExitCode;

fn main() -> ExitCode {
    doorward::cli::main()
}
