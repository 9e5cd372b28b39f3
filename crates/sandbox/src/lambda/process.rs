//! A Lambda as its own process, the way Lambda runs it: behind a Runtime API, with
//! the environment of a function and nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::runtime_api::{Delivery, Report, RuntimeApi};
use super::{Context, Function, FunctionError, Invocation, timed_out};

/// Lambda gives a function ten seconds to initialise.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Settings with which a function's process is started.
#[derive(Clone, Debug)]
pub struct ProcessSettings {
    program: PathBuf,
    arguments: Vec<String>,
    function_arn: String,
    memory_mb: u32,
    timeout: Duration,
    environment: BTreeMap<String, String>,
}

impl ProcessSettings {
    /// A program that is the function with this ARN, which says its name and Region.
    /// It has 128 MB and a minute per invocation, and no credentials yet.
    pub fn new(program: impl Into<PathBuf>, function_arn: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            function_arn: function_arn.into(),
            memory_mb: 128,
            timeout: Duration::from_mins(1),
            environment: BTreeMap::new(),
        }
    }

    /// With an argument, for a program that is many functions.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With an environment variable of its own.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// With the credentials of the function's role.
    #[must_use]
    pub fn credentials(mut self, credentials: &Credentials) -> Self {
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", Some(credentials.access_key_id())),
            (
                "AWS_SECRET_ACCESS_KEY",
                Some(credentials.secret_access_key()),
            ),
            ("AWS_SESSION_TOKEN", credentials.session_token()),
        ] {
            if let Some(value) = value {
                self = self.environment(name, value);
            }
        }
        self
    }

    /// With all AWS services at this URL.
    #[must_use]
    pub fn endpoint_url(self, url: impl Into<String>) -> Self {
        self.environment("AWS_ENDPOINT_URL", url)
    }

    /// With this much memory configured. It is told to the function, not enforced.
    #[must_use]
    pub fn memory_mb(mut self, memory_mb: u32) -> Self {
        self.memory_mb = memory_mb;
        self
    }

    /// With this long for an invocation that [`FunctionProcess::send`] makes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn command(&self, api: &RuntimeApi) -> Command {
        let mut arn = self.function_arn.split(':').skip(3);
        let region = arn.next().unwrap_or_default();
        let name = arn.nth(2).unwrap_or_default();
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            // Nothing of ours: a profile or proxy of the host must not reach a function.
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env(
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                self.memory_mb.to_string(),
            )
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "sandbox")
            .env("AWS_REGION", region)
            .env("AWS_DEFAULT_REGION", region)
            .env("LANG", "en_US.UTF-8")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("TZ", ":UTC")
            .env("_HANDLER", "bootstrap")
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// Durations, for benchmarks.
#[derive(Clone, Debug, Default)]
pub struct Timings {
    /// From starting the process to its first request for an event, of the last start.
    pub init: Duration,
    /// From handing out an event to its result, of every invocation.
    pub invocations: Vec<Duration>,
}

/// Reasons for which a process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The operating system refused.
    #[error("{program} cannot be started")]
    NotStarted {
        /// The program.
        program: String,
        /// Reason.
        source: std::io::Error,
    },
    /// It started and never asked for an event.
    #[error("the function did not initialise")]
    NotInitialised(#[source] FunctionError),
}

/// A Lambda function as a process. It is killed when this is dropped.
///
/// A process that died or overran its deadline is started again for the next event,
/// as Lambda does.
#[derive(Debug)]
pub struct FunctionProcess {
    settings: ProcessSettings,
    running: Mutex<Option<Running>>,
    output: Arc<SyncMutex<String>>,
    timings: SyncMutex<Timings>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    api: RuntimeApi,
}

impl FunctionProcess {
    /// Starts the process and waits until it asks for its first event.
    ///
    /// # Errors
    /// Returns an error if it cannot be started, exits, reports an error or needs more than ten
    /// seconds.
    pub async fn start(settings: ProcessSettings) -> Result<Self, ProcessError> {
        let process = Self {
            settings,
            running: Mutex::default(),
            output: Arc::default(),
            timings: SyncMutex::default(),
        };
        let running = process.launch().await?;
        *process.running.lock().await = Some(running);
        Ok(process)
    }

    /// Invokes the function with the time-out of its settings.
    ///
    /// # Errors
    /// Sends an event and returns the function's report, or the way its process ended.
    pub async fn send(&self, event: Value) -> Result<Value, FunctionError> {
        let context = Context::new(&self.settings.function_arn, self.settings.timeout);
        self.invoke(event, context).await
    }

