//! A PostgreSQL server for the length of one test run, in a folder of its own, from the installed programs.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::process::free_port;

/// A running server; it stops, and its folder goes, when this is dropped.
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    /// Who runs it, where we are root: PostgreSQL refuses to run as root.
    user: Option<(u32, u32)>,
    port: u16,
}

/// The folder of PostgreSQL's programs, wherever this machine keeps them.
pub fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).collect::<Vec<_>>();
    let told = Command::new("pg_config").arg("--bindir").output().ok();
    let told = told.and_then(|output| String::from_utf8(output.stdout).ok()).map(|dir| PathBuf::from(dir.trim()));
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten();
    let mut packaged: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    packaged.sort();
    let folders = in_path.into_iter().chain(told).chain(packaged.into_iter().rev());
    folders.into_iter().find(|folder| ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file()))
}

impl Cluster {
    /// Starts a server on a free port of this machine.
    pub fn start(programs: &Path) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let is_root = folder.path().metadata().map_err(|error| error.to_string())?.uid() == 0;
        let user = is_root.then(unprivileged).flatten();
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        let cluster = Self { folder, programs: programs.into(), user, port: free_port() };
        // ICU orders words as people do, which is where a forgotten COLLATE "C" shows.
        let base = ["-D", "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-N"];
        let icu = ["--locale-provider=icu", "--icu-locale=und"];
        if !cluster.run("initdb", &[&base[..], &icu[..]].concat()) && !cluster.run("initdb", &base) {
            return Err(format!("initdb failed\n{}", cluster.log()));
        }
        if cluster.go() { Ok(cluster) } else { Err(format!("pg_ctl start failed\n{}", cluster.log())) }
    }

    /// Starts the server, and waits until it takes connections.
    pub fn go(&self) -> bool {
        let settings = format!(
            "-c port={} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 \
             -c fsync=off -c full_page_writes=off -c shared_buffers=64MB",
            self.port
        );
        self.run("pg_ctl", &["-D", "data", "-l", "server.log", "-w", "-t", "60", "-o", &settings, "start"])
    }

    /// Stops the server: `fast` sends its clients away, `immediate` is a crash.
    pub fn stop(&self, mode: &str) -> bool {
        self.run("pg_ctl", &["-D", "data", "-m", mode, "-w", "stop"])
    }

    /// Where its maintenance database is.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let log = || std::fs::File::options().create(true).append(true).open(self.folder.path().join("log"));
        let (Ok(out), Ok(err)) = (log(), log()) else { return false };
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command.status().is_ok_and(|status| status.success())
    }

    fn log(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("log") + &read("server.log")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop("immediate");
    }
}

/// User and group of an account that is not root.
fn unprivileged() -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let ids = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody"))
}
