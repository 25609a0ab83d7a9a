//! The `khabar` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Where all memory comes from: an answer is put together from hundreds of small pieces, on every worker at once.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    khabar::cli::run()
}
