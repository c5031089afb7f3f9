//! Holds precision and recall on the labelled cases, detector by detector.
use crate::program::{pandian, root};
use pandian::DetectorSet;

#[test]
fn labelled_cases_are_found_and_nothing_else() {
    let output = pandian()
        .current_dir(root())
        .args(["--lang", "en", "eval", "corpora/cases"])
        .output()
        .expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for detector in DetectorSet::built_in().expect("built-in detectors").iter() {
        let row: Vec<&str> = text
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .find(|row| row.first() == Some(&detector.id.as_str()) && row.len() == 7)
            .unwrap_or_else(|| panic!("no case for {}:\n{text}", detector.id));
        let [right, precision, recall] =
            [1, 4, 5].map(|column| row[column].parse::<f64>().expect("a number"));
        // Eleven digits behind a known prefix, with no check digit: some are always in doubt.
        let (least_precision, least_recall) =
            if detector.id == "cn-mobile" { (0.99, 0.995) } else { (1.0, 1.0) };
        assert!(right >= 1.0, "{} is labelled nowhere:\n{text}", detector.id);
        assert!(precision >= least_precision, "precision of {}:\n{text}", detector.id);
        assert!(recall >= least_recall, "recall of {}:\n{text}", detector.id);
    }
}
