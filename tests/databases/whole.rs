//! What a scan of a database gives: the map, the findings, samples, plans.
use super::{labels, on_each_server, scan};
use crate::program::{CARD, MOBILE, RESIDENT_ID, Run};
use crate::servers::{mysql, postgres};
use serde_json::{Value, json};

/// The same small shop on both kinds of server.
fn shops() -> (postgres::Scratch, mysql::Base) {
    let rows = format!(
        "INSERT INTO customer VALUES (1, '{MOBILE}', '{RESIDENT_ID}', '{{\"bank\": {{\"card\": \"{CARD}\"}}}}'), \
         (2, '138****8001', NULL, NULL), (3, '139****0002', NULL, NULL); CREATE TABLE nothing (sfzh CHAR(18))"
    );
    let table = |json: &str| {
        format!(
            "CREATE TABLE customer (id INT PRIMARY KEY, sjh VARCHAR(20), c2 CHAR(18), profile {json}); {rows}"
        )
    };
    let comment = "; COMMENT ON COLUMN customer.c2 IS '身份证号'";
    let scratch = postgres::Scratch::new(&(table("jsonb") + comment));
    let base =
        mysql::Base::with("shop", &table("json").replace("c2 CHAR(18)", "c2 CHAR(18) COMMENT '身份证号'"));
    (scratch, base)
}

#[test]
fn the_map_says_which_column_holds_what() {
    let (scratch, base) = shops();
    for url in [scratch.url(), base.url()] {
        let (_, run) = scan(&url, &[]);
        let run = run.ends(0);
        let label = |field: &str| labels(&run, "customer", field);
        assert_eq!(label("sjh"), [("cn-mobile".into(), "values".into(), 1)], "{url}");
        assert_eq!(label("c2"), [("cn-resident-id".into(), "values".into(), 1)], "{url}");
        assert_eq!(label("profile$.bank.card"), [("bank-card".into(), "values".into(), 1)], "{url}");
        assert_eq!(labels(&run, "nothing", "sfzh"), [("cn-resident-id".into(), "name".into(), 0)], "{url}");
        let customer = &run.map["objects"][0];
        assert_eq!(
            (&customer["format"], &customer["table"]["rows_read"]),
            (&json!("table"), &json!(3)),
            "{url}"
        );
        let seen = |field: usize| &customer["fields"][field]["seen"];
        assert_eq!((&seen(0)["values"], &seen(0)["masked"]), (&json!(3), &json!(2)), "{customer}");
        assert_eq!((&seen(1)["values"], &seen(1)["nulls"]), (&json!(1), &json!(2)), "{customer}");
        assert_eq!(customer["fields"][1]["column"]["comment"], "身份证号");
        let reason = customer["fields"][0]["labels"][0]["reason"].as_str().expect("a reason");
        assert!(reason.contains("67 % are masked"), "{reason}");
        assert_eq!(run.map["coverage"]["objects"], 2);
    }
}

#[test]
fn findings_lead_to_the_row_by_its_key() {
    let (scratch, base) = shops();
    for url in [scratch.url(), base.url()] {
        let (_, masked) = scan(&url, &[]);
        let masked = masked.ends(0);
        let keys: Vec<_> =
            masked.findings.iter().map(|finding| finding["key"].as_str().expect("a key")).collect();
        assert_eq!(keys.len(), 3);
        assert!(keys.iter().all(|key| key.starts_with("id=#") && key.len() == 20), "{keys:?}");
        let (_, revealed) = scan(&url, &["--reveal"]);
        let revealed = revealed.ends(0);
        assert!(revealed.findings.iter().all(|finding| finding["key"] == "id=1"), "{:?}", revealed.findings);
        assert_eq!(revealed.findings[0]["line"], Value::Null);
        let values: Vec<_> =
            revealed.findings.iter().filter_map(|finding| finding["value"].as_str()).collect();
        assert_eq!(values, [MOBILE, RESIDENT_ID, CARD]);
    }
}

#[test]
fn a_key_file_gives_the_same_marks_in_every_run() {
    let (scratch, _) = shops();
    let key = scratch.server.authority().with_file_name(format!("key-{}", scratch.name));
    std::fs::write(&key, [7; 32]).expect("a key");
    let marks = |more: &[&str]| {
        let run = scan(&scratch.url(), more).1.ends(0);
        run.findings.iter().map(|finding| finding["key"].to_string()).collect::<Vec<_>>()
    };
    let with = ["--key-file", key.to_str().expect("UTF-8")];
    assert_eq!(marks(&with), marks(&with));
    assert_ne!(marks(&[]), marks(&[]), "a key of its own for every run");
    std::fs::write(&key, "short").expect("a key");
    let (_, run) = scan(&scratch.url(), &with);
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("at least 16 bytes"), "{}", run.stderr);
}

#[test]
fn passwords_are_nowhere() {
    let (mut scratch, base) = shops();
    let (role, postgres) = scratch.account();
    scratch.run(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"));
    let user = base.user("quiet", "hush-hush", &["SELECT ON *"]);
    let mysql = crate::servers::mysql::server().url_as(&format!("{user}:hush-hush"), &base.name);
    for (url, secret) in [(postgres, format!("secret-{role}")), (mysql, "hush-hush".to_owned())] {
        let wrong = url.replace(&secret, "not-the-password");
        for (url, secret, code) in [(&url, secret.as_str(), 0), (&wrong, "not-the-password", 3)] {
            let (scene, run) = scan(url, &["--verbose", "--reveal"]);
            let run = run.ends(code);
            let files = ["map.json", "findings.jsonl"]
                .map(|name| std::fs::read_to_string(scene.beside(name)).unwrap_or_default());
            let all = format!("{}{}{}{}", files[0], files[1], run.stdout, run.stderr);
            assert!(!all.contains(secret), "{all}");
            let dry = scan(url, &["--dry-run"]).1;
            assert!(
                !dry.stdout.contains(secret) && !dry.stderr.contains(secret),
                "{}{}",
                dry.stdout,
                dry.stderr
            );
        }
    }
}

fn estimate(run: &Run) -> (u64, u64, u64, f64) {
    let object = &run.map["objects"][0];
    let label = &object["fields"][0]["labels"][0];
    let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("no number in {object}"));
    let share = object["table"]["share_read"].as_f64().expect("a share");
    (number(&label["matched"]), number(&label["estimate"]["low"]), number(&label["estimate"]["high"]), share)
}

