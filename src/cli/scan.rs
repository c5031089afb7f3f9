//! `pandian scan`: from what was typed to a sweep, its progress, and its reports.
use super::progress::Progress;
use super::{COMPLETE, Failure, INCOMPLETE, SetArgs, print};
use crate::model::Lang;
use crate::pipeline::{
    DEFAULT_MIN_CONFIDENCE as MIN_CONFIDENCE, Engine, FindingsFile, Fingerprint, Isolation, Limits, Options,
    Watch, sweep,
};
use crate::report;
use crate::source::Walk;
use clap::Args;
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[derive(Args)]
pub(super) struct ScanArgs {
    /// Folders, files, - for standard input, or databases: postgres://…, mysql://…, sqlite:FILE
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<PathBuf>,
    /// Write the classification map here
    #[arg(short, long, value_name = "map.json")]
    output: Option<PathBuf>,
    /// Write every finding here, one JSON object a line
    #[arg(long, value_name = "findings.jsonl")]
    findings: Option<PathBuf>,
    /// Write the values themselves into the findings, unmasked
    #[arg(long, requires = "findings")]
    reveal: bool,
    #[command(flatten)]
    set: SetArgs,
    /// Count what is at least this sure, 0 to 1
    #[arg(long, value_name = "X", default_value_t = MIN_CONFIDENCE, value_parser = confidence)]
    min_confidence: f64,
    /// Threads; the default is one for each core
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Only files whose name or path below the target matches, only tables called so (shop.*)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// No files or folders whose name or path below the target matches, no tables called so
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Follow symbolic links
    #[arg(long)]
    follow: bool,
    /// Honour .gitignore and its like, and leave out hidden files
    #[arg(long)]
    respect_ignore: bool,
    /// Look into objects within objects so many times: a zip in a mail in a zip
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth)]
    max_depth: u32,
    /// Unpack an object to at most so many times its own size; 256 MB are always allowed
    #[arg(long, value_name = "N", default_value_t = Limits::default().ratio)]
    max_ratio: u64,
    /// Look at no more objects within one
    #[arg(long, value_name = "N", default_value_t = Limits::default().entries)]
    max_entries: u64,
    /// Give up on a document whose decoder says nothing for so long, or does not end in ten times as long
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    decode_timeout: u32,
    /// Give up on a document that needs more memory than this; for PDF and the like, which are decoded in processes of their own
    #[arg(long, value_name = "MB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..))]
    decode_memory: u32,
    /// Print nothing but errors
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Say how each detector is triggered
    #[arg(short, long)]
    verbose: bool,
    /// The key of the fingerprints that stand for the keys of rows, so that they are the same in every run
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    #[cfg(feature = "db")]
    #[command(flatten)]
    databases: super::databases::DatabaseArgs,
}

impl ScanArgs {
    /// Threads to scan on.
    fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }
}

fn confidence(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "write a number from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("write a number from 0 to 1".into()) }
}

pub(super) fn globs(patterns: &[String]) -> Result<GlobSet, Failure> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern)?);
    }
    Ok(set.build()?)
}

pub(super) fn run(args: &ScanArgs, lang: Lang) -> Result<u8, Failure> {
    // Fails only if a pool exists already, and there is one command a process.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(args.jobs()).build_global();
    let engine = Engine::new(args.set.load()?)?;
    if args.verbose {
        for (detector, trigger) in engine.scanner.detectors().iter().zip(engine.scanner.triggers()) {
            eprintln!("pandian: {}: {trigger:?}", detector.id);
        }
    }
    let options = options(args, lang)?;
    #[cfg(feature = "db")]
    if args.databases.dry_run {
        return super::databases::dry_run(&engine, &options.databases, &options.tables, lang);
    }
    if args.reveal {
        eprintln!("pandian: {}", lang.pick(
            "--reveal：明细文件将包含未脱敏的个人信息（权限 0600），请妥善保管并及时销毁。",
            "--reveal: the findings file will hold unmasked personal data (mode 0600); guard it, and destroy it in time.",
        ));
    }
    let watch = Arc::new(Watch::default());
    let on_interrupt = watch.clone();
    ctrlc::set_handler(move || on_interrupt.stop.store(true, Ordering::Relaxed))?;
    let progress = (!args.quiet).then(|| Progress::start(&options.walk, watch.clone(), lang));
    let swept = sweep(&engine, &options, &watch);
    drop(progress);
    let map = swept.map_err(|error| match &args.findings {
        Some(path) => format!("{}: the findings cannot be written: {error}", path.display()),
        None => error.to_string(),
    })?;
    if let Some(path) = &args.output {
        report::json::write(&map, path).map_err(|error| {
            format!(
                "{}: the map cannot be written: {error}; free some space or choose another place with -o",
                path.display()
            )
        })?;
    }
    if !args.quiet {
        print(&report::terminal::render(&map, engine.scanner.detectors(), lang, width()))?;
    }
    Ok(if map.complete { COMPLETE } else { INCOMPLETE })
}

