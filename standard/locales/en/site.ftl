# Words of every page. Keys are stable; text is plain language in the field's terms.
# Titles are neutral on purpose: they stand in tabs and in the browser's history.
brand = Accord
title-home = Accord
title-releases = Accord: releases
title-release = Accord: release
title-table = Accord: table
title-figure = Accord: figure
title-call = Accord: today
title-help = Accord
title-about = Accord: about
title-privacy = Accord: about
title-method = Accord: about
title-exit = New page

skip = Skip to the content
exit = Exit this page
nav-label = Main
nav-help = Get help
nav-known = What is known
nav-acts = Who acts
nav-helps = What helps
nav-releases = Releases
nav-about = About
languages = Languages
number-group = ,

banner-label = About the data on this page
banner-invented = These people do not exist; nothing here may be cited as fact.
banner-draft = DRAFT: not decided by a council
banner-not-checked = DRAFT: the council’s decision was not checked on this host
banner-deferred = DRAFT: put off by the survivor council
banner-draft-more = Do not publish or quote.
status-published = Published
invented-data = INVENTED DATA
invented-no = no

footer-privacy = How people are protected
footer-method = How figures are made
footer-call = The 2019 call, today
footer-help = Get help
footer-promise = No case record is ever on this site. It keeps no log of visitors, sets no cookie and asks no other site for anything.

sheet = Accord · { $id } · { $date }
sheet-undecided = not decided
missing-title = Accord
missing-heading = There is no such page
missing-words = The address may be mistyped, or what stood here may not be published.
missing-home = To the first page

exit-heading = New page
exit-words = There is nothing on this page.
exit-away = An encyclopedia
