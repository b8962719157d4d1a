//! `report.html`: the report of a flat release as a page that stands alone. No script, nothing loaded from elsewhere, and no
//! number that [`FlatReport`] and the counts of single values don't hold.
//!
//! Every number stands in a `<data value="…">`, whose value is the report's own. Names of columns and values come from the
//! file: all are escaped, and each has its own direction of writing.
//!
//! Start reading at [`page`].

mod html;

use super::compare::Change;
use super::report::{DomainSource, FlatReport};
use crate::bundle::Unit;
use crate::files::Status;
use crate::flatfiles::Aggregate;
use crate::publish::reliability;
use accord_standard::columns::Columns;
use accord_standard::figure::Reliability;
use html::{Table, decimal, hundred, list, number, outside, range, text, whole};
use std::fmt::Write as _;

/// The page.
pub const PAGE: &str = "report.html";

/// Most columns of which single values are shown, and most values of each; all stand in the aggregates.
const MOST_COLUMNS: usize = 60;
const MOST_VALUES: usize = 12;

/// Makes the page of a report. `singles` are the aggregates of length 1; longer ones are passed over.
pub fn page(report: &FlatReport, columns: &Columns, singles: &[Aggregate]) -> String {
    let title = text(&report.info.title);
    let body = [
        head(report),
        girls(report),
        claim(report),
        lengths(report),
        values(report, columns, singles),
        changed(report),
        method(report),
        said(report),
    ]
    .concat();
    format!(
        "<!doctype html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n{body}</main>\n<footer><p>{} · {} · {}</p></footer>\n\
         </body>\n</html>\n",
        include_str!("page.css"),
        outside(&report.info.id),
        status(report.status),
        outside(&report.info.software),
    )
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Draft => "DRAFT: not decided on by a council",
        Status::Published => "published",
    }
}

const fn who(unit: Unit) -> &'static str {
    match unit {
        Unit::People => "people",
        Unit::Records => "records",
        Unit::Rows => "rows",
    }
}

/// What it is and whose.
fn head(report: &FlatReport) -> String {
    let info = &report.info;
    let mut out = String::new();
    if report.status == Status::Draft {
        out.push_str(
            "<p class=\"banner\" role=\"note\">DRAFT. No council has decided on it. It is not published, and nobody should \
             quote it.</p>\n",
        );
    }
    if info.invented {
        out.push_str(
            "<p class=\"banner\" role=\"note\">INVENTED DATA. The people behind these numbers do not exist.</p>\n",
        );
    }
    if let Some(decision) = &report.decision {
        let _ = writeln!(
            out,
            "<p class=\"claim\" dir=\"auto\">{}, {}: {}</p>",
            text(&decision.council),
            outside(&decision.date),
            text(if decision.note.is_empty() { "no note" } else { &decision.note }),
        );
    }
    let names: Vec<String> = info.organisations.iter().map(|o| outside(&o.name)).collect();
    let _ = write!(
        out,
        "<h1 dir=\"auto\">{}</h1>\n<p class=\"lead\">Counts of combinations of values, and synthetic rows that agree with them. \
         Noise was added to every count before anything else was made of it; how much what stands here may depend on any one \
         person is said below. Detected, not all who exist.</p>\n<dl>\n",
        text(&info.title)
    );
    let mut say = |what: &str, how: String| {
        let _ = writeln!(out, "<dt>{what}</dt><dd>{how}</dd>");
    };
    say("Release", outside(&info.id));
    say("Slot of the calendar", outside(&info.slot));
    say("From", names.join(", "));
    say("Counted", format!("{} ({})", outside(&info.population), who(info.unit)));
    say("Years", outside(&info.period));
    say(
        "Columns and values",
        match report.domain {
            DomainSource::Declared => "declared in a file before any row was read",
            DomainSource::InferredAsPublic => "taken from the file, on the user's declaration that they are public",
        }
        .to_owned(),
    );
    out + "</dl>\n"
}

