#!/usr/bin/env Rscript
# What the tests of crates/estimate/src/turnbull are held against: R 4.2.2, survival 3.5.3, npsurv 0.5.0
# (apt-get install r-base-core r-cran-survival r-cran-npsurv). All counts are invented.
#
#   Rscript bench/oracle/times.R
#
# Accord's times are whole and its intervals hold their ends; both packages take (left, right]. So each interval is widened by
# 0.4 on both sides, which lets neighbours stay apart.

suppressMessages({ library(survival); library(npsurv) })
options(digits = 12)

cat("interval-censored: P(T <= t)\n")
lo <- c(0, 1, 2, 3, 5, 0, 4, 7, 9, 2)
hi <- c(2, 1, 4, 6, NA, 0, 8, 9, NA, 2)
n  <- c(5, 4, 7, 6, 3, 2, 5, 2, 1, 3)
f <- survfit(Surv(lo + 10 - 0.4, hi + 10 + 0.4, type = "interval2") ~ 1, weights = n)
print(data.frame(time = f$time - 10, below = 1 - f$surv))
g <- npsurv(cbind(lo + 10 - 0.4, ifelse(is.na(hi), Inf, hi + 10 + 0.4)), w = n)
print(data.frame(left = g$f$left - 10, right = g$f$right - 10, p = g$f$p))
cat("log-likelihood", g$ll, "\n")

cat("many overlapping intervals: P(T <= t), npsurv\n")
i <- 0:59
lo <- (i * 7) %% 23
hi <- lo + (i * 5) %% 9
n  <- 1 + (i * 11) %% 6
g <- npsurv(cbind(lo + 10 - 0.4, hi + 10 + 0.4), w = n)
print(data.frame(left = g$f$left - 10, right = g$f$right - 10, p = g$f$p))
cat("log-likelihood", g$ll, "\n")

cat("right-truncated, exact: P(T <= t | T <= 8), survfit in reversed time\n")
time  <- c(0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 8)
limit <- c(2, 5, 8, 1, 5, 8, 3, 8, 5, 8, 5, 8, 8, 8)
n     <- c(9, 6, 3, 5, 8, 4, 7, 5, 6, 3, 4, 2, 3, 1)
f <- survfit(Surv(20 - limit - 0.5, 20 - time, rep(1, length(n))) ~ 1, weights = n)
# In reversed time S(20 - t) is the probability of a time under t.
print(data.frame(t = 20 - f$time, below = f$surv, upto = c(1, head(f$surv, -1))))

cat("left-truncated and right-censored: P(T <= t | T >= 1), survfit\n")
entry <- c(1, 1, 2, 2, 3, 1, 4, 3, 1, 2)
time  <- c(1, 3, 2, 5, 4, 6, 6, 7, 4, 7)
event <- c(1, 1, 1, 1, 1, 0, 1, 0, 0, 1)
n     <- c(3, 6, 2, 5, 4, 3, 6, 2, 4, 3)
f <- survfit(Surv(entry - 0.5, time, event) ~ 1, weights = n)
print(data.frame(t = f$time, upto = 1 - f$surv))
