//! `hermes`, `hermes chat`: talk at the terminal, or ask one thing.
//!
//! A single query (`-q`, or a pipe) prints its answer on standard output, and into a pipe that alone. It ends with 0 when there was an
//! answer, 1 when there was none or the last thing that the agent wanted to do was refused, 130 when it was
//! interrupted.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use clap::Args;
use hermes_plugin_api::platform::{Body, Status};
use serde_json::Value;

use crate::app::Ground;
use crate::app::context::Surroundings;
use crate::cli::start::{self, Started};
use crate::config::keys::KeyPath;
use crate::conversation::agent::Agent;
use crate::conversation::desk::{Desks, Place};
use crate::conversation::kept::Kept;
use crate::conversation::line::Line;
use crate::conversation::pictures::Pictures;
use crate::conversation::words::Words;
use crate::conversation::{Conversation, Parts, Single};
use crate::error::{self, Failure};
use crate::flow::{CancelSource, messages};
use crate::notes::Notebook;
use crate::plugin::handle::{PlatformHandle, ToolsHandle};
use crate::session::sessions::Sessions;
use crate::session::store::list::Summary;
use crate::turn::limits::Limits;
use crate::turn::toolbox::Toolbox;
use crate::turn::{Follower as _, Outcome};

/// The chat at the terminal.
const CHAT: &str = "terminal";
/// Most input that a pipe may hold, in bytes.
const PIPED: u64 = 1 << 20;
/// How many events of the platform wait.
const QUEUE: usize = 64;

/// How to talk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct ChatArgs {
    /// Answer QUERY and end.
    #[arg(short = 'q', long, value_name = "QUERY")]
    query: Option<String>,
    /// Use MODEL, as its provider names it.
    #[arg(short = 'm', long, value_name = "MODEL")]
    model: Option<String>,
    /// Use the models of P.
    #[arg(long, value_name = "P")]
    provider: Option<String>,
    /// Run dangerous commands without asking. What never runs still does not.
    #[arg(long)]
    yolo: bool,
    /// Show answers and prompts only.
    #[arg(short = 'Q', long)]
    quiet: bool,
    /// Go on with the session ID: its id, the beginning of it, or its title.
    #[arg(short = 'r', long, value_name = "ID", conflicts_with = "proceed")]
    resume: Option<String>,
    /// Go on with the latest session, or with the one that is called NAME.
    #[arg(short = 'c', long = "continue", value_name = "NAME")]
    proceed: Option<Option<String>>,
    /// Name where this came from, for the audit log and the list of sessions.
    #[arg(long, value_name = "TAG")]
    source: Option<String>,
}

impl ChatArgs {
    /// Goes on with a session.
    #[must_use]
    pub fn resuming(id: String) -> Self {
        Self { resume: Some(id), ..Self::default() }
    }
}

/// Runs it.
///
/// # Errors
/// When it cannot start, or a single query has no answer.
pub fn run(args: ChatArgs, ground: Ground) -> Result<u8, Failure> {
    let query = match args.query.clone() {
        Some(query) => Some(query),
        None if std::io::stdin().is_terminal() => None,
        None => Some(piped()?),
    };
    if query.as_ref().is_some_and(|query| query.trim().is_empty()) {
        let failure = Failure::new("There is nothing to answer: the query is empty").code(error::USAGE);
        return Err(failure.hint("give one with `-q`, or in a pipe"));
    }
    start::run(ground, flags(&args), args.yolo, |started| talk(started, args, query))
}

fn flags(args: &ChatArgs) -> Vec<(KeyPath, Value)> {
    let flag = |key: &str, value: &Option<String>| Some((key.parse().ok()?, Value::from(value.clone()?)));
    [flag("model.name", &args.model), flag("model.provider", &args.provider)].into_iter().flatten().collect()
}

