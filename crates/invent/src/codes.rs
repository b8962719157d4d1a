//! The plan with every code looked up in the codebook once: what the generator draws from.

use crate::draw::Pick;
use crate::names::{self, Culture};
use crate::plan::{HolderPlan, Plan, Shares, StepPlan};
use crate::{HolderKind, InventError};
use accord_standard::codebook::{Codebook, FieldId};
use accord_standard::consent::Purpose;
use accord_standard::value::Code;

/// Fields by use, looked up once.
macro_rules! fields {
    ($($name:ident = $path:literal),* $(,)?) => {
        /// Fields that the generator fills.
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct Fields {
            $(pub(crate) $name: FieldId,)*
        }
        impl Fields {
            fn new(codebook: &Codebook) -> Result<Fields, InventError> {
                Ok(Fields {
                    $($name: codebook.field($path).ok_or_else(|| InventError::UnknownField($path.into()))?,)*
                })
            }
        }
    };
}

fields!(
    given_name = "given_name",
    family_name = "family_name",
    birth_date = "birth_date",
    reporting_entity_type = "reporting_entity_type",
    source_mode = "source_mode",
    registration_date = "registration_date",
    identification_status = "identification_status",
    recorded_harm = "recorded_harm",
    identified_how = "identified_how",
    sex_registered = "sex_registered",
    gender = "gender",
    age_at_recruitment = "age_at_recruitment",
    age_at_first_exploitation = "age_at_first_exploitation",
    age_at_identification = "age_at_identification",
    age_at_exit = "age_at_exit",
    citizenship = "citizenship",
    country_recruitment = "country_recruitment",
    country_exploitation = "country_exploitation",
    cross_border = "cross_border",
    means = "means",
    control_method = "control_method",
    purpose = "purpose",
    sex_exploitation_form = "sex_exploitation_form",
    labour_sector = "labour_sector",
    recruiter_relation = "recruiter_relation",
    tech_involved = "tech_involved",
    online_to_in_person = "online_to_in_person",
    followed_until = "followed_until",
    event_seq = "event.seq",
    event_date = "event.date",
    event_phase = "event.phase",
    event_type = "event.event_type",
    event_techuse = "event.techuse",
    event_service = "event.service",
    event_contacted_by = "event.contacted_by",
    event_country = "event.country",
    event_certainty = "event.certainty",
    event_payment_form = "event.payment_form",
    perpetrator_sex = "perpetrator.sex",
    perpetrator_relation = "perpetrator.relation",
    perpetrator_role = "perpetrator.role",
    action_service = "platform_action.service",
    action_route = "platform_action.report_route",
    action_response = "platform_action.response",
    action_time = "platform_action.response_time",
);

/// Codes used by name in the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) female: Code,
    pub(crate) male: Code,
    pub(crate) woman_girl: Code,
    pub(crate) man_boy: Code,
    pub(crate) trans_woman: Code,
    pub(crate) trans_man: Code,
    pub(crate) nonbinary: Code,
    pub(crate) yes: Code,
    pub(crate) no: Code,
    pub(crate) cross_yes: Code,
    pub(crate) cross_no: Code,
    pub(crate) no_technology: Code,
    pub(crate) not_trafficking: Code,
    pub(crate) not_required_child: Code,
    pub(crate) exit_phase: Code,
    pub(crate) identified: Code,
    pub(crate) stated: Code,
    pub(crate) inferred: Code,
    pub(crate) payment: Code,
    pub(crate) reported: Code,
    pub(crate) in_app: Code,
}

/// A step with its codes.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) phase: Code,
    pub(crate) event_type: Code,
    pub(crate) share: u32,
    pub(crate) onset: bool,
    pub(crate) after_identified: bool,
    pub(crate) months: [i32; 2],
    pub(crate) techuse: Pick<Code>,
    pub(crate) service: Pick<Code>,
    pub(crate) who: Pick<Code>,
}

/// A course of events with its codes.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) id: String,
    pub(crate) identified: bool,
    pub(crate) sex: Pick<Code>,
    pub(crate) onset: Pick<(u32, u32)>,
    pub(crate) years_unseen: Pick<(u32, u32)>,
    pub(crate) purpose: Vec<Code>,
    pub(crate) harm: Vec<Code>,
    pub(crate) form: Vec<Code>,
    pub(crate) labour: Vec<Code>,
    pub(crate) relation: Pick<Code>,
    pub(crate) online_to_in_person: Code,
    pub(crate) control: Vec<Code>,
    pub(crate) means: Vec<Code>,
    pub(crate) child_means_only: bool,
    pub(crate) cross_border: u32,
    pub(crate) steps: Vec<Step>,
}

/// What one kind of organisation writes down, with codes.
#[derive(Debug, Clone)]
pub(crate) struct Habit {
    pub(crate) plan: HolderPlan,
    pub(crate) courses: Pick<u16>,
    pub(crate) status: Pick<Code>,
    pub(crate) consent: Vec<(Purpose, u32)>,
    pub(crate) entity: Code,
    pub(crate) source_mode: Code,
    pub(crate) identified_how: Vec<Code>,
    pub(crate) legal_basis: Code,
}