/// The columns of the terminal; none where the report goes into a file or a pipe.
fn width() -> Option<u16> {
    let stdout = std::io::stdout();
    let size = stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(&stdout).ok()).flatten();
    size.map(|size| size.ws_col).filter(|columns| *columns > 0)
}

fn options(args: &ScanArgs, lang: Lang) -> Result<Options, Failure> {
    let (stdin, rest): (Vec<PathBuf>, Vec<PathBuf>) =
        args.targets.iter().cloned().partition(|target| target.as_os_str() == "-");
    let (include, exclude) = (globs(&args.include)?, globs(&args.exclude)?);
    let files = rest.into_iter().filter(|target| !is_database(target)).collect();
    let findings = args.findings.as_ref().map(|path| {
        FindingsFile::create(path).map_err(|error| format!("{}: cannot be created: {error}", path.display()))
    });
    Ok(Options {
        walk: Walk {
            targets: files,
            include: include.clone(),
            exclude: exclude.clone(),
            follow_links: args.follow,
            respect_ignore: args.respect_ignore,
            jobs: args.jobs(),
        },
        stdin: !stdin.is_empty(),
        #[cfg(feature = "db")]
        databases: super::databases::open(&args.targets)?,
        #[cfg(feature = "db")]
        tables: args.databases.options(include, exclude),
        isolation: isolation(args)?,
        limits: Limits { depth: args.max_depth, ratio: args.max_ratio, entries: args.max_entries },
        targets: args.targets.iter().map(|target| shown(target)).collect(),
        min_confidence: args.min_confidence,
        findings: findings.transpose()?,
        reveal: args.reveal,
        fingerprint: match &args.key_file {
            Some(path) => {
                Fingerprint::from_file(path).map_err(|error| format!("{}: {error}", path.display()))?
            }
            None => Fingerprint::random()?,
        },
        lang,
    })
}

/// Decoders that may crash run in processes of this very program.
fn isolation(args: &ScanArgs) -> Result<Isolation, Failure> {
    // Leads to the program also where its file was replaced since it was started.
    let (running, patience) = (Path::new("/proc/self/exe"), u64::from(args.decode_timeout));
    let program = if running.exists() { running.to_owned() } else { std::env::current_exe()? };
    // In all, an object may take ten times as long.
    let arguments = ["decode-child".into(), args.decode_memory.to_string(), (patience * 10).to_string()];
    Ok(Isolation::Process { program, arguments: arguments.into(), patience: Duration::from_secs(patience) })
}

#[cfg(feature = "db")]
fn is_database(target: &Path) -> bool {
    target.to_str().and_then(crate::source::database::Target::parse).is_some()
}

/// Built without databases, their URLs are missing files, which the ledger says.
#[cfg(not(feature = "db"))]
fn is_database(_: &Path) -> bool {
    false
}

/// A target as it may be shown: without a password.
fn shown(target: &Path) -> String {
    #[cfg(feature = "db")]
    if let Some(Ok(target)) = target.to_str().and_then(crate::source::database::Target::parse) {
        return target.shown();
    }
    target.to_string_lossy().into_owned()
}
