# Writes the CSV files of src/bayesmixed/datasets/data from the R packages lme4 and nlme.
# Usage: Rscript tools/make_datasets.R src/bayesmixed/datasets/data
suppressMessages({library(lme4); library(nlme)})
folder <- commandArgs(trailingOnly = TRUE)[1]

write_frame <- function(frame, name, compressed) {
  frame <- as.data.frame(lapply(unclass(as.data.frame(frame)), unname))
  names(frame) <- gsub(".", "_", names(frame), fixed = TRUE)   # a dot is no part of a Python name
  path <- file.path(folder, paste0(tolower(name), if (compressed) ".csv.gz" else ".csv"))
  connection <- if (compressed) gzfile(path, "wb", compression = 9) else file(path, "wb")
  write.csv(frame, connection, row.names = FALSE, quote = FALSE)
  close(connection)
}

small <- c("sleepstudy", "Penicillin", "Pastes", "Dyestuff", "Dyestuff2", "cake", "cbpp", "grouseticks")
for (name in small) write_frame(get(name, "package:lme4"), name, FALSE)
for (name in c("VerbAgg", "InstEval")) write_frame(get(name, "package:lme4"), name, TRUE)
write_frame(nlme::bdf, "bdf", TRUE)
orthodont <- as.data.frame(nlme::Orthodont)[, c("Subject", "Sex", "age", "distance")]
write_frame(orthodont, "Orthodont", FALSE)
ovary <- as.data.frame(nlme::Ovary)
write_frame(ovary[order(as.integer(as.character(ovary$Mare)), ovary$Time), ], "Ovary", FALSE)
