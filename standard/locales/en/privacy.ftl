# The odds, explained.
privacy-heading = How people are protected
privacy-lead = No figure here can show whether one person is in the records. This page says how sure that is, in odds.
privacy-how = What is done
privacy-how-1 = Before a count leaves an organisation, a random number is added to it. The count stays right within its interval, but whether one person’s record is in it drowns in the randomness.
privacy-how-2 = How much may ever be learnt is fixed beforehand, like a budget. Every table spends from it, drafts too, and what is spent never comes back.
privacy-odds = The odds
privacy-odds-1 = Suppose that somebody who knows a great deal tries to conclude something about one person from everything released. How much more likely does her record make that conclusion?
privacy-odds-here = For the newest release:
odds-read = An example of how to read the first line: what would be concluded 1 time in 1,000 if she were not in the records is concluded at most so often if she is.
privacy-not = What this does not promise
privacy-not-1 = It does not stop conclusions about groups: if many girls of an age were recruited in one way, that will show, whoever is in the records.
privacy-not-2 = A larger factor is a weaker promise. The factor is shown as it is, also when it is large.
privacy-not-3 = It does not cover what else somebody publishes about a person elsewhere.
privacy-visit = Your own visit
privacy-visit-1 = This site sets no cookie, keeps no log of addresses, and asks no other site for anything. Whoever runs the network that you use may still see that you came here.
