//! Detectors: their own cases, their stated chance against random numbers, broken files, files of users, and known vectors.
use crate::program::{Scene, pandian};
use pandian::model::Secret;
use pandian::validate::Verdict;
use pandian::{DetectorSet, Engine};
use regex_syntax::hir::{Class, Hir, HirKind};

fn engine() -> Engine {
    Engine::new(DetectorSet::built_in().expect("built-in detectors")).expect("they compile")
}

#[test]
fn built_in_cases_come_out_as_stated() {
    let engine = engine();
    let failed: Vec<_> =
        engine.scanner.detectors().iter().map(|d| (d.id.clone(), engine.failed_cases(&d.id))).collect();
    assert!(!failed.is_empty());
    for (id, cases) in failed {
        assert!(cases.is_empty(), "{id}: {cases:#?}");
    }
}

/// SplitMix64: enough for a survey, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// What makes a text of a pattern's shape.
enum Part {
    OneOf(Vec<u8>),
    Text(Vec<u8>),
    Times(usize, usize, Box<Part>),
    Either(Vec<Part>),
    All(Vec<Part>),
}

impl Part {
    /// Classes of digits and a check letter are cut down to digits: an X in the last place is one in eleven.
    fn new(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Literal(literal) => Part::Text(literal.0.to_vec()),
            HirKind::Class(Class::Unicode(class)) => {
                let ascii = class.iter().flat_map(|range| range.start()..=range.end()).filter(char::is_ascii);
                let all: Vec<u8> = ascii.map(|c| c as u8).collect();
                let digits: Vec<u8> = all.iter().copied().filter(u8::is_ascii_digit).collect();
                let is_check = !digits.is_empty() && all.len() <= digits.len() + 2;
                Part::OneOf(if is_check { digits } else { all })
            }
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(repetition.min);
                Part::Times(repetition.min as usize, most as usize, Box::new(Part::new(&repetition.sub)))
            }
            HirKind::Capture(capture) => Part::new(&capture.sub),
            HirKind::Concat(parts) => Part::All(parts.iter().map(Part::new).collect()),
            HirKind::Alternation(parts) => Part::Either(parts.iter().map(Part::new).collect()),
            HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => Part::Text(Vec::new()),
        }
    }

    fn draw(&self, random: &mut Random, out: &mut Vec<u8>) {
        match self {
            Part::OneOf(bytes) => out.push(bytes[random.below(bytes.len())]),
            Part::Text(bytes) => out.extend_from_slice(bytes),
            Part::Times(least, most, part) => {
                for _ in 0..least + random.below(most - least + 1) {
                    part.draw(random, out);
                }
            }
            Part::Either(parts) => parts[random.below(parts.len())].draw(random, out),
            Part::All(parts) => parts.iter().for_each(|part| part.draw(random, out)),
        }
    }
}

#[test]
fn stated_chance_is_what_random_numbers_show() {
    // Rates go down to 1e-5, so draws go on until enough have passed: of 64 the standard deviation is an
    // eighth, and a factor of two cannot be mistaken. Numbers are drawn from the detector's first pattern,
    // so what the pattern fixes (a leading 9, 810000) is fixed, and only its stated lengths count.
    const ENOUGH: u64 = 64;
    const MOST: u64 = 12_000_000;
    let set = DetectorSet::built_in().expect("built-in detectors");
    let measured: Vec<_> = set.iter().filter(|detector| !detector.lengths.is_empty()).collect();
    assert!(measured.len() >= 6, "detectors of numbers state the lengths on which their chance is measured");
    for detector in measured {
        let shape = Part::new(&regex_syntax::parse(&detector.patterns[0]).expect("a pattern"));
        let (mut random, mut value) = (Random(20_240_513), Vec::new());
        let (mut drawn, mut passed, mut near) = (0, 0, 0);
        while passed < ENOUGH && drawn < MOST {
            value.clear();
            shape.draw(&mut random, &mut value);
            value.retain(u8::is_ascii_alphanumeric);
            if !detector.lengths.contains(&value.len()) {
                continue;
            }
            drawn += 1;
            let verdict = detector.check(Secret::new(&value));
            passed += u64::from(matches!(verdict, Verdict::Pass { .. }));
            near += u64::from(verdict == Verdict::Near { weak: false });
        }
        let of_near = (near > 0).then(|| passed as f64 / (passed + near) as f64);
        assert_eq!(of_near.is_some(), detector.check_chance.is_some(), "{}", detector.id);
        if let (Some(rate), Some(stated)) = (of_near, detector.check_chance) {
            assert!(
                (stated / 1.5..=stated * 1.5).contains(&rate),
                "{}: {rate:.3} of the check digits are right",
                detector.id
            );
        }
        let rate = passed as f64 / drawn as f64;
        let (low, high) = (detector.chance / 2.0, detector.chance * 2.0);
        assert!(
            (low..=high).contains(&rate),
            "{}: {passed} of {drawn} pass, {rate:.2e}; stated {:.2e}",
            detector.id,
            detector.chance
        );
    }
}

