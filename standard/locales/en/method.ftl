# How figures are made.
method-heading = How figures are made
method-lead = From a case file to this page, in five steps, none of which can be walked back.
method-path = The path of a number
method-path-1 = The tables and their categories are declared before any record is read.
method-path-2 = Each organisation counts its own records, limits what one person can add, and pays from the budget.
method-path-3 = Exact discrete Gaussian noise is added to every cell on the organisation’s own machine.
method-path-4 = Tables of several organisations are added up with the noise in them; they are made consistent and never negative, reading the noisy counts alone.
method-path-5 = A survivor council decides. The release is signed, with its checksums, and published.
method-interval = The interval is found by inverting the noise around the number before it was made consistent; then everything under nought is cut off. It says nothing about people who were never detected.
method-unknown = Unknown is a row, never a no
method-unknown-1 = People whose sex or age was not recorded stand in a row of their own in every table and chart. Missing is never counted as no, and never as nought.
method-formats = Formats
method-formats-1 = The first row of a CSV holds the column names; what a column means is in the metadata file beside it. “CSV for Excel” begins with a mark that makes Excel read every script rightly.
method-formats-2 = Text that a spreadsheet would run as a formula is marked with an apostrophe. Numbers are plain digits in every file.
