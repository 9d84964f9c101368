//! INFO against the list in `info.txt`: exactly its sections and lines, each in its form, none twice. The reference is
//! asked as well, so that a line it has and the list does not is noticed.

use std::collections::BTreeSet;

use brooklet_testkit::server::Data;
use brooklet_testkit::{Protocol, Server, Target};

use super::{Outcome, ask, page, verdict};

const LIST: &str = include_str!("info.txt");

/// Beginnings that exporters take for numbers of their own, and the sections where they are.
const TAKEN: [(&str, &str); 3] = [("db", "Keyspace"), ("cmdstat_", "Commandstats"), ("cluster_", "Cluster")];

/// A line of the list.
struct Rule<'a> {
    section: &'a str,
    name: &'a str,
    form: &'a str,
    durable: bool,
}

/// A line of INFO: section, name, value.
type Line<'a> = (&'a str, &'a str, &'a str);

/// Compares both servers, with and without a journal.
pub fn run(ours: &Target, reference: &Target) -> Outcome {
    let mut wrong = Vec::new();
    let (sections, rules) = rules()?;
    for (target, is_ours) in [(ours, true), (reference, false)] {
        for durable in [false, true] {
            if durable && is_ours && !cfg!(feature = "rocksdb") {
                continue;
            }
            let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
            let data = if durable { Data::Durable(folder.path().into()) } else { Data::Volatile };
            let server = Server::start(target, data, &[]).map_err(|e| e.to_string())?;
            for protocol in Protocol::ALL {
                let mut client = server.connect(protocol).map_err(|e| e.to_string())?;
                ask(&mut client, &["SET", "k", "v"])?;
                ask(&mut client, &["NOSUCHVERB"])?;
                let page = page(&mut client)?;
                let (headers, lines) = lines(&page);
                if is_ours {
                    check(&headers, &lines, &sections, &rules, durable, &mut wrong);
                } else {
                    wrong.extend(unknown(&lines, &rules));
                }
            }
        }
    }
    verdict(wrong)
}

fn rules() -> Result<(Vec<&'static str>, Vec<Rule<'static>>), String> {
    let (mut sections, mut rules, mut section) = (Vec::new(), Vec::new(), "");
    for line in LIST.lines().skip_while(|line| !line.starts_with("# ")).filter(|line| !line.is_empty()) {
        if let Some(title) = line.strip_prefix("# ") {
            section = title.trim_end_matches(" absent");
            sections.extend((section == title).then_some(section));
            continue;
        }
        let (what, why) = line.split_once(" -- ").unwrap_or((line, ""));
        let mut words = what.split(' ');
        let (Some(name), Some(form)) = (words.next(), words.next()) else { return Err(format!("no form: {line}")) };
        if form == "absent" && why.is_empty() {
            return Err(format!("no reason: {line}"));
        }
        rules.push(Rule { section, name, form, durable: words.next() == Some("durable") });
    }
    Ok((sections, rules))
}

fn lines(page: &str) -> (Vec<&str>, Vec<Line<'_>>) {
    let (mut headers, mut lines, mut section) = (Vec::new(), Vec::new(), "");
    for line in page.split("\r\n") {
        if let Some(title) = line.strip_prefix("# ") {
            section = title;
            headers.push(title);
        } else if let Some((name, value)) = line.split_once(':') {
            lines.push((section, name, value));
        }
    }
    (headers, lines)
}

impl Rule<'_> {
    fn is_of(&self, section: &str, name: &str) -> bool {
        let same = match self.name.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.name,
        };
        same && self.section == section
    }
}

fn check(
    headers: &[&str],
    found: &[Line<'_>],
    sections: &[&str],
    rules: &[Rule<'_>],
    durable: bool,
    wrong: &mut Vec<String>,
) {
    if headers != sections {
        wrong.push(format!("sections are {headers:?}\nexpected {sections:?}"));
    }
    let mut seen = BTreeSet::new();
    for &(section, name, value) in found {
        if !seen.insert(name) {
            wrong.push(format!("{name} is there twice"));
        }
        if TAKEN.iter().any(|(start, of)| name.starts_with(start) && section != *of && name != "cluster_connections") {
            wrong.push(format!("{section} has {name}, which exporters take for something else"));
        }
        match rules.iter().find(|rule| rule.is_of(section, name)) {
            Some(rule) if rule.form == "absent" => wrong.push(format!("{section} has {name}")),
            Some(rule) if !is(value, rule.form) => wrong.push(format!("{name}:{value} is not {}", rule.form)),
            Some(_) => {}
            None => wrong.push(format!("{section} has {name}:{value}, which is not listed")),
        }
    }
    let expected = rules.iter().filter(|rule| rule.form != "absent" && (durable || !rule.durable));
    for rule in expected {
        if !found.iter().any(|(section, name, _)| rule.is_of(section, name)) {
            wrong.push(format!("{} lacks {}", rule.section, rule.name));
        }
    }
}

/// What the reference says and the list does not.
fn unknown(found: &[Line<'_>], rules: &[Rule<'_>]) -> Vec<String> {
    let listed = |section: &str, name: &str| rules.iter().any(|rule| rule.is_of(section, name));
    let missing = found.iter().filter(|(section, name, _)| !listed(section, name));
    missing.map(|(section, name, value)| format!("the reference has {name}:{value} in {section}; list it")).collect()
}

/// Whether a value has a form: a kind, one of several words, or fields `name=kind` in their order.
fn is(value: &str, form: &str) -> bool {
    if form.contains('=') {
        let parts = |text| str::split(text, ',').map(|field| field.split_once('=').unwrap_or((field, "")));
        return parts(value).count() == parts(form).count()
            && parts(value)
                .zip(parts(form))
                .all(|((name, value), (expected, form))| name == expected && is(value, form));
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let decimal = |text: &str| text.split_once('.').is_some_and(|(whole, part)| digits(whole) && digits(part));
    match form {
        "text" => true,
        "integer" => digits(value.strip_prefix('-').unwrap_or(value)),
        "decimal" => decimal(value),
        "percent" => value.strip_suffix('%').is_some_and(decimal),
        "size" => {
            value.strip_suffix('B').is_some_and(digits) || value.strip_suffix(['K', 'M', 'G', 'T']).is_some_and(decimal)
        }
        "hex" => !value.is_empty() && value.bytes().all(|b| b.is_ascii_hexdigit()),
        "version" => value.split('.').count() == 3 && value.split('.').all(digits),
        words => words.split('|').any(|word| word == value),
    }
}
