//! `pandian detectors`: lists them, shows one, tests a file.
use super::{COMPLETE, Failure, SetArgs, print};
use crate::detector::{Detector, DetectorSet};
use crate::model::Lang;
use crate::pipeline::Engine;
use crate::report::terminal::table;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum DetectorsCommand {
    /// All detectors
    List {
        #[command(flatten)]
        set: SetArgs,
    },
    /// One detector in full
    Show {
        /// Its id
        id: String,
        #[command(flatten)]
        set: SetArgs,
    },
    /// Run the hit and miss cases of a detector file through the real scanner
    Test {
        /// The TOML file
        file: PathBuf,
    },
}

pub(super) fn run(command: DetectorsCommand, lang: Lang) -> Result<u8, Failure> {
    match command {
        DetectorsCommand::List { set } => list(&set.load()?, lang),
        DetectorsCommand::Show { id, set } => show(&set.load()?.only(&[id])?, lang),
        DetectorsCommand::Test { file } => test(file, lang),
    }
}

fn list(set: &DetectorSet, lang: Lang) -> Result<u8, Failure> {
    let mut table =
        table(&lang.pick(["标识", "名称", "随机通过率", "依据"], ["Id", "Name", "Chance", "Basis"]));
    for detector in set.iter() {
        let name = lang.pick(&detector.name.zh, &detector.name.en);
        table.add_row([&detector.id, name, &format!("{:.1e}", detector.chance), &detector.basis]);
    }
    print(&format!("{table}\n"))?;
    Ok(COMPLETE)
}

fn show(set: &DetectorSet, lang: Lang) -> Result<u8, Failure> {
    for Detector { id, name, basis, patterns, validator, chance, context, .. } in set.iter() {
        let words = |words: &[String]| words.join(lang.pick("、", ", "));
        let rows = [
            (lang.pick("标识", "Id"), id.clone()),
            (lang.pick("名称", "Name"), format!("{} / {}", name.zh, name.en)),
            (lang.pick("依据", "Basis"), basis.clone()),
            (lang.pick("形状", "Patterns"), patterns.join("\n            ")),
            (lang.pick("校验", "Validator"), validator.clone().unwrap_or_default()),
            (lang.pick("随机通过率", "Chance"), format!("{chance:e}")),
            (lang.pick("佐证词", "Supporting"), words(&context.support)),
            (lang.pick("反证词", "Opposing"), words(&context.oppose)),
        ];
        for (key, value) in rows {
            print(&format!("{key:<10}  {value}\n"))?;
        }
    }
    Ok(COMPLETE)
}

fn test(file: PathBuf, lang: Lang) -> Result<u8, Failure> {
    let mut set = DetectorSet::built_in()?;
    set.add_file(&file)?;
    let text = std::fs::read_to_string(&file)?;
    let id = crate::detector::parse(&file, &text)?.id;
    let engine = Engine::new(set)?;
    let failures = engine.failed_cases(&id);
    if failures.is_empty() {
        print(lang.pick("全部用例通过。\n", "All cases pass.\n"))?;
        return Ok(COMPLETE);
    }
    Err(format!("{}:\n{}", file.display(), failures.join("\n")).into())
}
