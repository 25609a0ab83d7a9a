//! The `khabar` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    khabar::cli::run()
}
