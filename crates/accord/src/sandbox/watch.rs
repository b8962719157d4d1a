//! The parent's watchdog: a reader that keeps silent too long is ended. Silence counts, not time: a large file may take as
//! long as it likes while frames come, and the parent's own work between them does not count.

use std::io::Read;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The reader and what is known of its silence.
struct Shared {
    child: Mutex<Child>,
    /// Since when the parent waits for something to read, if it does.
    waiting: Mutex<Option<Instant>>,
    silent: Mutex<bool>,
}

impl Shared {
    fn note_memory(&self) {
        crate::memory::note_reader(locked(&self.child).id());
    }
}

/// A child that is watched. Dropping it ends the child, whatever happens.
pub struct Watched {
    shared: Arc<Shared>,
    /// Dropped to end the watchdog.
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    /// Watches a child; `most` is the longest silence.
    pub fn new(child: Child, most: Duration) -> std::io::Result<Watched> {
        let shared =
            Arc::new(Shared { child: Mutex::new(child), waiting: Mutex::new(None), silent: Mutex::new(false) });
        shared.note_memory();
        let (stop, stopped) = channel();
        // The child is in good hands from here on: it is ended if the thread can't be started.
        let mut watched = Watched { shared: Arc::clone(&shared), stop: Some(stop), thread: None };
        let every = (most / 8).clamp(Duration::from_millis(20), Duration::from_secs(2));
        let look = move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(every) {
                if locked(&shared.waiting).is_some_and(|since| since.elapsed() > most) {
                    *locked(&shared.silent) = true;
                    let _ = locked(&shared.child).kill();
                    return;
                }
            }
        };
        watched.thread = Some(std::thread::Builder::new().name("watchdog".into()).spawn(look)?);
        Ok(watched)
    }

    /// The child's output, watched.
    pub fn output<R: Read>(&self, pipe: R) -> Output<R> {
        Output { pipe, shared: Arc::clone(&self.shared) }
    }

    /// Whether the child was ended because it kept silent.
    pub fn was_silent(&self) -> bool {
        *locked(&self.shared.silent)
    }

    /// How the child ended, after the end of its output. One that has closed it and goes on is ended soon.
    pub fn ended(&self) -> std::io::Result<ExitStatus> {
        let mut child = locked(&self.shared.child);
        for _ in 0..500 {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill()?;
        child.wait()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let mut child = locked(&self.shared.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// The child's output; the watchdog knows when somebody waits for it.
pub struct Output<R> {
    pipe: R,
    shared: Arc<Shared>,
}

impl<R: Read> Read for Output<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        *locked(&self.shared.waiting) = Some(Instant::now());
        let read = self.pipe.read(to);
        *locked(&self.shared.waiting) = None;
        // What it held before can be asked for only while it lives.
        self.shared.note_memory();
        read
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::process::{Command, Stdio};

    fn shell(script: &str) -> (Watched, impl Read) {
        let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let pipe = child.stdout.take().unwrap();
        let watched = Watched::new(child, Duration::from_secs(1)).unwrap();
        let output = watched.output(pipe);
        (watched, output)
    }

    #[test]
    fn a_reader_that_keeps_silent_is_ended() {
        let began = Instant::now();
        let (watched, mut output) = shell("echo one; exec sleep 600");
        let mut said = String::new();
        output.read_to_string(&mut said).unwrap();
        assert_eq!(said, "one\n");
        assert!(watched.was_silent() && !watched.ended().unwrap().success());
        assert!(began.elapsed() < Duration::from_mins(1));
    }

    #[test]
    fn a_slow_reader_that_goes_on_is_not_ended_nor_is_one_that_waits_for_us() {
        let (watched, mut output) = shell("for i in 1 2 3 4 5 6; do sleep 0.3; echo $i; done");
        let mut one = [0; 2];
        output.read_exact(&mut one).unwrap();
        std::thread::sleep(Duration::from_millis(1500));
        let mut said = String::new();
        output.read_to_string(&mut said).unwrap();
        assert_eq!(said, "2\n3\n4\n5\n6\n");
        assert!(watched.ended().unwrap().success() && !watched.was_silent());
    }

    #[test]
    fn the_child_ends_with_its_guard() {
        let (watched, output) = shell("exec sleep 600");
        let pid = locked(&watched.shared.child).id();
        drop((watched, output));
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
}
