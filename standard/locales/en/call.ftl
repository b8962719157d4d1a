# The 2019 call, today: every ask with its live figure or an empty cell.
call-heading = The 2019 call, today
call-lead = In 2019 a call was made for an answer to trafficking through technology that is stronger, gendered and cooperative. This page lists what it asks for and what can be shown for it today.
call-filled = { $filled } of { $all } asks have a figure.
call-stronger = Stronger
call-gendered = Gendered
call-cooperative = Cooperative
call-studies = Five things that must be known
call-empty = Empty.

ask-standard = One common standard for what is recorded
ask-standard-rest = how many organisations record by it.
ask-standard-empty = A first release made with the common standard would fill it.
live-standard = { $n ->
    [one] Codebook { $codebook }: one table declared before any record was read.
   *[other] Codebook { $codebook }: { $n } tables declared before any record was read.
}
ask-states = Governments report on the Palermo Protocol and the treaties after it
ask-states-rest = who is silent.
ask-states-empty = No cycle is open yet. The first returns would fill it.
ask-companies = Companies report in the same way as governments
ask-companies-rest = who is silent.
ask-companies-empty = No cycle is open yet. The first returns of companies would fill it.
ask-law = Law that reaches what is done through technology
ask-law-rest = which of it works.
ask-law-empty = Duties are not entered yet. A list of who is bound by what would fill it.
ask-split = Every figure by sex and by age
ask-split-rest = the same for figures that states and companies report.
ask-split-empty = A first release would fill it.
live-split = { $split } of { $all } published tables are split by sex and age.
ask-girls = Adolescent girls first
ask-girls-rest = the many who are never detected.
ask-girls-empty = A release with girls aged 10 to 17 would fill it.
ask-missing = What is not recorded is said, not hidden
ask-missing-rest = why it was not recorded, by kind of organisation.
ask-missing-empty = A release that counts unknown sex and unknown age would fill it.
ask-survivors = Survivors inform what is done and decide what is published
ask-survivors-rest = what was changed because of what survivors said.
ask-survivors-empty = The council has not decided on a release shown here.
ask-together = All who answer work together
ask-together-rest = companies and prosecutors as contributors.
ask-together-empty = A release with named contributors would fill it.
live-together = { $n ->
    [one] One organisation contributed to the newest release.
   *[other] { $n } organisations of { $kinds ->
        [one] one kind
       *[other] { $kinds } kinds
    } contributed to the newest release.
}
ask-borders = Across borders
ask-borders-rest = which routes cross borders.
ask-borders-empty = A release by organisations of more than one country would fill it.
ask-silos = No silos: it is known how far the lists overlap
ask-silos-rest = how far lists of different kinds overlap.
ask-silos-empty = A count of overlap between lists, made without anyone revealing a name, would fill it.
ask-signals = Services warn each other
ask-signals-rest = what came of the warnings.
ask-signals-empty = The exchange of signals is not open yet.
