//! The `khabar` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Answers that are not kept are made of many small pieces.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    khabar::cli::run()
}