/// What may be claimed.
fn claim(report: &FlatReport) -> String {
    let privacy = &report.privacy;
    format!(
        "<section id=\"privacy\">\n<h2>What may be claimed</h2>\n<p class=\"claim\">{}</p>\n\
         <p>A person known to {} organisations, if the others have spent as much: epsilon {}. Delta, the probability with \
         which the claim may fail, is {}. At most {} of one person's rows are counted. What it was spent on stands under \
         How it was made.</p>\n</section>\n",
        text(&privacy.sentence),
        number(privacy.desks_per_person, &privacy.desks_per_person.to_string()),
        decimal(privacy.epsilon_several_desks, 3),
        number(privacy.delta, &format!("{:e}", privacy.delta)),
        whole(u64::from(privacy.rows_per_person)),
    )
}

/// What the claim cost, and what that was spent on.
fn cost(report: &FlatReport) -> String {
    let privacy = &report.privacy;
    let mut out = "<h3>What it cost</h3>\n<p>Epsilon says how far one person's rows can move the odds of any conclusion; rho \
                   is the same cost as the ledger keeps it. Sigma is the standard deviation of the noise: of twenty \
                   noisy counts, nineteen lie within two sigma of the count behind them. Sensitivity, squared, is the most \
                   that one person's rows move such counts, all taken together.</p>\n"
        .to_owned();
    let mut table = Table::new("What was spent", "", &["", "#epsilon", "#rho"]);
    let rho = |rho: crate::account::Rho| format!("#{}", number(rho.0, &format!("{:.6}", rho.to_f64())));
    table.row("This draw", &[format!("#{}", decimal(privacy.epsilon, 3)), rho(privacy.rho)]);
    let so_far = format!("#{}", decimal(privacy.epsilon_cumulative, 3));
    table.row("All draws of this account so far", &[so_far, rho(privacy.rho_cumulative)]);
    out.push_str(&table.end());
    let columns = ["measured", "#counts", "#sensitivity, squared", "#rho", "#noise of each count (sigma)"];
    let mut table = Table::new("What it was spent on, in order", "", &columns);
    for m in &privacy.measurements {
        let cells = [
            format!("#{}", whole(m.cells as u64)),
            format!("#{}", whole(m.sensitivity_squared)),
            rho(m.rho),
            match (m.sigma, &m.choice) {
                (Some(sigma), _) => format!("#{}", decimal(sigma, 2)),
                (None, Some(choice)) => {
                    format!(
                        "none: chosen by the exponential mechanism, {} thousandths of epsilon",
                        whole(choice.epsilon_milli)
                    )
                }
                (None, None) => "none".to_owned(),
            },
        ];
        table.row(&outside(&m.table), &cells);
    }
    out + &table.end()
}

/// A count as it may be shown (GS-10): with its interval, as a range alone, or as the sign that it isn't shown.
fn count(low: u64, value: u64, high: u64) -> [String; 2] {
    let reliability = reliability(value, low, high);
    let (low, high) = (whole(low), whole(high));
    match reliability {
        Reliability::Solid => [format!("{} ({low} to {high})", whole(value)), "solid".to_owned()],
        Reliability::Care => [format!("{} ({low} to {high})", whole(value)), "use with care".to_owned()],
        Reliability::RangeOnly => [format!("{low} to {high}"), "range only".to_owned()],
        Reliability::NotShown => [format!("[c] ({low} to {high})"), "too uncertain to show".to_owned()],
    }
}

