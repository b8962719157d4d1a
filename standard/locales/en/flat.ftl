# Flat releases: one table of categories, the counts of its combinations, and synthetic rows.
flat-lead = Counts of combinations of values in one table, and synthetic rows that agree with them. Noise was added to every count before anything else was made of it.
flat-girls = Girls first
flat-girls-caption = Each group that readers ask for first, with the interval of its count
flat-group = Group
flat-count = Count
flat-interval = Interval
flat-lean = How far to lean on it
flat-off = Off by, on average
flat-girls-none = This table cannot tell these groups.
flat-quality = How far the numbers may be off
flat-quality-caption = Expected of the counts, by how many values stand together
flat-together = { $n ->
    [one] One value
   *[other] { $n } values together
}
flat-length = Counted together
flat-error = Mean error of a count
flat-half = Interval, either way
flat-half-none = not measured
flat-coverage = Intervals that hold
flat-invented = Invented by noise
flat-missing = Missing
flat-quality-how = The synthetic rows were taken for the truth, counted, noise of the same size was added, and rows were made from that again in the same way. No confidential record was read for it.
flat-size = How large it is
flat-columns = Columns
flat-combinations = Combinations of values that are counted
flat-longest = Values that are counted together, at most
flat-rows = Synthetic rows
flat-domain = Where the lists of values come from
flat-domain-declared = Declared in a file before any row was read
flat-domain-inferred = Taken from the file, on the user’s declaration that they are public
flat-odds-inferred = The lists of values are not covered by what follows: they were taken from the file, on the user’s declaration that they are public.
flat-protected = What is protected is everything that the table holds of one person, of whom at most { $n ->
    [one] one row is
   *[other] { $n } rows are
} counted. Two tables are compared that differ by that one person being there or not.
flat-mechanism = Exact discrete noise, drawn from the operating system’s generator; neither its seed nor its state is kept. Costs add up in zCDP and are converted once, rounded against us.
flat-cost-caption = Noise and cost of each measurement
flat-measured = Measured
flat-cells = Counts
flat-notes = What a reader must know
flat-report = The whole report, as a page that stands alone
