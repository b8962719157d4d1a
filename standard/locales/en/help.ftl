# Help, exit. No help line stands here: hosts add reviewed ones from a data file, each with source and date.
help-heading = Help
help-lead = If somebody makes you do things, threatens to share pictures of you, or controls your phone or your money: it is not your fault, and there are people whose work is to help.
help-lines = People to call or write to
help-none = This host has not added any help line.
help-none-why = A number is shown here only if somebody checked it, with its source and the day. A wrong number can do harm, so none is better than one that nobody checked.
help-danger = If you are in danger now, call the emergency number of the place where you are, if it is safe to call.
help-trusted = If you can, tell one adult whom you trust: at school, at a clinic, in your family or among your friends.
help-emergency = If somebody may be watching this phone, use another one that they do not know.
help-dated = Checked on { $date }. Source: { $source }
help-old = This was last checked more than half a year ago. It may have changed.
help-leave = Leaving this page quickly
help-leave-how = “Exit this page” is at the top of every page, always in the same place. It leads to a page that says nothing about this one, and asks the browser to forget what this site left in it. It works without scripts.
help-leave-history = It cannot erase the browser’s history: the address of this page may still be listed there. If somebody looks at your phone, delete the page from the history, or use a private window next time.
help-inhere = Am I in these numbers?
help-inhere-words = Nobody can look that up here, you neither: this site holds no record about anyone, only numbers with noise added, so that no number shows whether one person is in it.