/// Groups that readers ask for first.
fn girls(report: &FlatReport) -> String {
    let mut out = "<section id=\"girls\">\n<h2>Girls first</h2>\n".to_owned();
    if !report.quality.groups.is_empty() {
        let columns = [
            "group",
            "count (interval)",
            "how far to lean on it",
            "#off by, on average",
            "middling count with one more value (interval)",
        ];
        let caption = "Each group, and what to expect of its counts with one further value";
        let mut table = Table::new(caption, "girls", &columns);
        for group in &report.quality.groups {
            let [shown, lean] = count(group.low, group.count, group.high);
            let [typical, _] = count(group.typical_low, group.typical_count, group.typical_high);
            let typical = if group.combinations == 0 { "none".to_owned() } else { typical };
            let named: Vec<String> = group
                .values
                .iter()
                .map(|(column, values)| {
                    let values: Vec<String> = values.iter().map(|v| outside(v)).collect();
                    format!("{}: {}", outside(column), values.join(", "))
                })
                .collect();
            let heading = format!("{}<br><span class=\"muted\">{}</span>", outside(&group.group), named.join("; "));
            table.row(&heading, &[shown, lean, format!("#{}", decimal(group.expected_error, 2)), typical]);
        }
        out.push_str(&table.end());
        out.push_str("<p class=\"muted\">Detected, not all who exist.</p>\n");
    }
    out + &list(report.quality.groups_notes.iter()) + "</section>\n"
}

fn together(length: usize) -> String {
    match length {
        1 => "One value".to_owned(),
        2 => "Two values together".to_owned(),
        3 => "Three values together".to_owned(),
        _ => "Four values together".to_owned(),
    }
}

/// Expected error by length of combinations.
fn lengths(report: &FlatReport) -> String {
    let who = who(report.info.unit);
    let mut out = format!(
        "<section id=\"quality\">\n<h2>How far the numbers may be off</h2>\n<p>{}</p>\n<ul>\n",
        text(&report.quality.method)
    );
    for length in &report.quality.lengths {
        if length.combinations == 0 {
            let _ = writeln!(
                out,
                "<li>{}: too little was counted to say how far a count is off.</li>",
                together(length.length)
            );
            continue;
        }
        let _ = writeln!(
            out,
            "<li>{}: a count is off by {} {who} on average. {} in 100 intervals hold the count behind them. {} % of all that \
             is counted stands in combinations that noise invented. {}. Of all combinations, with the many that one or two \
             have and that noise hides as it should, {} % are missing: {} % of all that is counted.</li>",
            together(length.length),
            decimal(length.expected_error, 1),
            hundred(length.coverage, 1),
            hundred(length.expected_fabricated_mass, 3),
            match length.expected_suppressed_ge10 {
                Some(share) =>
                    format!("Of combinations that ten {who} or more have, {} % are missing", hundred(share, 2)),
                None => format!("No combination is one that ten {who} or more have"),
            },
            hundred(length.expected_suppressed, 2),
            hundred(length.expected_suppressed_mass, 3),
        );
    }
    out.push_str("</ul>\n");
    let columns = [
        "combinations of",
        "#mean error of a count",
        "#interval, either way",
        "#intervals that hold, in 100",
        "#error of a table, % of all rows",
        "#invented, %",
        "#missing of those of ten and more, %",
        "#missing of all, %",
        "#all that is counted and missing, %",
    ];
    let mut table = Table::new("The same as a table", "", &columns);
    for length in &report.quality.lengths {
        let half = length.half_width.map_or_else(|| "not measured".to_owned(), whole);
        let cells = [
            if length.combinations == 0 { "too little counted".to_owned() } else { decimal(length.expected_error, 2) },
            half,
            hundred(length.coverage, 1),
            hundred(length.expected_workload_error, 2),
            hundred(length.expected_fabricated_mass, 3),
            length.expected_suppressed_ge10.map_or_else(|| "none of ten".to_owned(), |share| hundred(share, 2)),
            hundred(length.expected_suppressed, 2),
            hundred(length.expected_suppressed_mass, 3),
        ];
        table.row(&together(length.length), &cells.map(|cell| format!("#{cell}")));
    }
    out + &table.end() + "</section>\n"
}

