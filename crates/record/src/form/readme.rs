//! Instructions that fit into five minutes.

use super::definition::Form;

/// For the workbook's sheet `read me`, and the heart of the README.
pub(super) const LINES: [&str; 9] = [
    "1. One row on the sheet records for each person. Give the row your own case number, never a name.",
    "2. One row on the sheet events for each step, the earliest first, with the same case number. Three steps are better than none: first contact, when it began, when it ended.",
    "3. One row on the sheet perpetrators for each person or group that controlled, bought or paid. No names.",
    "4. Choose from the lists. For several answers, write them with ; between.",
    "5. Skip anything. An empty cell means not recorded; it is never read as no.",
    "6. unknown: asked, and not known. refused: prefer not to say. not_asked: the question was not put. These are different answers.",
    "7. Ages may be rough: 14, about 14, 12-15, 18+. Dates too: 2025, 2025-11, 2025-11-03.",
    "8. Consent is asked for each purpose by itself, on your own signed form. Tell the person before: figures that were published cannot be called back, and they do not show her.",
    "9. When you are done: accord check FILE. It reads the file on this computer and sends nothing.",
];

pub(super) fn write(form: &Form) -> String {
    let lines = LINES.join("\n");
    format!(
        "# {}\n\n{}\n\n{}\n\n\
         | file | for |\n|---|---|\n\
         | `event-workbook.xlsx` | typing records in, in any spreadsheet program |\n\
         | `event-sheet.html` | printing: open it in a browser, print on both sides of one A4 sheet |\n\
         | `event-xlsform.xlsx` | KoboToolbox or ODK: upload it as a form |\n\
         | `xlsform-mapping.toml` | reading what KoboToolbox or ODK gives back |\n\n\
         ## Five minutes with the workbook\n\n{lines}\n\n\
         The row under the questions holds the names of the columns. Leave it as it is: the reader finds its way by it.\n\n\
         ## On paper\n\n\
         Front: the person. Back: events and people, with the numbers of the codes under the tables. In the tables write `?` for \
         not known and `-` for prefer not to say; leave the rest empty. Type it into the workbook afterwards (the sheet `codes` has the numbers), then \
         lock the paper away or destroy it.\n\n\
         ## On a telephone or tablet\n\n\
         Upload `event-xlsform.xlsx` to your own KoboToolbox or ODK server. A server that is not yours can read what you send to \
         it. Export as XLSX with *XML values and headers*, select-many questions *in a single column*, without group names, \
         then:\n\n    accord check EXPORT.xlsx --as xlsform-mapping.toml\n\n\
         The mapping was written for that layout; check says so if your server names a column otherwise: add one line to the \
         mapping for it.\n",
        form.title, form.lead, form.privacy,
    )
}