const USERS_OWN: &str = r#"
id = "employee"
name = { zh = "工号", en = "Employee number" }
basis = "in-house"
patterns = ['EMP-[0-9]{6}']
chance = 1e-3

[[hit]]
text = "owner EMP-004711"
value = "EMP-004711"
[[miss]]
text = "owner EMP-0047115"
"#;

#[test]
fn broken_detector_files_are_named_with_the_key() {
    let broken = [
        ("colour", USERS_OWN.replacen("id =", "colour = 'red'\nid =", 1)),
        ("basis", USERS_OWN.replace("basis = \"in-house\"\n", "")),
        ("patterns", USERS_OWN.replace("EMP-[0-9]{6}", "EMP-[0-9")),
        ("patterns", USERS_OWN.replace("EMP-[0-9]{6}", "[0-9]*")),
        ("patterns", USERS_OWN.replace("EMP-[0-9]{6}", r"\bEMP-[0-9]{6}")),
        ("patterns", USERS_OWN.replace("EMP-[0-9]{6}", "EMP-[0-9]+")),
        ("patterns", USERS_OWN.replace("'EMP-[0-9]{6}'", "")),
        ("validator", USERS_OWN.replace("chance =", "validator = 'no-such-check'\nchance =")),
        ("chance", USERS_OWN.replace("1e-3", "1.5")),
        ("chance", USERS_OWN.replace("1e-3", "0.0")),
        ("chance", USERS_OWN.replace("1e-3", "'often'")),
        ("id", USERS_OWN.replace("\"employee\"", "\"Employee 1\"")),
        ("miss", USERS_OWN.split("[[miss]]").next().expect("a part").to_owned()),
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (key, text) in broken {
        assert_ne!(text, USERS_OWN, "{key}");
        let path = folder.path().join("in-house.toml");
        std::fs::write(&path, &text).expect("a file");
        let mut set = DetectorSet::built_in().expect("built-in detectors");
        let error = set.add_file(&path).expect_err(&text).to_string();
        assert!(error.contains("in-house.toml") && error.contains(key), "{key} is not named: {error}");
        let refused = pandian()
            .args(["scan", "/dev/null", "--detectors"])
            .arg(folder.path())
            .output()
            .expect("the program runs");
        assert_eq!(refused.status.code(), Some(2), "{key}");
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(words.contains("in-house.toml") && words.contains(key), "{key} is not named: {words}");
    }
}

#[test]
fn detectors_of_users_are_found_with_and_without_a_trigger() {
    let untriggered = USERS_OWN
        .replace("employee", "locker")
        .replace("EMP-[0-9]{6}", "[a-z]{2}[0-9]{3}[a-z]")
        .replace("EMP-0047115", "ab123cd")
        .replace("EMP-004711", "ab123c");
    let scene = Scene::with(&[("notes.txt", "门柜 xy987z，工号EMP-123456，xxy987z。".as_bytes())]);
    let folder = scene.beside("own");
    std::fs::create_dir(&folder).expect("a folder");
    for (name, text) in [("employee.toml", USERS_OWN), ("locker.toml", &untriggered)] {
        std::fs::write(folder.join(name), text).expect("a file");
        let tested =
            pandian().args(["detectors", "test"]).arg(folder.join(name)).output().expect("the program runs");
        assert_eq!(tested.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&tested.stderr));
    }
    let run = scene.scan(&["--detectors", folder.to_str().expect("UTF-8"), "--reveal"]).ends(0);
    let mut found: Vec<_> =
        run.findings.iter().map(|f| (f["detector"].as_str(), f["value"].as_str())).collect();
    found.sort_unstable();
    assert_eq!(found, [(Some("employee"), Some("EMP-123456")), (Some("locker"), Some("xy987z"))]);
}