/// Each column: its expected error, and its commonest values with intervals.
fn values(report: &FlatReport, columns: &Columns, singles: &[Aggregate]) -> String {
    let mut out = "<section id=\"columns\">\n<h2>Column by column</h2>\n".to_owned();
    let mut table = Table::new("Expected mean error of the count of a value", "", &["column", "#off by, on average"]);
    let is_known = report.quality.lengths.first().is_some_and(|l| l.combinations > 0);
    for column in &report.quality.columns {
        let error = if is_known { decimal(column.expected_error, 2) } else { "too little counted".to_owned() };
        table.row(&outside(&column.column), &[format!("#{error}")]);
    }
    out.push_str(&table.end());
    out.push_str(
        "<p>The commonest values of each column follow. All values, and combinations of them, stand in the files \
         beside this page. [c]: too uncertain to show. A value that is not there is not nought.</p>\n",
    );
    let mut by_column: Vec<Vec<(u64, u16, [u64; 2])>> = vec![Vec::new(); columns.columns.len().min(MOST_COLUMNS)];
    for single in singles {
        if let ([(column, code)], Some(range)) = (&single.cells[..], single.range)
            && let Some(values) = by_column.get_mut(usize::from(*column))
        {
            values.push((single.count, *code, range));
        }
    }
    for (column, mut shown) in columns.columns.iter().zip(by_column) {
        if shown.is_empty() {
            continue;
        }
        shown.sort_by_key(|(count, code, _)| (std::cmp::Reverse(*count), *code));
        let _ = writeln!(out, "<h3>{}</h3>", outside(&column.name));
        let mut table = Table::new("", "values", &["value", "count (interval)", "how far to lean on it", ""]);
        let most = shown.iter().map(|(_, _, [_, high])| *high).max().unwrap_or(1);
        let more = shown.len() > MOST_VALUES;
        for (value, code, [low, high]) in shown.into_iter().take(MOST_VALUES) {
            let Some(name) = column.values.get(usize::from(code).wrapping_sub(1)) else { continue };
            let doubtful = reliability(value, low, high) > Reliability::Care;
            let [figure, lean] = count(low, value, high);
            table.row(&outside(name), &[figure, lean, range(low, value, high, most, doubtful)]);
        }
        out.push_str(&table.end());
        if more {
            out.push_str("<p class=\"muted\">Rarer values stand in the files.</p>\n");
        }
    }
    if columns.columns.len() > MOST_COLUMNS {
        out.push_str("<p class=\"muted\">The values of further columns stand in the files.</p>\n");
    }
    out + "<p class=\"muted\">Detected, not all who exist.</p>\n</section>\n"
}

/// What changed since an earlier release.
fn changed(report: &FlatReport) -> String {
    let Some(compared) = &report.compared else { return String::new() };
    let change = |c: Change| {
        format!("{} ({} to {})", number(c.difference, &c.difference.to_string()), number(c.low, &c.low.to_string()), {
            number(c.high, &c.high.to_string())
        })
    };
    let mut out = format!(
        "<section id=\"changed\">\n<h2>What changed since {}</h2>\n<p>Of {} values that both have, {} changed beyond what the \
         noise of both could do anywhere among them; {} are named. {}</p>\n<p>Rows: {}.</p>\n",
        outside(&compared.previous.release),
        whole(compared.compared),
        whole(compared.beyond_noise),
        if compared.beyond_noise > compared.largest.len() as u64 { "the largest" } else { "all of these" },
        if compared.same_domain { "Both have the same domain." } else { "The domain is another." },
        change(compared.rows),
    );
    if !compared.largest.is_empty() {
        let columns = ["column", "value", "#change (interval)"];
        let mut table = Table::new("The largest changes of noisy counts that are beyond noise", "", &columns);
        for largest in &compared.largest {
            table.row(&outside(&largest.column), &[outside(&largest.value), format!("#{}", change(largest.change))]);
        }
        out.push_str(&table.end());
    }
    out.push_str("<h3>Why</h3>\n");
    out + &list(compared.why.iter()) + "</section>\n"
}

