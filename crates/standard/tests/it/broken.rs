//! Broken data files are refused, with the place and the reason in words.

use accord_standard::codebook::Codebook;
use accord_standard::crosswalk::Crosswalk;
use accord_standard::dimension;
use accord_standard::problem::FileError;
use accord_standard::workload::Workload;

const LIST: &str = "id = 'colour'\nversion = '1'\nlabel = 'Colour'\ndefinition = 'For tests.'\n\
    [[code]]\nid = 'red'\nnumber = 1\nlabel = 'Red'\naliases = ['crimson']\n\
    [[code]]\nid = 'blue'\nnumber = 2\nlabel = 'Blue'\n\
    [[code]]\nid = 'any'\nnumber = 3\nlabel = 'Red or blue'\nany_of = ['red', 'blue']\n";
const BASIS: &str = "id = 'legal_basis'\nversion = '1'\nlabel = 'Basis'\ndefinition = 'For tests.'\n\
    [[code]]\nid = 'law'\nnumber = 1\nlabel = 'Law'\n";
const RECORD: &str = "version = '1'\n\
    [[field]]\nid = 'hue'\nnumber = 1\nlevel = 'record'\nkind = 'code'\nlist = 'colour'\nclass = 'quasi'\n\
    label = 'Hue'\ndefinition = 'For tests.'\nexample = 'red'\n\
    [[field]]\nid = 'age'\nnumber = 2\nlevel = 'record'\nkind = 'age'\nclass = 'quasi'\n\
    label = 'Age'\ndefinition = 'For tests.'\nexample = '15-17'\nrange = [0, 120]\n";

fn load(record: &str, list: &str) -> Result<Codebook, FileError> {
    Codebook::load(record, &[("colour", list), ("legal_basis", BASIS)])
}

/// Loading with one text replaced by another says what is wrong.
fn check(from: &str, to: &str, expected: &str) {
    let (record, list) = (RECORD.replacen(from, to, 1), LIST.replacen(from, to, 1));
    assert!(record != RECORD || list != LIST, "{from} is not in the files");
    let error = load(&record, &list).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains(expected), "{from} -> {to}: {error:?} does not say {expected:?}");
}

#[test]
fn a_sound_codebook_loads() {
    let book = load(RECORD, LIST).unwrap();
    assert_eq!(book.lists["colour"].find("Crimson"), book.lists["colour"].code("red"));
}

#[test]
fn a_broken_codebook_is_refused_with_the_place() {
    check("number = 2\nlevel", "number = 1\nlevel", "field age: number 1 is taken by hue");
    check("id = 'age'", "id = 'hue'", "the id is given twice");
    check("id = 'age'", "id = 'Age'", "the id must be lower case");
    check("list = 'colour'", "list = 'smell'", "there is no codelist smell");
    check("list = 'colour'\n", "", "code and codes need a list");
    check("label = 'Hue'", "label = ' '", "label and definition are needed");
    check("example = 'red'", "example = 'green'", "does not parse: not a code of the list");
    check("example = '15-17'", "example = '150'", "does not parse: not a number in range");
    check("example = '15-17'", "example = 'seventeen'", "does not parse");
    check("range = [0, 120]", "range = [9, 1]", "the range is empty");
    check("range = [0, 120]", "", "need a range");
    check("kind = 'age'", "kind = 'text'", "text is always of class direct");
    check("number = 2\nlabel = 'Blue'", "number = 1\nlabel = 'Blue'", "code colour.blue: number 1 is taken by red");
    check("number = 2\nlabel = 'Blue'", "number = 0\nlabel = 'Blue'", "numbers start at 1");
    check("label = 'Blue'", "label = 'Crimson'", "the spelling crimson is taken");
    check("label = 'Blue'", "label = 'Not asked'", "is a reason for having no value");
    check("label = 'Blue'", "label = 'Blue'\nrollup = { shade = 'dark' }", "rolls up to shade.dark");
    check("any_of = ['red', 'blue']", "any_of = ['red', 'green']", "stands for green");
    check("any_of = ['red', 'blue']", "any_of = ['red']", "two codes or more");
    check("id = 'colour'", "id = 'color'", "must have the id colour");
    check("label = 'Hue'", "label = 'Hue'\nlable = 'x'", "lable");
}

#[test]
fn a_list_that_nothing_uses_is_an_orphan() {
    let other = LIST.replace("'colour'", "'shade'");
    let error = Codebook::load(RECORD, &[("colour", LIST), ("legal_basis", BASIS), ("shade", &other)]).unwrap_err();
    assert!(error.to_string().contains("list shade: no field"), "{error}");
}