#[test]
fn a_sample_is_random_and_says_how_much_it_saw() {
    on_each_server(100_000, "sample", |url, _| {
        let run = scan(url, &["--sample", "10%", "--reveal"]).1.ends(0);
        let (matched, low, high, share) = estimate(&run);
        assert!((0.05..0.2).contains(&share), "{url}: {share}");
        assert!(matched < 25_000 && low <= 100_000 && high >= 100_000, "{url}: {matched} of {low}..{high}");
        assert_eq!(run.row("people")["reason"], "sampled");
        let again = scan(url, &["--sample", "10%", "--reveal"]).1.ends(0);
        assert_eq!(estimate(&again), estimate(&run), "{url}: the same seed");
        let other = scan(url, &["--sample", "10%", "--reveal", "--seed", "5"]).1.ends(0);
        assert_ne!(other.findings, run.findings, "{url}: another seed");
        // Two samples of some ten chunks each: that all of them lie in one half is one chance in millions.
        let id = |finding: &Value| finding["key"].as_str()?.strip_prefix("id=")?.parse().ok();
        let ids: Vec<u64> = run.findings.iter().chain(&other.findings).filter_map(id).collect();
        let early = ids.iter().filter(|id| **id <= 50_000).count();
        assert!(
            early > 0 && early < ids.len(),
            "{url}: {early} of {} rows are from the first half",
            ids.len()
        );
        let rows = scan(url, &["--sample", "20000"]).1.ends(0);
        assert!((10_000..40_000).contains(&estimate(&rows).0), "{url}: {:?}", estimate(&rows));
    });
}

#[test]
fn a_budget_ends_in_time_and_a_rate_is_kept() {
    on_each_server(100_000, "budget", |url, table| {
        // More rows than the rate lets through in the time.
        let begun = std::time::Instant::now();
        let run = scan(url, &["--budget", "2s", "--rate", "10000rows/s"]).1.ends(0);
        let (matched, low, high, share) = estimate(&run);
        assert!(begun.elapsed().as_secs() < 30, "{url}");
        assert!(
            share < 0.6 && matched > 0 && low <= 100_000 && high >= 100_000,
            "{url}: {matched} {low} {high} {share}"
        );
        assert_eq!(run.row(table)["reason"], "sampled");
        let begun = std::time::Instant::now();
        scan(url, &["--rate", "50000rows/s"]).1.ends(0);
        assert!(begun.elapsed().as_secs_f64() > 1.5, "{url}: 100,000 rows in {:?}", begun.elapsed());
    });
}

#[test]
fn a_plan_is_what_would_be_run() {
    on_each_server(100_000, "plan", |url, _| {
        for more in [&["--dry-run"][..], &["--dry-run", "--sample", "5%"]] {
            let (scene, run) = scan(url, more);
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            assert!(!scene.beside("map.json").exists(), "nothing is read, so there is no map");
            assert!(run.stdout.contains("rows"), "{}", run.stdout);
            let statements: Vec<_> =
                run.stdout.lines().filter(|line| !line.starts_with("--") && !line.is_empty()).collect();
            let count = |statement: &&str| -> u64 {
                let counted = format!("SELECT count(*) FROM ({}) t", statement.trim_end_matches(';'));
                let answer = match url.starts_with("postgres") {
                    true => postgres::psql(url, &counted),
                    false => {
                        let database = url.rsplit('/').next().expect("a database");
                        mysql::server()
                            .ask(&counted.replace("FROM `people`", &format!("FROM `{database}`.`people`")))
                    }
                };
                answer.parse().expect("a count")
            };
            let rows: u64 = statements.iter().map(count).sum();
            let expected = if more.len() == 1 { 100_000..=100_000 } else { 2_000..=10_000 };
            assert!(
                expected.contains(&rows),
                "{url} {more:?}: {rows} rows by {} statements",
                statements.len()
            );
        }
    });
}

#[test]
fn tables_are_chosen_by_name() {
    let (scratch, base) = shops();
    for url in [scratch.url(), base.url()] {
        let objects = |more: &[&str]| scan(&url, more).1.ends(0).map["coverage"]["objects"].clone();
        assert_eq!(objects(&["--include", "*.customer"]), 1, "{url}");
        assert_eq!(objects(&["--exclude", "nothing"]), 1, "{url}");
        assert_eq!(objects(&["--include", "other.*"]), 0, "{url}");
    }
}

#[test]
fn one_connection_finds_what_three_find() {
    on_each_server(150_000, "connections", |url, _| {
        let [one, three] = ["1", "3"].map(|connections| {
            let mut run = scan(url, &["--connections", connections]).1.ends(0);
            let times = ["started", "finished"].map(|key| run.map[key].take());
            assert!(times.iter().all(Value::is_string));
            run
        });
        assert_eq!(one.map, three.map, "{url}");
        assert_eq!(one.findings.len(), 150_000);
        assert_eq!(three.findings.len(), 150_000);
    });
}