    /// Returns the output that the process has written to standard output and standard error.
    pub fn output(&self) -> String {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns the durations.
    pub fn timings(&self) -> Timings {
        self.timings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The id of the running process.
    pub async fn id(&self) -> Option<u32> {
        self.running
            .lock()
            .await
            .as_ref()
            .and_then(|running| running.child.id())
    }

    async fn launch(&self) -> Result<Running, ProcessError> {
        let not_started = |source| ProcessError::NotStarted {
            program: self.settings.program.display().to_string(),
            source,
        };
        let api = RuntimeApi::start().await.map_err(not_started)?;
        let started = Instant::now();
        let mut child = self.settings.command(&api).spawn().map_err(not_started)?;
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(capture(stdout, Arc::clone(&self.output)));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(capture(stderr, Arc::clone(&self.output)));
        }
        let mut running = Running { child, api };
        timeout(INIT_TIMEOUT, running.initialised())
            .await
            .unwrap_or_else(|_| Err(timed_out("INIT", INIT_TIMEOUT)))
            .map_err(ProcessError::NotInitialised)?;
        self.timings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .init = started.elapsed();
        Ok(running)
    }

    async fn deliver(&self, event: Value, context: Context) -> Result<Value, FunctionError> {
        // One event at a time: an environment of Lambda has one invocation.
        let mut slot = self.running.lock().await;
        // Taken out meanwhile: if this future is dropped half-way, the process is killed
        // with it instead of answering the next event with this one's result.
        let mut running = match slot.take().and_then(Running::alive) {
            Some(running) => running,
            None => self.launch().await.map_err(|error| match error {
                ProcessError::NotInitialised(error) => error,
                ProcessError::NotStarted { program, source } => FunctionError::new(
                    "Runtime.InvalidEntrypoint",
                    format!("{program} cannot be started: {source}"),
                ),
            })?,
        };
        let allowed = context
            .deadline
            .duration_since(SystemTime::now())
            .unwrap_or_default();
        let request_id = context.request_id.clone();
        let sent = Instant::now();
        let Ok(finished) = timeout(allowed, running.finished(Delivery { event, context })).await
        else {
            return Err(timed_out(&request_id, allowed));
        };
        let result = finished?;
        self.timings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .invocations
            .push(sent.elapsed());
        *slot = Some(running);
        result
    }
}

impl Running {
    /// The process, unless it has ended.
    fn alive(mut self) -> Option<Self> {
        matches!(self.child.try_wait(), Ok(None)).then_some(self)
    }

    async fn initialised(&mut self) -> Result<(), FunctionError> {
        match self.report().await? {
            Report::Polled => Ok(()),
            Report::InitError(error) => Err(error),
            Report::Finished(id, _) => Err(FunctionError::new(
                "Runtime.InvalidRequestId",
                format!("a result for {id}, which was never sent"),
            )),
        }
    }

    /// Returns the function's result for an event. The outer error is a process that ended.
    async fn finished(
        &mut self,
        delivery: Delivery,
    ) -> Result<Result<Value, FunctionError>, FunctionError> {
        let request_id = delivery.context.request_id.clone();
        // Only fails without a server, and the wait for a report ends then too.
        let _ = self.api.deliveries.send(delivery);
        loop {
            if let Report::Finished(id, result) = self.report().await?
                && id == request_id
            {
                return Ok(result);
            }
        }
    }

    /// The next thing the process says, or how it ended.
    async fn report(&mut self) -> Result<Report, FunctionError> {
        tokio::select! {
            // What it said before it ended counts.
            biased;
            Some(report) = self.api.reports.recv() => Ok(report),
            status = self.child.wait() => match self.api.reports.try_recv() {
                Ok(report) => Ok(report),
                Err(_) => Err(FunctionError::new(
                    "Runtime.ExitError",
                    match status {
                        Ok(status) => format!("Runtime exited with error: {status}"),
                        Err(error) => format!("Runtime exited: {error}"),
                    },
                )),
            },
        }
    }
}

impl Function for FunctionProcess {
    fn invoke(&self, event: Value, context: Context) -> Invocation<'_> {
        Box::pin(self.deliver(event, context))
    }
}

/// Appends what a process writes to the output, line by line.
async fn capture(stream: impl AsyncRead + Unpin, output: Arc<SyncMutex<String>>) {
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        output.push_str(&String::from_utf8_lossy(&line));
        output.push('\n');
    }
}