/// How it was made.
fn method(report: &FlatReport) -> String {
    let method = &report.method;
    let mut out = "<section id=\"method\">\n<h2>How it was made</h2>\n<p>Combinations of values were counted, and noise was \
                   added to every count. A model was fitted to the noisy counts, rows were drawn from it, and the rows were \
                   adjusted to all noisy counts at once. Nothing but the noisy counts was read for that.</p>\n<dl>\n"
        .to_owned();
    let mut say = |what: &str, how: String| {
        let _ = writeln!(out, "<dt>{what}</dt><dd>{how}</dd>");
    };
    say(
        "Blank cells",
        match method.most_filled {
            None => "counted as a value".to_owned(),
            Some(most) => format!("implied; a row is counted with at most {} filled columns", whole(u64::from(most))),
        },
    );
    say("Cells of the model's tree", whole(method.tree_cells as u64));
    say(
        "Rounds in which the model was brought nearer to the noisy counts, the last time",
        whole(u64::from(method.passes)),
    );
    say(
        "How much a further round could still have moved, a mean over what the model was fitted to",
        format!(
            "{} of all counts; rounds end when next to nothing is left",
            number(method.gap, &method.gap.to_string())
        ),
    );
    say(
        "Drawn rows from the model",
        format!("{} % apart at most, over all pairs of columns", hundred(method.sampler_distance, 3)),
    );
    let changed: Vec<String> = method.changed.iter().map(|n| whole(*n)).collect();
    say("Values changed by each adjustment", changed.join(", "));
    say("Combinations ruled out as likely noise", whole(method.ruled_out));
    say("Dial from 0 to 3: evidence wanted before a combination is shown", decimal(report.asked.ask.dial, 2));
    if let Some(to) = method.adjusted_to {
        say("Longest combinations that rows were adjusted to", whole(to as u64));
    }
    say("Longest combinations reported", whole(report.reported() as u64));
    say("Synthetic rows", report.asked.rows.map_or_else(|| "as many as the noisy count says".to_owned(), whole));
    if !report.asked.ask.weights.is_empty() {
        let weights: Vec<String> = report.asked.ask.weights.iter().map(|w| number(w, &w.to_string())).collect();
        say("Weights of the columns, in order", weights.join(", "));
    }
    for (column, held) in &method.folded {
        say("Rare values held together", format!("{}: {} kinds held", outside(column), whole(*held as u64)));
    }
    out.push_str("</dl>\n<h3>Columns that the model ties together</h3>\n<ul>\n");
    for factor in &method.factors {
        let names: Vec<String> = factor.iter().map(|name| outside(name)).collect();
        let _ = writeln!(out, "<li>{}</li>", names.join(" · "));
    }
    out + "</ul>\n" + &cost(report) + "</section>\n"
}

/// Assumptions and notes.
fn said(report: &FlatReport) -> String {
    let mut out = "<section id=\"notes\">\n<h2>What a reader must know</h2>\n".to_owned();
    out.push_str(&list(report.notes.iter()));
    out.push_str("<h3>What was assumed</h3>\n");
    out.push_str(&list(report.info.assumptions.iter()));
    out + "<h3>What lies beside this page</h3>\n<ul>\n<li><code>report.json</code>: all of this, for programs</li>\n\
           <li><code>aggregates.csv</code>, <code>.json</code>, <code>.sdmx.csv</code>: counts of combinations</li>\n\
           <li><code>synthetic.csv</code>: the synthetic rows</li>\n<li><code>measured.json</code>: the noisy counts that \
           everything here follows from; <code>accord verify</code> makes it all again and compares</li>\n</ul>\n</section>\n"
}

#[cfg(test)]
pub(in crate::flat) mod tests;