/// All of standard input: in a pipe it is one query.
fn piped() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(PIPED + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > PIPED {
        return Err(Failure::new(format!("The input is longer than {PIPED} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| Failure::new("The input is not UTF-8 text"))
}

async fn talk(started: Arc<Started>, args: ChatArgs, query: Option<String>) -> Result<u8, Failure> {
    let signals = start::signals()?;
    let sessions = Sessions::open(&started.app.home)?;
    let source = args.source.clone().unwrap_or_else(|| CHAT.to_owned());
    let summary = wanted(&sessions, &args, source.clone()).await?;
    let platform = started.platform()?;
    let line = Line::new(platform.clone(), CHAT, args.quiet).hiding(started.hides_input(&platform));
    // Somebody who watches sees an answer grow; a pipe gets the answer alone.
    let watched = query.is_none() || std::io::stdout().is_terminal();
    let line = Arc::new(if watched { line } else { line.answers_only() });
    let (agent, toolsets) = agent(&started, &line).await?;
    let who = args.source.as_ref().map_or_else(|| CHAT.to_owned(), |tag| format!("{CHAT}:{tag}"));
    let place = started.place(None, who)?;
    let backend = place.backend.origin().name.clone();
    let context = started.app.context(Surroundings {
        toolsets: &toolsets,
        directory: place.cwd.as_deref().filter(|_| place.here).map(PathBuf::from),
        place: where_it_works(&place),
        platform: if watched { Some(platform.origin()) } else { None },
    });
    let user = started.app.config.environment().user_home();
    let pictures = context.directory.clone().map(|directory| Pictures { directory, user });
    let agent = Arc::new(agent);
    let contents = LazyLock::new(Box::new(started.app.late_contents()) as Box<_>);
    let kept = Kept {
        notes: Notebook::new(started.app.home.clone()),
        sessions: sessions.clone(),
        contents: Arc::new(contents),
    };
    let parts = Parts {
        agent: agent.clone(),
        line: line.clone(),
        guard: started.guard.clone(),
        workplace: Arc::new(Desks { place, agent, kept, attended: query.is_none() }),
        scopes: started.app.services.scopes.clone(),
        plugins: started.app.plugins.clone(),
        context: Arc::new(context),
        sessions,
        source,
        words: Words::of(started.app.plugins.clone()),
        pictures,
    };
    let session = match summary {
        Some(summary) => Some(parts.sessions.resume(summary, &parts.agent.label()).await?),
        None => None,
    };
    if query.is_none() {
        let history = started.app.home.history_file().to_str().map(str::to_owned);
        line.show(Body::Status(Status { history, ..Status::default() })).await;
    }
    if query.is_none() && !args.quiet {
        greet(&started, &parts, &backend).await;
    }
    let conversation = match session {
        Some(session) => Conversation::with(parts, session),
        None => Conversation::new(parts),
    };
    match query {
        Some(query) => code(conversation.single(query, signals).await),
        None => interactive(platform, conversation, signals).await,
    }
}

/// The session to go on with.
async fn wanted(sessions: &Sessions, args: &ChatArgs, source: String) -> Result<Option<Summary>, Failure> {
    let find = |name: String| sessions.with(move |store| store.find(&name));
    Ok(match (args.resume.clone(), args.proceed.clone()) {
        (Some(name), _) | (None, Some(Some(name))) => Some(find(name).await?),
        (None, Some(None)) => Some(sessions.with(move |store| store.latest(&source)).await?),
        (None, None) => None,
    })
}

/// The code of a single query. What went wrong is the program's one final error.
fn code(single: Single) -> Result<u8, Failure> {
    match single {
        Single { outcome: Outcome::Answered(_), refused: false } => Ok(error::OK),
        Single { outcome: Outcome::Answered(_) | Outcome::GaveUp(_), .. } => Ok(error::FAILED),
        Single { outcome: Outcome::Interrupted, .. } => Ok(error::INTERRUPTED),
        Single { outcome: Outcome::Failed(error), .. } => Err(error.into()),
    }
}

async fn interactive(
    platform: PlatformHandle,
    conversation: Conversation,
    signals: tokio::sync::mpsc::Receiver<crate::conversation::Signal>,
) -> Result<u8, Failure> {
    let (inbox, events) = messages(QUEUE);
    let stop = CancelSource::new();
    let cancel = stop.handle();
    let receive = platform.run(inbox, &cancel);
    let talk = async {
        let code = conversation.converse(events, signals).await;
        stop.cancel();
        code
    };
    let (code, received) = tokio::join!(talk, receive);
    match received {
        Err(error) if error.code != hermes_plugin_api::error::ErrorCode::CANCELLED => Err(error.into()),
        _ => Ok(code),
    }
}

async fn agent(started: &Started, line: &Line) -> Result<(Agent, Vec<ToolsHandle>), Failure> {
    let settings = &started.app.config.settings;
    let provider = settings.model.provider.as_deref();
    let provider = provider.ok_or_else(|| Failure::new("No installed plugin answers: `model.provider` is not set"))?;
    let model = started.app.plugins.model(provider)?;
    let mut toolsets = Vec::new();
    for tools in started.app.plugins.tools() {
        match tools {
            Ok(tools) => toolsets.push(tools),
            Err(refusal) => notice(line, format!("{refusal} ({})", refusal.hint)).await,
        }
    }
    let (toolbox, problems) = Toolbox::gather(&toolsets).await;
    for problem in problems {
        notice(line, problem.to_string()).await;
    }
    let limits = Limits { rounds: settings.agent.max_rounds, ..Limits::default() };
    let model_name = settings.model.name.clone().unwrap_or_default();
    let fallbacks = started.app.fallbacks(provider);
    let compression = started.app.compression(provider);
    let side = |task| started.app.side(task, provider);
    let (title, vision) = (side(&settings.auxiliary.title), side(&settings.auxiliary.vision));
    Ok((Agent { model, model_name, fallbacks, compression, title, vision, toolbox, limits }, toolsets))
}

/// Where the model works, for it to know.
fn where_it_works(place: &Place) -> String {
    let backend = &place.backend.origin().name;
    match &place.cwd {
        Some(cwd) => format!("Commands run on the backend `{backend}`. They begin in `{cwd}`."),
        None => format!("Commands run on the backend `{backend}`."),
    }
}

/// Says who is there, what answers, and what is unusual about it.
async fn greet(started: &Started, parts: &Parts, backend: &str) {
    let model = parts.agent.label();
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!("hermes {version} · model {model} · commands run on {backend} · /help");
    if matches!(started.app.config.origin("model.provider"), crate::config::layers::Origin::Default) {
        text.push_str("\nNo model is chosen yet, so each message is run as a command. `hermes setup` chooses one.");
    }
    if parts.guard.is_yolo("") {
        text.push_str("\n⚡ YOLO mode is ON: nobody is asked before dangerous commands.");
    }
    for rebuilt in started.app.plugins.take_notices() {
        text.push('\n');
        text.push_str(&rebuilt);
    }
    notice(&parts.line, text).await;
}

async fn notice(line: &Line, text: String) {
    line.show(Body::Notice { text }).await;
}