#[test]
fn a_users_detector_replaces_the_one_with_its_id() {
    let scene = Scene::with(&[("notes.txt", "手机13800138000 EMP-123456".as_bytes())]);
    let folder = scene.beside("own");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("x.toml"), USERS_OWN.replace("\"employee\"", "\"cn-mobile\""))
        .expect("a file");
    let run = scene
        .scan(&["--detectors", folder.to_str().expect("UTF-8"), "--only", "cn-mobile", "--reveal"])
        .ends(0);
    assert_eq!(run.findings.len(), 1, "{:?}", run.findings);
    assert_eq!(run.findings[0]["value"], "EMP-123456");
}

/// Detector, a word that supports it, valid values, invalid ones. All are made up: first day of 1900,
/// order numbers of zeros, the specimens of the standards.
const VECTORS: [(&str, &str, &[&str], &[&str]); 6] = [
    (
        "cn-resident-id",
        "身份证",
        &[
            "11010519491231002X",
            "440524188001010014",
            "110101190001011009",
            "310101190002280013",
            "440301190102030046",
            "11010119000101009X",
        ],
        &[
            "110101190001011008",
            "11010519491231002Y",
            "110101190002301008",
            "110101190013011006",
            "001101190001011001",
            "11010119000101100",
        ],
    ),
    (
        "cn-resident-id-15",
        "身份证",
        &["110101000101100", "310101000228001", "110101991231997"],
        &["110101001301100", "110101000230100", "990101000101100"],
    ),
    (
        "cn-residence-permit-hmt",
        "居住证",
        &["810000190001010018", "820000190001010028", "830000190001010038"],
        &["810000190001010019", "840000190001010017"],
    ),
    (
        "cn-foreign-pr",
        "永久居留",
        &["932682198501010017", "911124198108030024", "911840190001010017"],
        &["932682198501010018", "932682198513010017", "832682198501010017"],
    ),
    (
        "cn-mobile",
        "手机",
        &[
            "13800138000",
            "19200000000",
            "+86 138 0000 0000",
            "0086-139-0000-0000",
            "１３９００００００００",
            "17490000000",
        ],
        &["12000000000", "15400000000", "1380013800", "138001380000"],
    ),
    (
        "bank-card",
        "银行卡",
        &[
            "6222020000000007",
            "6228480000000000000",
            "6217000000000000004",
            "9558800000000000000",
            "6200000000000005",
            "6205500000000000004",
            "4111111111111111",
        ],
        &["6222020000000001", "6217001234567890", "1166889015500487770"],
    ),
];

#[test]
fn known_values_are_found_and_invalid_ones_are_not() {
    let engine = engine();
    for (id, word, valid, invalid) in VECTORS {
        let found = |value: &str| -> Vec<Option<String>> {
            let findings = engine.find(&format!("{word} {value}。"), 0.5).into_iter();
            findings.filter(|finding| finding.detector == id).map(|finding| finding.value).collect()
        };
        for value in valid {
            assert_eq!(found(value), [Some((*value).to_owned())], "{id}: {value}");
        }
        for value in invalid {
            assert_eq!(found(value), [], "{id}: {value}");
        }
    }
}

#[test]
fn explain_shows_the_step_that_fails() {
    for (id, _, valid, invalid) in VECTORS {
        let block = |value: &str| {
            let output = pandian()
                .args(["--lang", "en", "explain", "--only", id, "--", value])
                .output()
                .expect("the program runs");
            assert_eq!(output.status.code(), Some(0), "{value}");
            String::from_utf8(output.stdout).expect("UTF-8")
        };
        for value in valid {
            let text = block(value);
            assert!(text.contains("✓ shape fits") && !text.contains('✗'), "{id} {value}:\n{text}");
        }
        for value in invalid {
            let text = block(value);
            assert!(text.contains('✗') && text.contains("not reported"), "{id} {value}:\n{text}");
        }
    }
}
