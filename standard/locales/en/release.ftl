# Releases.
releases-heading = Releases
releases-lead = A release is a set of protected tables that a survivor council decided on. Newest first.
releases-none = No release is shown on this site yet.
contributors = { $n ->
    [one] One organisation contributed
   *[other] { $n } organisations contributed
}
release-id = Release
release-contents = On this page
release-shows = What it shows
release-tables = Tables
headlines = The groups asked for first
release-privacy = Privacy
release-council = The survivor council
release-council-none = The council has not decided on this release. It is a draft.
release-who = Who is in it
release-assumptions = What was declared and assumed
release-assumptions-none = Nothing was assumed.
release-refused = What is not given, and why
release-refused-none = Nothing that was asked for was refused.
release-files = Files
release-verify = Download the files into one folder and check them without a network. ROOT is the list of keys that you trust, which you got on another way.
release-files-none = This site holds no files of this release.
files-caption = Files of the bundle, with checksums
files-name = File
files-size = Bytes
files-sum = SHA-256

fact-status = Status
fact-population = Who is counted
fact-unit = What a count counts
fact-unit-people = People, each once
fact-unit-records = Records: a person known to several organisations is counted by each
fact-unit-rows = Rows: a person may have several, up to a declared bound
fact-period = Years covered, as declared
fact-slot = Slot of the release calendar
fact-codebook = Version of the codebook
fact-software = Version of the software

odds-sentence = Whatever anyone concludes from this release, and from everything released before it from the same records, is at most { $factor } times as likely as it would be without one person’s record, but for a chance of { $delta } (delta).
odds-several = For a person known to { $desks } organisations that contribute, it is at most { $factor } times, but for the same chance of { $delta }.
odds-no-limit = more than a million million
one-in = 1 in { $n }
in-a-thousand = { $n } in 1,000
odds-table = If something would be concluded about a person with this chance without her record, then with it the chance is at most this
odds-without = Without her record
odds-with = With her record, at most

privacy-unit = What is protected is one person’s whole record at one organisation: all its events together, not single rows. Two sets of records are compared that differ by that one record being there or not.
privacy-numbers = The numbers of the privacy statement
privacy-epsilon = Epsilon of this release
privacy-epsilon-cumulative = Epsilon of everything so far; the odds use this one
privacy-epsilon-several = Epsilon of everything so far, for a person known to { $desks } organisations
privacy-delta = Delta
privacy-rho = Cost of this release (rho, zCDP)
privacy-rho-cumulative = Cost of everything so far (rho, zCDP)
privacy-rho-several = Cost of everything so far for a person known to { $desks } organisations (rho, zCDP)
privacy-basis = Share of records read on a legal basis other than consent
privacy-basis-unknown = not measured
privacy-mechanism = Exact discrete Gaussian noise, drawn from the operating system’s generator; neither its seed nor its state is kept. Costs add up in zCDP and are converted once, rounded against us.
privacy-more = What these odds mean, in plain words
cost-caption = Noise and cost of each table
cost-table = Table
cost-sigma = Noise in each cell (standard deviation)
cost-cells = Cells that one person can stand in
cost-draws = Draws summed
cost-rho = Cost (rho)
