//! The printable sheet: the person on the front, events and people on the back with the numbers of their codes. It stands
//! alone: no script, font or picture from elsewhere.

use super::definition::{Ask, Form, Place, Question, Section};
use std::fmt::Write as _;

/// Lines for events and for people who controlled, bought or paid.
const EVENT_LINES: usize = 10;
const PEOPLE_LINES: usize = 4;

const STYLE: &str = "
@page { size: A4; margin: 11mm 12mm 10mm; }
* { box-sizing: border-box; }
body { font: 8.2pt/1.22 'Liberation Sans', Arial, 'Noto Sans', sans-serif; color: #1b1b1b; margin: 0 auto; max-width: 186mm; }
.side { break-after: page; } .side:last-child { break-after: auto; }
h1 { font-size: 14pt; margin: 0; } h2 { font-size: 9.4pt; margin: 1.8mm 0 .7mm; border-block-end: .5pt solid #777; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 6mm; }
p { margin: .8mm 0; } .skip { font-weight: 700; border: 1pt solid #1b1b1b; padding: 1mm 2mm; margin: 1.4mm 0; }
.note, .hint { color: #444; font-size: 7.6pt; }
.ask { margin: 0 0 1mm; break-inside: avoid; } .ask > b { margin-inline-end: 1.6mm; }
.ticks { display: flex; flex-wrap: wrap; gap: .3mm 4mm; list-style: none; margin: 0; padding: 0; }
.ticks.many { display: grid; grid-template-columns: repeat(4, 1fr); gap: .1mm 3mm; font-size: 7.5pt; }
.ticks li { padding-inline-start: 4mm; text-indent: -4mm; } .ticks li::before { content: ''; text-indent: 0; display: inline-block; inline-size: 2.7mm; block-size: 2.7mm; border: .6pt solid #1b1b1b; margin-inline-end: 1.2mm; vertical-align: -.3mm; }
.ticks li.reason { font-style: italic; } .ticks li.reason::before { border-radius: 50%; }
.write { display: inline-block; border-block-end: .6pt solid #1b1b1b; min-inline-size: 42mm; block-size: 5mm; }
.four { display: grid; grid-template-columns: repeat(4, 1fr); gap: 0 4mm; } .four .write, .pair .write { min-inline-size: 100%; } .four .ticks { font-size: 7.4pt; gap: 0 2mm; flex-wrap: nowrap; white-space: nowrap; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm; }
table { border-collapse: collapse; inline-size: 100%; } th, td { border: .5pt solid #555; padding: .5mm 1mm; text-align: start; vertical-align: top; }
th { font-size: 7.6pt; } .grid td { block-size: 6mm; } .consent { display: grid; grid-template-columns: 1fr 1fr; gap: .3mm 6mm; margin: 0; padding: 0; list-style: none; }
.consent > li { display: flex; gap: 4mm; } .consent .ticks { flex: none; flex-wrap: nowrap; gap: 0 3mm; }
.key { columns: 4; column-gap: 4mm; font-size: 7pt; line-height: 1.22; margin-block-start: 1.4mm; }
.key section { margin: 0 0 1.2mm; } .key h3 { font-size: 7.4pt; margin: 0; break-after: avoid; } .key ol { list-style: none; margin: 0; padding: 0; }
.key li { padding-inline-start: 5.4mm; text-indent: -5.4mm; } .key b { text-indent: 0; display: inline-block; min-inline-size: 5mm; }
@media screen { body { padding: 8mm; max-width: 202mm; } .side { border-block-end: 1px dashed #999; padding-block: 4mm; } }
";

pub(super) fn write(form: &Form) -> String {
    let mut out = String::with_capacity(32 * 1024);
    let title = escape(&form.title);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
    let _ = write!(
        out,
        "<div class=\"side\">\n<header><h1>{title}</h1><span>version {} · front</span></header>\n<p class=\"skip\">{}</p>\n\
         <p class=\"note\">{} ◯ <i>Not known</i> and ◯ <i>Prefer not to say</i> are answers; they are not the same.</p>\n",
        escape(&form.version),
        escape(&form.lead),
        escape(&form.privacy)
    );
    let once = |s: &&Section| !s.repeats;
    for section in form.sections.iter().filter(once) {
        front(form, section, &mut out);
    }
    let _ = write!(
        out,
        "</div>\n<div class=\"side\">\n<header><h1>{title}</h1><span>back · case number <span class=\"write\"></span></span></header>\n\
         <p class=\"note\">Write the number from the key below. <b>?</b> not known, <b>–</b> prefer not to say, empty: not recorded. Skip anything.</p>\n"
    );
    let mut listed: Vec<&Question> = Vec::new();
    for section in form.sections.iter().filter(|s| s.repeats) {
        let questions: Vec<&Question> = section.questions.iter().filter(|q| q.on.contains(&Place::Sheet)).collect();
        let lines = if section.sheet == "events" { EVENT_LINES } else { PEOPLE_LINES };
        grid(section, &questions, lines, &mut out);
        for question in questions {
            if question.list.is_some() && !listed.iter().any(|q| q.list == question.list) {
                listed.push(question);
            }
        }
    }
    out.push_str("<div class=\"key\">\n");
    for question in listed {
        let _ = write!(out, "<section><h3>{}</h3><ol>", escape(&question.short));
        for choice in form.choices(question) {
            let _ = write!(out, "<li><b>{}</b> {}</li>", choice.number, escape(&choice.label));
        }
        out.push_str("</ol></section>\n");
    }
    out.push_str("</div>\n</div>\n</body>\n</html>\n");
    out
}

fn front(form: &Form, section: &Section, out: &mut String) {
    let _ = writeln!(out, "<h2>{}</h2>", escape(&section.title));
    if !section.note.is_empty() {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(&section.note));
    }
    let questions: Vec<&Question> = section.questions.iter().filter(|q| q.on.contains(&Place::Sheet)).collect();
    if questions.iter().all(|q| q.ask == Ask::Consent) {
        out.push_str("<ul class=\"consent\">\n");
        for question in questions {
            out.push_str("<li><ul class=\"ticks\">");
            for choice in form.choices(question) {
                let _ = write!(out, "<li>{}</li>", escape(&choice.label));
            }
            let _ = writeln!(out, "</ul><span>{}</span></li>", escape(&question.short));
        }
        out.push_str("</ul>\n");
        return;
    }
    let ages = questions.iter().all(|q| q.ask == Ask::Age);
    let mut open = false;
    for question in questions {
        let written = matches!(question.ask, Ask::LocalId | Ask::Date | Ask::Age | Ask::Integer) || is_long(question);
        if written != open {
            out.push_str(match (written, ages) {
                (true, true) => "<div class=\"four\">\n",
                (true, false) => "<div class=\"pair\">\n",
                (false, _) => "</div>\n",
            });
            open = written;
        }
        ask(form, question, written, out);
    }
    if open {
        out.push_str("</div>\n");
    }
}

/// Lists that are too long to tick.
fn is_long(question: &Question) -> bool {
    question.list.as_deref() == Some("country")
}

fn ask(form: &Form, question: &Question, written: bool, out: &mut String) {
    let words = if question.ask == Ask::Age { &question.short } else { &question.words };
    let _ = write!(out, "<div class=\"ask\"><b>{}</b>", escape(words));
    let several = if question.ask == Ask::Several && !written { " Tick all that hold." } else { "" };
    if !question.hint.is_empty() || !several.is_empty() {
        let _ = write!(out, "<span class=\"hint\">{}{several}</span>", escape(&question.hint));
    }
    if written {
        out.push_str("<span class=\"write\"></span>");
        if question.ask == Ask::Age {
            reasons(form, out);
        }
    } else {
        let choices = form.choices(question);
        let many = if choices.len() > 9 { " many" } else { "" };
        let _ = write!(out, "<ul class=\"ticks{many}\">");
        for choice in choices {
            let _ = write!(out, "<li>{}</li>", escape(&choice.label));
        }
        for reason in asked_reasons(form) {
            let _ = write!(out, "<li class=\"reason\">{}</li>", escape(&reason));
        }
        out.push_str("</ul>");
    }
    out.push_str("</div>\n");
}

fn reasons(form: &Form, out: &mut String) {
    out.push_str("<ul class=\"ticks\">");
    for reason in asked_reasons(form) {
        let _ = write!(out, "<li class=\"reason\">{}</li>", escape(&reason));
    }
    out.push_str("</ul>");
}

/// On paper a question that was not asked is left empty.
fn asked_reasons(form: &Form) -> impl Iterator<Item = String> {
    form.missing.iter().filter(|m| m.id != "not_asked").map(|m| m.label.clone())
}

fn grid(section: &Section, questions: &[&Question], lines: usize, out: &mut String) {
    let _ = write!(
        out,
        "<h2>{}</h2>\n<p class=\"note\">{}</p>\n<table class=\"grid\"><tr><th>#</th>",
        escape(&section.title),
        escape(&section.note)
    );
    for question in questions {
        let _ = write!(out, "<th>{}</th>", escape(&question.short));
    }
    out.push_str("</tr>\n");
    for line in 1..=lines {
        let _ = writeln!(out, "<tr><td>{line}</td>{}</tr>", "<td></td>".repeat(questions.len()));
    }
    out.push_str("</table>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
