#!/usr/bin/env Rscript
# Reference values for crates/estimate: states, incidence, intensity, order, trend, chance.
#
#     bench/oracle/states.R
#
# Needs R with survival, etm and Epi (Debian: r-base-core r-cran-survival r-cran-etm r-cran-epi). The tests hold what this
# prints; the versions are printed first. Everything below is invented.

suppressMessages({library(survival); library(etm); library(Epi)})
cat(R.version.string, "\n")
for (p in c("survival", "etm", "Epi")) cat(p, as.character(packageVersion(p)), "\n")
show <- function(name, x) cat(name, paste(formatC(x, digits = 12, format = "g"), collapse = ", "), "\n")

# --- transition to adulthood: states A B C D E, ages as steps -----------------------------------------------------------
# onset (from when seen), identified, exploited again, last age seen, people. NA: not seen to happen.
lives <- read.table(text = "
 12 14 NA 20 9
 12 16 19 22 4
 12 19 NA 24 7
 12 21 23 24 3
 12 NA NA 15 5
 12 NA NA 24 2
 13 13 NA 18 3
 13 17 18 24 5
 13 NA NA 22 4
 14 15 NA 24 8
 14 18 NA 21 6
 14 20 22 23 2
 15 16 17 20 3
 15 23 NA 24 4
 15 NA NA 17 6
 16 17 NA 19 7
 16 18 20 24 3
 16 22 NA 24 5
 17 17 NA 23 4
 17 19 NA 24 9
 17 NA NA 20 3
", col.names = c("enter", "seen", "again", "last", "n"))

# Spells (start, stop] with start e - 0.5 for who is at risk in step e, stop t for a move in step t, t + 0.25 for who leaves
# after it, and the 18th birthday as a certain move at 17.5.
spells <- do.call(rbind, lapply(seq_len(nrow(lives)), function(i) {
  l <- lives[i, ]
  out <- NULL; at <- l$enter - 0.5; state <- "A"
  add <- function(stop, to) {
    if (stop > at) out <<- rbind(out, data.frame(start = at, stop = stop, from = state, to = to))
    at <<- stop; if (to != "cens") state <<- to
  }
  end <- if (is.na(l$seen)) l$last + 0.25 else l$seen
  if (at < 17.5 && end > 17.5) add(17.5, "B")
  if (is.na(l$seen)) add(end, "cens") else {
    add(l$seen, if (l$seen >= 18) "D" else "C")
    if (!is.na(l$again)) add(l$again, "E")
    add(l$last + 0.25, "cens")
  }
  out[rep(seq_len(nrow(out)), l$n), ] |> cbind(id = paste(i, rep(seq_len(l$n), each = nrow(out))))
}))
# the copies of a person's spells must stay together
spells <- spells[order(spells$id, spells$start), ]
spells$event <- factor(spells$to, c("cens", "B", "C", "D", "E"))
spells$from <- factor(spells$from, c("A", "B", "C", "D", "E"))
fit <- survfit(Surv(start, stop, event) ~ 1, data = spells, id = id, istate = from, p0 = c(1, 0, 0, 0, 0))
cat("states of survfit:", fit$states, "\n")
for (age in c(14, 17, 18, 20, 24)) {
  s <- summary(fit, times = age)
  show(paste("survfit occupation", age), s$pstate)
  show(paste("survfit robust se ", age), s$std.err)
  show(paste("survfit at risk (of next) ", age), s$n.risk)
}
tra <- matrix(FALSE, 5, 5, dimnames = list(LETTERS[1:5], LETTERS[1:5]))
tra["A", c("B", "C")] <- TRUE; tra["B", "D"] <- TRUE; tra["C", "E"] <- TRUE; tra["D", "E"] <- TRUE
# etm takes no spells in a state that nobody leaves
long <- with(spells[spells$from != "E", ], data.frame(id = id, from = as.character(from), to = as.character(to), entry = start, exit = stop))
e <- etm(long, LETTERS[1:5], tra, "cens", s = 0, t = "last", covariance = TRUE)
for (age in c(14, 17, 18, 20, 24)) {
  at <- max(which(e$time <= age))
  show(paste("etm occupation", age), e$est["A", , at])
  show(paste("etm Greenwood se", age), sqrt(sapply(LETTERS[1:5], function(j) e$cov[paste("A", j), paste("A", j), at])))
}

# --- competing ends: counts by step ------------------------------------------------------------------------------------
competing <- data.frame(t = 1:5, one = c(4, 6, 3, 5, 2), two = c(2, 1, 4, 3, 3), out = c(5, 0, 7, 2, 6), new = c(40, 12, 5, 0, 0))
rows <- NULL; entered <- rep(competing$t, competing$new); id <- 0
ends <- with(competing, rbind(data.frame(t = rep(t, one), to = "one"), data.frame(t = rep(t, two), to = "two"), data.frame(t = rep(t, out) + 0.25, to = "cens")))
ends <- ends[order(ends$t), ]
rest <- length(entered) - nrow(ends); if (rest > 0) ends <- rbind(ends, data.frame(t = rep(6, rest), to = "cens"))
# first in, first out: entry times do not matter to the estimator as long as entry comes before the end
d <- data.frame(start = entered - 0.5, stop = ends$t, to = factor(ends$to, c("cens", "one", "two")), id = seq_along(entered))
stopifnot(all(d$start < d$stop))
fit <- survfit(Surv(start, stop, to) ~ 1, data = d, id = id)
s <- summary(fit, times = 1:5)
show("competing cumulative incidence of one", s$pstate[, 2])
show("competing cumulative incidence of two", s$pstate[, 3])
d2 <- with(d, data.frame(id = id, from = "0", to = c(cens = "cens", one = "1", two = "2")[as.character(to)], entry = start, exit = stop))
m <- matrix(FALSE, 3, 3); m[1, 2:3] <- TRUE
e <- etm(d2, c("0", "1", "2"), m, "cens", s = 0, covariance = TRUE)
at <- sapply(1:5, function(t) max(which(e$time <= t)))
show("competing Greenwood se of one", sqrt(e$cov["0 1", "0 1", at]))
show("competing Greenwood se of two", sqrt(e$cov["0 2", "0 2", at]))

# --- banded follow-up: half of those who end in a band count as at risk in it -------------------------------------------
later <- c(30, 22, 12, 6, 3); ended <- c(10, 18, 40, 44, 60)
w <- rbind(data.frame(t = 1:5, s = 1, w = later), data.frame(t = 1:5 - 0.5, s = 0, w = ended / 2), data.frame(t = 1:5 + 0.25, s = 0, w = ended / 2))
fit <- survfit(Surv(t, s) ~ 1, data = w, weights = w, robust = FALSE)
k <- match(1:5, fit$time)
show("banded incidence", 1 - fit$surv[k])
show("banded Greenwood se", (fit$surv * fit$std.err)[k])

# --- intensity: events and years by age piece and sex, jump at 18 ------------------------------------------------------
g <- data.frame(
  sex = factor(rep(c("f", "m"), each = 6)), piece = factor(rep(c(1, 2, 3, 3, 4, 5), 2)), adult = rep(c(0, 0, 0, 1, 1, 1), 2),
  d = c(14, 31, 40, 29, 22, 9, 6, 12, 11, 15, 13, 8), e = c(210, 301.5, 190, 171, 260.5, 188, 121, 140, 96.5, 88, 130, 150))
m <- glm(d ~ 0 + sex:piece + adult, family = poisson, offset = log(e), data = g, epsilon = 1e-14)
show("common jump, log", coef(summary(m))["adult", 1:2])
show("common jump, levels", coef(m)[names(coef(m)) != "adult"])
m <- glm(d ~ 0 + sex:piece + sex:adult, family = poisson, offset = log(e), data = g, epsilon = 1e-14)
show("jump by sex, log f", coef(summary(m))["sexf:adult", 1:2])
show("jump by sex, log m", coef(summary(m))["sexm:adult", 1:2])
m2 <- glm(d ~ 0 + piece + sex + adult, family = poisson, offset = log(e), data = g, epsilon = 1e-14)
show("one shape for both sexes, common jump, log", coef(summary(m2))["adult", 1:2])
show("score interval of 14 in 210 years", {
  z <- qnorm(.975); n <- 210; x <- 14; (x + z^2/2 + c(-1, 1) * z * sqrt(x + z^2/4)) / n })
# Lexis expansion of exact times, by Epi: person-years and events by age band for three people
lx <- Lexis(entry = list(age = c(12.5, 16.5, 15.5)), exit = list(age = c(19.5, 17.5, 21.5)), exit.status = c(1, 0, 1))
sp <- splitLexis(lx, breaks = c(10, 15, 18, 20, 25), time.scale = "age")
show("Epi years by band", tapply(sp$lex.dur, timeBand(sp, "age", "left"), sum))
show("Epi events by band", tapply(sp$lex.Xst, timeBand(sp, "age", "left"), sum))

# --- small things --------------------------------------------------------------------------------------------------------
show("qnorm", qnorm(c(.975, .75, .1, 1 - 5e-7)))
show("prop.test(7, 40)", prop.test(7, 40, correct = FALSE)$conf.int)
show("Bonferroni z of 12 at 0.95", qnorm(1 - .05 / 24))
