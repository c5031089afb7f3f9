//! Writes synthetic data: `generate logs|prose|csv|json-lines BYTES SEED FILE`.
mod generator;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [kind, bytes, seed, file] = args.as_slice() else {
        eprintln!("usage: generate logs|prose|csv|json-lines BYTES SEED FILE");
        return ExitCode::from(2);
    };
    let (Ok(bytes), Ok(seed)) = (bytes.parse(), seed.parse()) else {
        eprintln!("generate: BYTES and SEED are whole numbers, as in: generate logs 536870912 1 big.log");
        return ExitCode::from(2);
    };
    let data = match kind.as_str() {
        "logs" => generator::logs(seed, bytes, &mut Vec::new()),
        "prose" => generator::prose(seed, bytes),
        "csv" => generator::tables::csv(seed, bytes, &mut Vec::new()),
        "json-lines" => generator::tables::json_lines(seed, bytes, &mut Vec::new()),
        _ => {
            eprintln!("generate: {kind}: logs, prose, csv or json-lines");
            return ExitCode::from(2);
        }
    };
    match std::fs::write(file, data) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: {file}: {error}");
            ExitCode::FAILURE
        }
    }
}