#[test]
fn a_broken_dimension_is_refused_with_the_place() {
    let book = load(RECORD, LIST).unwrap();
    let good = "[[dimension]]\nid = 'hue'\nlabel = 'Hue'\ndefinition = 'x'\nfield = 'hue'\nrule = 'first_match'\n\
        category = [{ id = 'red', label = 'Red', any = ['red'] }, { id = 'blue', label = 'Blue', any = ['blue'] }, \
        { id = 'unknown', label = 'Unknown' }]\n\
        [[dimension]]\nid = 'band'\nlabel = 'Band'\ndefinition = 'x'\nfield = 'age'\nrule = 'age_band'\n\
        category = [{ id = 'a0_17', label = 'x', low = 0, high = 17 }, { id = 'a18', label = 'y', low = 18 }, \
        { id = 'unknown', label = 'Unknown' }]\n";
    assert_eq!(dimension::parse(good, &book).unwrap().len(), 2);
    for (from, to, expected) in [
        ("id = 'band'", "id = 'hue'", "given twice"),
        ("field = 'hue'", "field = 'smell'", "there is no field smell"),
        ("field = 'hue'", "field = 'age'", "the rule does not fit"),
        ("any = ['blue']", "any = ['green']", "has no code green"),
        ("any = ['blue']", "any = ['blue', 'red']", "the composite code any does not go with its parts"),
        ("any = ['blue'] }, { id = 'unknown', label = 'Unknown' }", "any = ['blue'] }", "must be unknown"),
        ("high = 17", "high = 16", "follow each other without gap"),
        ("low = 18", "low = 18, high = 30", "the last band must be open"),
        (", any = ['blue']", "", "a condition on codes is needed"),
        ("any = ['blue']", "any = ['blue'], also_any = ['red']", "also_field and also_any go together"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = dimension::parse(&good.replacen(from, to, 1), &book).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error:?} does not say {expected:?}");
    }
}

#[test]
fn a_broken_workload_is_refused_with_the_place() {
    let good = "id = 'w'\nversion = '1'\ntitle = 'T'\npopulation = 'P'\ndefinition = 'D'\ncaveats = ['C']\n\
        [[table]]\nid = 'a'\ntitle = 'A'\ndimensions = ['sex', 'age_band']\nshare = 400\n\
        [[table]]\nid = 'b'\ntitle = 'B'\ndimensions = ['sex', 'age_band', 'exploitation']\nshare = 600\nrefines = 'a'\n\
        [[headline]]\nid = 'girls'\nlabel = 'girls'\ntable = 'a'\nselect = { sex = ['female'], age_band = ['a10_14'] }\n";
    Workload::parse(good, dimension::embedded()).unwrap();
    for (from, to, expected) in [
        ("share = 600", "share = 601", "sum to 1001"),
        ("share = 600", "share = 4294967295", "sum to"),
        ("['sex', 'age_band']", "['age_band', 'sex']", "sex or gender, cut by the field of that name, comes first"),
        ("'exploitation'", "'shoe_size'", "there is no dimension shoe_size"),
        ("'exploitation'", "'technology_role'", "refines nothing"),
        ("'exploitation'", "'sex'", "given twice"),
        ("refines = 'a'", "refines = 'b'", "there is no table b before it"),
        ("['sex', 'age_band']", "['sex', 'exploitation']", "must be those of a"),
        ("id = 'b'", "id = 'a'", "the id is given twice"),
        ("id = 'b'", "id = 'B.1'", "lower case letters"),
        ("sex = ['female']", "sex = ['girl']", "has no category girl"),
        ("sex = ['female']", "sex = ['female', 'female']", "once"),
        ("table = 'a'", "table = 'c'", "there is no table c"),
        ("sex = ['female']", "gender = ['woman_girl']", "has no dimension gender"),
        ("population = 'P'", "population = ''", "a population are needed"),
        ("definition = 'D'", "definition = ' '", "a definition and at least one caveat"),
        ("caveats = ['C']", "caveats = []", "a definition and at least one caveat"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = Workload::parse(&good.replacen(from, to, 1), dimension::embedded()).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error:?} does not say {expected:?}");
    }
}