/// Everything the generator draws from.
#[derive(Debug)]
pub(crate) struct Lexicon {
    pub(crate) fields: Fields,
    pub(crate) words: Words,
    pub(crate) cultures: Vec<Culture>,
    pub(crate) culture_pick: Pick<u16>,
    pub(crate) countries: Vec<Pick<Code>>,
    pub(crate) destinations: Vec<Code>,
    pub(crate) years: Pick<i32>,
    pub(crate) courses: Vec<Course>,
    /// Form of payment by the kind of service that carried it.
    pub(crate) payments: Vec<(Code, Code)>,
    pub(crate) cash: Code,
    pub(crate) roles: Vec<Code>,
    pub(crate) responses: Pick<Code>,
    pub(crate) times: Pick<Code>,
    habits: Vec<Habit>,
}

/// Where invented people are taken to: a guess.
const DESTINATIONS: [&str; 12] = ["DEU", "ITA", "ESP", "GBR", "USA", "ARE", "THA", "MYS", "KHM", "TUR", "ZAF", "ARG"];

/// How a payment over a kind of service is made.
const PAYMENTS: [(&str, &str); 4] = [
    ("payment_bank_app", "bank_transfer"),
    ("payment_p2p", "mobile_money"),
    ("crypto", "crypto"),
    ("gift_card_virtual_goods", "gift_card_virtual_goods"),
];

/// A reader of codes that says what is missing.
struct Look<'a>(&'a Codebook);

impl Look<'_> {
    fn code(&self, path: &str, id: &str) -> Result<Code, InventError> {
        let field = self.0.field(path).ok_or_else(|| InventError::UnknownField(path.into()))?;
        let list = self.0.list_of(field).ok_or_else(|| InventError::UnknownField(path.into()))?;
        list.code(id).ok_or_else(|| InventError::UnknownCode { list: list.id.clone(), code: id.into() })
    }

    fn codes(&self, path: &str, ids: &[String]) -> Result<Vec<Code>, InventError> {
        let mut codes = ids.iter().map(|id| self.code(path, id)).collect::<Result<Vec<_>, InventError>>()?;
        codes.sort_unstable();
        codes.dedup();
        Ok(codes)
    }

    fn pick(&self, path: &str, shares: &Shares) -> Result<Pick<Code>, InventError> {
        Ok(Pick::new(
            shares.iter().map(|(id, w)| Ok((self.code(path, id)?, *w))).collect::<Result<Vec<_>, InventError>>()?,
        ))
    }

    fn step(&self, plan: &StepPlan) -> Result<Step, InventError> {
        Ok(Step {
            phase: self.code("event.phase", &plan.phase)?,
            event_type: self.code("event.event_type", &plan.event_type)?,
            share: plan.share,
            onset: plan.onset,
            after_identified: plan.after_identified,
            months: plan.months,
            techuse: self.pick("event.techuse", &plan.techuse)?,
            service: self.pick("event.service", &plan.service)?,
            who: self.pick("event.contacted_by", &plan.who)?,
        })
    }
}

impl Lexicon {
    /// Looks everything up; fails if the data files name a field or code that the codebook does not have.
    pub(crate) fn new(codebook: &Codebook) -> Result<Lexicon, InventError> {
        let plan = Plan::embedded()?;
        let look = Look(codebook);
        let words = words(&look)?;
        let mut courses = Vec::new();
        for s in &plan.scenarios {
            courses.push(Course {
                id: s.id.clone(),
                identified: s.identified,
                sex: look.pick("sex_registered", &s.sex)?,
                onset: Pick::new(s.onset.iter().map(|[l, h, w]| ((*l, *h), *w))),
                years_unseen: Pick::new(s.years_unseen.iter().map(|[l, h, w]| ((*l, *h), *w))),
                purpose: look.codes("purpose", &s.purpose)?,
                harm: look.codes("recorded_harm", &s.harm)?,
                form: look.codes("sex_exploitation_form", &s.form)?,
                labour: look.codes("labour_sector", &s.labour)?,
                relation: look.pick("recruiter_relation", &s.relation)?,
                online_to_in_person: look.code("online_to_in_person", &s.online_to_in_person)?,
                control: look.codes("control_method", &s.control)?,
                means: look.codes("means", &s.means)?,
                child_means_only: s.child_means_only,
                cross_border: s.cross_border,
                steps: s.steps.iter().map(|p| look.step(p)).collect::<Result<_, InventError>>()?,
            });
        }
        let cultures = names::load()?;
        let mut countries = Vec::new();
        for culture in &cultures {
            countries.push(look.pick("citizenship", &culture.countries)?);
        }
        let weights: Vec<u32> = cultures.iter().map(|c| c.countries.values().sum()).collect();
        let habits = HolderKind::ALL
            .iter()
            .map(|kind| habit(&look, codebook, &plan, *kind))
            .collect::<Result<_, InventError>>()?;
        Ok(Lexicon {
            fields: Fields::new(codebook)?,
            words,
            culture_pick: Pick::new(weights.iter().enumerate().map(|(i, w)| (i as u16, *w))),
            cultures,
            countries,
            destinations: DESTINATIONS
                .iter()
                .map(|c| look.code("country_exploitation", c))
                .collect::<Result<_, InventError>>()?,
            years: Pick::new(plan.years.weights.iter().filter_map(|(y, w)| Some((y.parse().ok()?, *w)))),
            courses,
            payments: PAYMENTS
                .iter()
                .map(|(service, form)| {
                    Ok((look.code("event.service", service)?, look.code("event.payment_form", form)?))
                })
                .collect::<Result<_, InventError>>()?,
            cash: look.code("event.payment_form", "cash")?,
            roles: ["recruiter", "controlled", "exploiter", "was_paid", "bought"]
                .iter()
                .map(|role| look.code("perpetrator.role", role))
                .collect::<Result<_, InventError>>()?,
            responses: look.pick("platform_action.response", &plan.platform.response)?,
            times: look.pick("platform_action.response_time", &plan.platform.response_time)?,
            habits,
        })
    }

