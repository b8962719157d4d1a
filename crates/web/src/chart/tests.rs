use super::*;
use proptest::prelude::*;

fn bar(label: &str, mark: Mark, tone: Tone) -> Bar {
    Bar { label: label.to_owned(), text: "words".to_owned(), mark, tone }
}

fn one(bars: Vec<Bar>) -> Vec<Panel> {
    vec![Panel { title: None, bars }]
}

#[test]
fn the_mark_is_the_range_and_the_value_a_tick_on_it() {
    let panels = one(vec![bar("Girls", Mark::Value { value: 50, low: 40, high: 100 }, Tone::Plum)]);
    let text = svg("a", "t", &panels, false);
    assert!(text.contains(r#"class="c-plum" x="134.4" y="23.0" width="201.6""#), "{text}");
    assert!(text.contains(r#"class="c-tick" x="168.0""#), "{text}");
}

#[test]
fn a_figure_without_a_number_is_drawn_hatched_and_described() {
    let panels = one(vec![bar("Age not known", Mark::None, Tone::Unknown)]);
    let text = svg("a", "t", &panels, false);
    assert!(text.contains("url(#a-h)"));
    assert!(text.contains("<desc id=\"a-d\">Age not known: words</desc>"));
}

#[test]
fn from_right_to_left_the_chart_is_mirrored() {
    let panels = one(vec![bar("x", Mark::Value { value: 50, low: 40, high: 100 }, Tone::Plum)]);
    let text = svg("a", "t", &panels, true);
    // 340 - 134.4 - 201.6
    assert!(text.contains(r#"class="c-plum" x="4.0""#), "{text}");
    assert!(text.contains("direction=\"rtl\""));
}

#[test]
fn small_multiples_share_one_scale() {
    let panels = vec![
        Panel { title: Some("A".into()), bars: vec![bar("x", Mark::Range { low: 0, high: 10 }, Tone::Navy)] },
        Panel { title: Some("B".into()), bars: vec![bar("x", Mark::Range { low: 0, high: 100 }, Tone::Navy)] },
    ];
    let text = svg("a", "t", &panels, false);
    assert!(text.contains(r#"width="33.6""#) && text.contains(r#"width="336.0""#), "{text}");
}

proptest! {
    #[test]
    fn any_label_and_any_numbers_stay_inside_the_frame(label in ".{0,200}", a in any::<u64>(), b in any::<u64>(), c in any::<u64>()) {
        let panels = one(vec![bar(&label, Mark::Value { value: a, low: b, high: c }, Tone::Navy)]);
        let text = svg("a", &label, &panels, false);
        prop_assert!(!text.contains("NaN") && !text.contains("inf"));
        prop_assert_eq!(text.matches('<').count(), text.matches('>').count());
        prop_assert!(!text.contains("x=\"-"), "{}", text);
    }
}