#[test]
fn a_broken_mapping_is_refused_with_the_column() {
    let good = "id = 'shelter'\ntitle = 'A shelter'\nmissing = ['n/a']\nseparator = ','\n\
        [[column]]\nname = 'No'\nrule = 'record_id'\n\
        [[column]]\nname = 'Sex'\nfield = 'sex_registered'\nrule = 'code'\nvalues = { W = 'female', '?' = 'unknown' }\n\
        [[column]]\nname = 'Land'\nfield = 'citizenship'\nrule = 'codes'\n\
        [[column]]\nname = 'App'\nfield = 'event.1.service'\nrule = 'code'\n\
        [[column]]\nname = 'Alter'\nfield = 'age_at_exit'\nrule = 'age_band'\nvalues = { Kind = '0-17' }\n\
        [[column]]\nname = 'Zoll'\nfield = 'control_method'\nrule = 'flag'\ncodes = ['debt_bondage']\n\
        [[column]]\nname = 'Stat'\nfield = 'p2'\nrule = 'consent'\nvalues = { ja = 'yes' }\n";
    let read = Crosswalk::parse(good).unwrap();
    assert_eq!(read.columns.len(), 7);
    for (from, to, expected) in [
        (
            "'sex_registered'",
            "'sex_registred'",
            "column \"Sex\": there is no field \"sex_registred\"; did you mean sex_registered?",
        ),
        ("W = 'female'", "W = 'femal'", "column \"Sex\": the value \"W\" is mapped to \"femal\""),
        ("missing = ['n/a']", "missing = ['NA']", "\"NA\" stands under missing, and is Namibia here"),
        ("'event.1.service'", "'event.service'", "name one event, such as event.1.service"),
        ("'event.1.service'", "'event.0.service'", "there is no field"),
        ("'event.1.service'", "'event.1.servce'", "did you mean event.service?"),
        ("Kind = '0-17'", "Kind = 'minor'", "not an age or band"),
        ("codes = ['debt_bondage']", "codes = ['debtbondage2']", "did you mean debt_bondage?"),
        ("codes = ['debt_bondage']", "codes = []", "a flag names one code"),
        ("rule = 'flag'", "rule = 'flag_one_of'", "two codes or more"),
        ("rule = 'flag'", "rule = 'date'", "does not fit the field control_method"),
        ("field = 'p2'", "field = 'p8'", "one of p1 to p7"),
        ("ja = 'yes'", "ja = 'jawohl'", "not yes, no"),
        (
            "name = 'Land'\nfield = 'citizenship'\nrule = 'codes'",
            "name = 'sex'\nfield = 'sex_registered'\nrule = 'code'",
            "mapped to the same field twice",
        ),
        (
            "name = 'Land'\nfield = 'citizenship'\nrule = 'codes'",
            "name = 'Id'\nrule = 'record_id'",
            "only one column can hold the identifier",
        ),
        ("separator = ','", "separator = ''", "separator"),
        ("separator = ','", "dates = 'dym'", "ymd, dmy or mdy"),
        ("separator = ','", "workload = 'none'", "there is no workload none"),
        ("id = 'shelter'", "id = 'A b'", "lower case"),
        ("name = 'Zoll'", "nam = 'Zoll'", "nam"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = Crosswalk::parse(&good.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error:?} does not say {expected:?}");
    }
}

/// A study's kinds of dimensions over the embedded codebook, in one file.
const OVER_EVENTS: &str = "
[[dimension]]
id = 'path'
label = 'P'
definition = 'D'
field = 'event.phase'
rule = 'steps'
at_most = 4
steps = { field = 'event.phase' }
[[dimension]]
id = 'way'
label = 'W'
definition = 'D'
field = 'event.phase'
rule = 'order'
first = [[{ field = 'event.phase', any = ['recruit'] }]]
second = [[{ field = 'event.phase', any = ['exploit'] }]]
category = [{ id = 'a', label = 'A', order = 'first_then_second' }, { id = 'unknown', label = 'U' }]
[[dimension]]
id = 'wait'
label = 'T'
definition = 'D'
field = 'event.date'
rule = 'elapsed'
until = 'followed_until'
cuts = [0, 31]
first = [[{ field = 'event.phase', any = ['recruit'] }]]
second = [[{ field = 'event.phase', any = ['exploit'] }]]
[[dimension]]
id = 'year'
label = 'Y'
definition = 'D'
field = 'registration_date'
rule = 'year_band'
cuts = [2015, 2020]
[[dimension]]
id = 'one_event'
label = 'O'
definition = 'D'
field = 'event.phase'
rule = 'all_matches'
category = [{ id = 'a', label = 'A', within = [{ field = 'event.phase', any = ['recruit'] }] }, { id = 'unknown', label = 'U' }]
";

#[test]
fn conditions_on_every_event_and_people_to_whom_it_happened_before_are_read() {
    let book = Codebook::embedded();
    let before = "cuts = [0, 31]\ncategory = [{ id = 'b', label = 'B', order = 'second_then_first' }]";
    for (from, to) in [
        ("cuts = [0, 31]", before),
        ("cuts = [0, 31]", "cuts = [0, 31]\nrecurrent = true"),
        ("within = [{ field = 'event.phase', any = ['recruit'] }]", "every = ['recruit']"),
        (
            "category = [{ id = 'a', label = 'A', within",
            "at_most = 2\ncategory = [{ id = 'none', label = 'N', every = ['after'] }, { id = 'a', label = 'A', within",
        ),
    ] {
        assert!(OVER_EVENTS.contains(from), "{from}");
        let read = dimension::parse(&OVER_EVENTS.replacen(from, to, 1), book).unwrap();
        let again = serde_json::to_string(&read).unwrap();
        let travelled: Vec<dimension::Dimension> = serde_json::from_str(&again).unwrap();
        assert_eq!(travelled, read, "{to}");
    }
}

#[test]
fn a_dimension_over_events_or_time_that_does_not_hold_together_is_refused() {
    let book = Codebook::embedded();
    assert_eq!(dimension::parse(OVER_EVENTS, book).unwrap().len(), 5);
    for (from, to, expected) in [
        ("at_most = 4", "at_most = 0", "at_most is 1 to 16"),
        ("at_most = 4", "at_most = 17", "at_most is 1 to 16"),
        ("rule = 'order'", "rule = 'order'\nat_most = 2", "at_most is 1 to 16"),
        (
            "rule = 'steps'",
            "rule = 'steps'\nfirst = [[{ field = 'event.phase', any = ['recruit'] }]]",
            "and nowhere else",
        ),
        ("rule = 'steps'", "rule = 'steps'\nuntil = 'followed_until'", "until is for a time"),
        ("until = 'followed_until'", "until = 'event.date'", "until is for a time"),
        ("until = 'followed_until'", "until = 'birth_date'", "identifies people"),
        ("until = 'followed_until'", "", "need until"),
        ("cuts = [0, 31]", "cuts = [1, 31]", "start at 0"),
        ("cuts = [0, 31]", "cuts = [0, 31, 20]", "follow each other"),
        ("cuts = [0, 31]", "", "at least two categories"),
        ("cuts = [2015, 2020]", "cuts = [1815, 2020]", "before 1900"),
        ("cuts = [2015, 2020]", "cuts = [2015, 2015]", "follow each other"),
        ("field = 'registration_date'", "field = 'event.date'", "does not read the part"),
        ("any = ['recruit'] }]]", "any = ['wave'] }]]", "has no code wave"),
        ("any = ['recruit'] }]]", "any = [] }]]", "at least one code"),
        ("first = [[{ field = 'event.phase', any = ['recruit'] }]]", "first = [[]]", "would hold for every event"),
        ("within = [{ field = 'event.phase'", "within = [{ field = 'purpose'", "no coded field purpose"),
        (
            "steps = { field = 'event.phase' }",
            "category = [{ id = 'a', label = 'A', to = ['exploit'] }, { id = 'b', label = 'B', to = ['exploit'] }, \
             { id = 'unknown', label = 'U' }]",
            "stands in another category too",
        ),
        ("order = 'first_then_second'", "order = 'first_then_second', reached = true", "order is needed"),
        ("rule = 'steps'", "rule = 'steps'\nrecurrent = true", "recurrent is for a time"),
        (
            "cuts = [0, 31]",
            "cuts = [0, 31]\ncategory = [{ id = 'b', label = 'B', order = 'together' }]",
            "stands apart",
        ),
        (
            "cuts = [0, 31]",
            "cuts = [0, 31]\ncategory = [{ id = 'b', label = 'B', order = 'second_then_first', low = 2 }]",
            "stands apart",
        ),
        (
            "cuts = [0, 31]",
            "cuts = [0, 31]\nrecurrent = true\ncategory = [{ id = 'b', label = 'B', order = 'second_then_first' }]",
            "if it happens again",
        ),
        (
            "cuts = [0, 31]",
            "cuts = [0, 31]\ncategory = [{ id = 'b', label = 'B', order = 'second_then_first' }, \
             { id = 'c', label = 'C', order = 'second_then_first' }]",
            "one category says",
        ),
        ("within = [{ field = 'event.phase', any = ['recruit'] }]", "every = ['wave']", "has no code wave"),
        (
            "rule = 'all_matches'\ncategory = [{ id = 'a', label = 'A', within = [{ field = 'event.phase', any = ['recruit'] }]",
            "rule = 'all_matches'\nat_most = 2\ncategory = [{ id = 'a', label = 'A', every = ['recruit']",
            "only none asks for every event",
        ),
        (
            "field = 'event.phase'\nrule = 'all_matches'\ncategory = [{ id = 'a', label = 'A', within = [{ field = 'event.phase', any = ['recruit'] }]",
            "field = 'purpose'\nrule = 'all_matches'\ncategory = [{ id = 'a', label = 'A', every = ['sexual_exploitation']",
            "every asks of all events",
        ),
    ] {
        assert!(OVER_EVENTS.contains(from), "{from}");
        let error = dimension::parse(&OVER_EVENTS.replacen(from, to, 1), book).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error:?} does not say {expected:?}");
    }
}