    /// What this kind of organisation writes down.
    pub(crate) fn habit(&self, kind: HolderKind) -> &Habit {
        match kind {
            HolderKind::Hotline => &self.habits[0],
            HolderKind::Police => &self.habits[1],
            HolderKind::Shelter => &self.habits[2],
        }
    }
}

fn words(look: &Look<'_>) -> Result<Words, InventError> {
    Ok(Words {
        female: look.code("sex_registered", "female")?,
        male: look.code("sex_registered", "male")?,
        woman_girl: look.code("gender", "woman_girl")?,
        man_boy: look.code("gender", "man_boy")?,
        trans_woman: look.code("gender", "trans_woman")?,
        trans_man: look.code("gender", "trans_man")?,
        nonbinary: look.code("gender", "nonbinary_other")?,
        yes: look.code("tech_involved", "yes")?,
        no: look.code("tech_involved", "no")?,
        cross_yes: look.code("cross_border", "cross_border")?,
        cross_no: look.code("cross_border", "internal")?,
        no_technology: look.code("event.techuse", "none")?,
        not_trafficking: look.code("identification_status", "not_trafficking")?,
        not_required_child: look.code("means", "not_required_child")?,
        exit_phase: look.code("event.phase", "exit")?,
        identified: look.code("event.event_type", "identified")?,
        stated: look.code("event.certainty", "stated")?,
        inferred: look.code("event.certainty", "inferred")?,
        payment: look.code("event.event_type", "payment")?,
        reported: look.code("event.event_type", "reported_to_platform")?,
        in_app: look.code("platform_action.report_route", "in_app")?,
    })
}

fn habit(look: &Look<'_>, codebook: &Codebook, plan: &Plan, kind: HolderKind) -> Result<Habit, InventError> {
    let holder = plan.holder.get(kind.key()).ok_or_else(|| InventError::Data {
        file: "world.toml".into(),
        message: format!("no [holder.{}]", kind.key()),
    })?;
    let courses = Pick::new(plan.scenarios.iter().enumerate().map(|(i, s)| {
        let tilt = match kind {
            HolderKind::Hotline => 100,
            HolderKind::Police => s.police,
            HolderKind::Shelter => s.shelter,
        };
        (i as u16, s.weight * tilt / 100)
    }));
    let (entity, mode, how, basis): (&str, &str, &[&str], &str) = match kind {
        HolderKind::Hotline => ("hotline", "hotline", &["hotline", "self_report", "family_friend"], "vital_interest"),
        HolderKind::Police => {
            ("police", "case_management", &["police_operation", "via_platform_report"], "public_task")
        }
        HolderKind::Shelter => {
            ("ngo", "case_management", &["self_report", "referral", "health_visit"], "child_best_interest")
        }
    };
    let all =
        |path: &str, ids: &[&str]| ids.iter().map(|id| look.code(path, id)).collect::<Result<Vec<_>, InventError>>();
    Ok(Habit {
        plan: holder.clone(),
        courses,
        status: look.pick("identification_status", &holder.status)?,
        consent: holder
            .consent
            .iter()
            .map(|(p, share)| {
                let purpose = Purpose::from_code(p).ok_or_else(|| InventError::Data {
                    file: "world.toml".into(),
                    message: format!("`{p}` is no purpose"),
                })?;
                Ok((purpose, *share))
            })
            .collect::<Result<_, InventError>>()?,
        entity: look.code("reporting_entity_type", entity)?,
        source_mode: look.code("source_mode", mode)?,
        identified_how: all("identified_how", how)?,
        legal_basis: codebook
            .lists
            .get("legal_basis")
            .and_then(|list| list.code(basis))
            .ok_or_else(|| InventError::UnknownField("legal_basis".into()))?,
    })
}
