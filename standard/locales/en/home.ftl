# The home page, in its fixed order.
home-sentence = Traffickers use technology to recruit and sell girls; governments, companies, civil society and survivors answer here.
home-known = Five questions, and what is known
home-from = From the newest release:
home-no-release = No release is shown on this site yet.
not-yet = Not yet known.
also-not-yet = Not yet known:

question-technology = How are technology and the internet used?
question-technology-unknown = No release on this site measures the role of technology yet. A release with the table “role of technology, by sex and age” would answer it.
question-technology-rest = which kinds of service are used, and in which phase. No release measures them yet.
question-girls = How are online services used against adolescent girls?
question-girls-unknown = No release on this site shows girls by age yet. A release with the table “sex by age” would begin to answer it.
question-girls-rest = which kinds of service are used against girls of each age. This shows how many were detected, the first thing to know.
question-pathways = What are the ways in, and how does exploitation go on over time?
question-pathways-unknown = Few records hold dated events. Organisations that record the order of events would make this study possible; it is declared and waits for them.
question-pathways-rest = the order of events over time.
question-majority = What happens to exploited children as they come of age?
question-majority-unknown = It needs two ages for each person: when exploitation began and when it ended or was detected. Almost no records hold both yet.
question-majority-rest = what happens at the age of majority, under which law.
question-what-works = Which laws and tools work, and which do not?
question-what-works-unknown = The registry of laws and tools, each with its evidence, is not filled yet.
question-what-works-rest = which of them work for girls.

home-acted = Who has acted
acted-states-title = States
acted-states-none = No cycle is open yet
acted-states-fill = When the first cycle opens, this shows who is due, who has filed and who is silent.
acted-companies-title = Companies
acted-companies-none = No cycle is open yet
acted-companies-fill = Companies answer in the same cycle as states: due, filed, silent.
acted-girls-title = Girls where no duty binds
acted-girls-none = Not counted yet
acted-girls-fill = Once duties are entered for each country, this counts girls who live where none of them binds.
home-call = The 2019 call, today: every ask, with its figure or an empty cell

home-helps = What exists for girls
gap-intro = Each cell will hold the tools and measures for that group with the best evidence known. An empty cell is a call to act; these are empty because nobody has filled them here yet, not because nothing exists.
gap-caption = Tools and measures, by purpose and by whom they serve
gap-empty = not filled
gap-column-girls-10-14 = Girls 10–14
gap-column-girls-15-17 = Girls 15–17
gap-column-women-18-19 = Young women 18–19
gap-column-women = Women
gap-column-boys-men = Boys and men
gap-column-gender-diverse = Gender-diverse people
gap-row-prevention = Prevention
gap-row-detection = Detection
gap-row-help = Help
gap-row-recovery = Recovery
gap-row-accountability = Accountability

home-council = The survivor council on the newest release
home-council-none = The council has not decided on the newest release. Until it does, the release is a draft.
council-approve = The council approved this release.
council-defer = The council put this release off.
council-veto = The council did not approve this release.
council-by = { $council }, { $date }. As it states, { $needed } of { $held } keys had to sign.
council-note = The council’s note:

home-odds = Privacy
home-odds-open = What could a release reveal about one person?
home-odds-more = The whole privacy statement of the newest release

home-help = Help, and a way out
home-help-words = If this is about you: you are not alone, and it is not your fault. The exit at the top of every page leads away from here.
home-help-link = Get help

home-doors = Where do you come from?
door-records = I hold records
door-records-more = A shelter, hotline, police unit or rapporteur: records stay with you
door-report = I report
door-report-more = For a state, a company or civil society
door-survivor = I am a survivor
door-survivor-more = Help first; then how survivors decide here
door-research = I research
door-research-more = Explore the figures; then releases, methods and files
