# Table pages.
table-all = All
table-numbers = The numbers
table-region = Table of numbers
table-sections = Parts of the table
table-girls-by = Girls and young women, by { $what }
table-means = What it means, and what it does not
table-cuts = How people are grouped
symbols = Symbols
