//! The release binary as a process of its own, and what the system says of it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// The gateway's public URL. Nobody resolves it: the client connects by address.
pub const PUBLIC_URL: &str = "http://localhost";

/// A running gateway on SQLite.
pub struct Server {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
    ticks_per_second: f64,
}

impl Server {
    /// Sets up a gateway with the providers in `providers`, and starts it.
    pub fn start(folder: &Path, providers: &str) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let path = folder.display();
        let config = format!(
            "public_url = \"{PUBLIC_URL}\"\n\
             [server]\nlisten = \"{address}\"\n\
             [database]\nurl = \"sqlite://{path}/doorward.db\"\n\
             [secrets]\nkey_file = \"{path}/secret.key\"\n\
             [security]\nrate_limits = false\n\
             [log]\nlevel = \"warn\"\n\n{providers}"
        );
        fs::write(folder.join("config.toml"), config)?;
        let ticks = Command::new("getconf").arg("CLK_TCK").output()?;
        let ticks_per_second = String::from_utf8(ticks.stdout)?.trim().parse()?;
        let mut server = Self {
            child: spawn(folder)?,
            address,
            folder: folder.to_owned(),
            ticks_per_second,
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it, starts it again, and says how long it took to be ready.
    pub fn restart(&mut self) -> Result<Duration> {
        self.stop()?;
        let begin = Instant::now();
        self.child = spawn(&self.folder)?;
        self.wait_until_ready()?;
        Ok(begin.elapsed())
    }

    /// Stops it as a service manager would.
    pub fn stop(&mut self) -> Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the gateway ended with {status}");
        Ok(())
    }

    /// Has it read its providers and their metadata anew (SIGHUP).
    pub fn refresh(&self) -> Result<()> {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-HUP", &pid]).status()?;
        ensure!(status.success(), "kill -HUP ended with {status}");
        Ok(())
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let begin = Instant::now();
        while !self.is_ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the gateway has ended: {status}");
            }
            ensure!(
                begin.elapsed() < Duration::from_mins(2),
                "the gateway is not ready"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.write_all(
                b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer.starts_with("HTTP/1.1 200"))
        };
        ask().unwrap_or(false)
    }

    /// Resident memory in MiB.
    pub fn resident_mib(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: f64 = kib.context("no VmRSS in /proc")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// CPU time it has used so far.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in brackets may hold blanks; utime and stime are the 12th and
        // 13th fields behind it (proc(5)).
        let (_, fields) = stat
            .rsplit_once(") ")
            .context("/proc/PID/stat has no name")?;
        let ticks: f64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<f64>().ok())
            .sum();
        Ok(Duration::from_secs_f64(ticks / self.ticks_per_second))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command
        .current_dir(folder)
        .arg("--config")
        .arg(folder.join("config.toml"))
        .stdin(Stdio::null());
    command
}

fn spawn(folder: &Path) -> Result<Child> {
    let log = fs::File::create(folder.join("doorward.log"))?;
    let child = command(folder)
        .arg("serve")
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    Ok(child)
}
