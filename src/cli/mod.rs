//! The command line: what was typed, and one file for each thing it can ask for.
#[cfg(feature = "db")]
mod databases;
mod detectors;
mod eval;
mod explain;
mod formats;
mod progress;
mod scan;

use crate::detector::DetectorSet;
use crate::model::Lang;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

/// What went wrong, in words for a person; the exit code is 2.
type Failure = Box<dyn std::error::Error>;

/// Complete, nothing to report as an error.
const COMPLETE: u8 = 0;
/// Usage or configuration.
const USAGE: u8 = 2;
/// Something could not be read, or the scan was interrupted.
const INCOMPLETE: u8 = 3;

#[derive(Parser)]
#[command(name = "pandian", version, about = "盘点: finds personal data in files, proved by checksum, judged against chance", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Language of reports: zh or en; the default is the locale's
    #[arg(long, global = true, value_enum)]
    lang: Option<LangArg>,
}

const EXAMPLES: &str = "Examples:
  pandian scan /srv/share                          what is where, as a table
  pandian scan /srv/share -o map.json              the classification map, for programs
  pandian scan mysql://audit@db1/crm --sample 1%    a hundredth of every table, at random
  mysqldump crm | pandian scan - --only cn-mobile  standard input, one detector
  pandian explain 110101190001011008               why a value is (not) found

Exit codes: 0 complete; 2 usage or configuration error; 3 incomplete, the ledger says what could not be read";

#[derive(Clone, Copy, ValueEnum)]
enum LangArg {
    Zh,
    En,
}

#[derive(Subcommand)]
enum Command {
    /// Scan folders, files or standard input (-), and write the classification map
    Scan(Box<scan::ScanArgs>),
    /// Say step by step what each detector makes of a value
    Explain {
        /// The value; quote it if it holds spaces
        value: String,
        #[command(flatten)]
        set: SetArgs,
    },
    /// List, show and test detectors
    Detectors {
        #[command(subcommand)]
        command: detectors::DetectorsCommand,
    },
    /// Measure precision and recall on labelled cases
    Eval {
        /// A folder of cases, each a folder with input.* and expected.toml
        folder: PathBuf,
        /// The confidence from which a finding counts
        #[arg(long, default_value_t = crate::pipeline::DEFAULT_MIN_CONFIDENCE)]
        min_confidence: f64,
        #[command(flatten)]
        set: SetArgs,
    },
    /// List the formats: what is read, and how, and what is not
    Formats {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON schema of map.json
    Schema,
    /// Decode what another pandian gives on standard input
    #[command(hide = true)]
    DecodeChild {
        /// Megabytes of memory
        memory: u64,
        /// Seconds of a processor
        seconds: u64,
    },
}

/// Which detectors.
#[derive(Args, Clone, Default)]
struct SetArgs {
    /// Add the detectors of a folder; one with a known id replaces it
    #[arg(long, value_name = "DIR")]
    detectors: Option<PathBuf>,
    /// Use only these detectors
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    only: Vec<String>,
}

impl SetArgs {
    fn load(&self) -> Result<DetectorSet, Failure> {
        let mut set = DetectorSet::built_in()?;
        if let Some(folder) = &self.detectors {
            set.add_folder(folder)?;
        }
        Ok(if self.only.is_empty() { set } else { set.only(&self.only)? })
    }
}

/// Runs the program.
pub fn run() -> ExitCode {
    quiet_panics();
    let cli = Cli::parse();
    let lang = match cli.lang {
        Some(LangArg::Zh) => Lang::Zh,
        Some(LangArg::En) => Lang::En,
        None => Lang::from_env(),
    };
    let outcome = match cli.command {
        Command::Scan(args) => scan::run(&args, lang),
        Command::Explain { value, set } => explain::run(&value, &set, lang),
        Command::Detectors { command } => detectors::run(command, lang),
        Command::Eval { folder, min_confidence, set } => eval::run(&folder, min_confidence, &set, lang),
        Command::Formats { json } => formats::run(json, lang),
        Command::Schema => print(&crate::report::json::schema()).map(|()| COMPLETE),
        // Nobody reads what it would say: the other one notes that it is gone.
        Command::DecodeChild { memory, seconds } => {
            Ok(crate::pipeline::serve(memory.saturating_mul(1 << 20), seconds)
                .map_or(INCOMPLETE, |()| COMPLETE))
        }
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("pandian: {failure}");
            ExitCode::from(USAGE)
        }
    }
}

/// From now on a panic says where it happened and nothing else: its message could hold a value.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        if !crate::pipeline::is_guarded() {
            let place = info.location().map_or_else(|| "an unknown place".into(), ToString::to_string);
            eprintln!("pandian: internal error at {place}; please report it");
        }
    }));
}

/// Prints to standard output; a reader that has had enough (`| head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
