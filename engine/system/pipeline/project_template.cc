#include "system/pipeline/project_template.h"

#include <array>

#include "ground/toml_text.h"
#include "system/pipeline/made_rows.h"

namespace millgate {

namespace {

constexpr std::string_view kBinary = R"TOML(
description = "Will this customer leave within 30 days? Asked once, for a customer of some months."

# Made rows, to be replaced by yours: one line a question, with what became of it.
[[source]]
name = "customers"
path = "data/raw/customers.csv"
key = ["customer"]
happened = "asked"                            # when the question is asked
about = { from = "made by millgate init --kind binary", licence = "CC0", labelled_by = "chance" }

[[check]]
table = "customers"
rule = "plan in ('basic', 'family', 'business')"

[[check]]
table = "customers"
rule = "months >= 1 and complaints >= 0"

[task]
table = "customers"
kind = "binary"
label = "left = 1"
label_known = "asked + interval '30 days'"    # not before: nobody could have trained on it
slices = ["region", "plan"]                   # quality is measured for each of these, too

# One expression each; the same code in training and in serving: `millgate functions`.
[features]
months = "months"
plan = "category(plan)"
region = "category(region)"
logins = "logins"
complaints = "complaints"
fee_a_login = "fee / (logins + 1)"

[[example]]                                   # `millgate test` computes it
feature = "fee_a_login"
given = { fee = 20.0, logins = 4 }
expect = 4.0

[train]
learner = "gbdt"
split = { by = "time", valid = "45d", test = "60d" }
# tune = { trials = 40 }

# What decisions earn; the threshold is the one that earns most on the validation rows.
[metric.utility]
true_positive = 40                            # a customer who is called and stays
false_positive = -15                          # a call for nothing

[[requirement]]
metric = "auc"
than = "constant"
better_by = 0.1
because = "whom to call first must be better than chance"

[[requirement]]
metric = "utility"
at_least = 500
because = "per 1,000 customers; what the calls cost to organise"

[[requirement]]
metric = "latency_ms_p99"
at_most = 5
)TOML";

constexpr std::string_view kMulticlass = R"TOML(
description = "Which team answers this ticket? Asked when it is opened."

# Made rows, to be replaced by yours: one line a question, with what became of it.
[[source]]
name = "tickets"
path = "data/raw/tickets.csv"
key = ["ticket"]
happened = "opened"                           # when the question is asked
about = { from = "made by millgate init --kind multiclass", licence = "CC0", labelled_by = "chance" }

[[check]]
table = "tickets"
rule = "team in ('billing', 'technical', 'sales')"

[task]
table = "tickets"
kind = "multiclass"
label = "team"
classes = ["billing", "technical", "sales"]   # in this order their probabilities are told
label_known = "opened + interval '2 days'"    # when the ticket is closed
slices = ["channel"]                          # quality is measured for each of these, too

# One expression each; the same code in training and in serving: `millgate functions`.
[features]
words = "hashed_words(subject, 64)"           # 64 columns
channel = "category(channel)"
product = "category(product)"
open_invoices = "open_invoices"

[[example]]                                   # `millgate test` computes it
feature = "open_invoices"
given = { open_invoices = 2 }
expect = 2

[train]
learner = "gbdt"
split = { by = "time", valid = "45d", test = "60d" }
# tune = { trials = 40 }

[[requirement]]
metric = "accuracy"
than = "constant"
better_by = 0.1
because = "better than to send every ticket to the largest team"

[[requirement]]
metric = "recall"
slice = "class=sales"
at_least = 0.3
because = "the rarest class must not be forgotten"

[[requirement]]
metric = "latency_ms_p99"
at_most = 5
)TOML";

constexpr std::string_view kRegression = R"TOML(
description = "How many minutes will this delivery take? Asked when it is ordered."

# Made rows, to be replaced by yours: one line a question, with what became of it.
[[source]]
name = "deliveries"
path = "data/raw/deliveries.csv"
key = ["delivery"]
happened = "ordered"                          # when the question is asked
about = { from = "made by millgate init --kind regression", licence = "CC0", labelled_by = "chance" }

[[check]]
table = "deliveries"
rule = "distance_km between 0 and 50"

[[check]]
table = "deliveries"
rule = "minutes > 0"

[task]
table = "deliveries"
kind = "regression"
label = "minutes"
label_known = "ordered + interval '3 hours'"
slices = ["vehicle"]                          # quality is measured for each of these, too

# One expression each; the same code in training and in serving: `millgate functions`.
[features]
hour = "hour(ordered)"
weekday = "weekday(ordered)"
vehicle = "category(vehicle)"
distance_km = "distance_km"
items = "items"
rain_mm = "rain_mm"

[units]                                       # mixing them without `convert` is an error
distance_km = "kilometre"
rain_mm = "millimetre"

[[example]]                                   # `millgate test` computes it
feature = "hour"
given = { ordered = "2025-03-01 18:20:00" }
expect = 18

[train]
learner = "gbdt"
split = { by = "time", valid = "45d", test = "60d" }
uncertainty = { coverage = 0.9 }              # each answer with an interval that holds so often
# tune = { trials = 40 }

[[requirement]]
metric = "rmse"
than = "linear"
better_by = 0
because = "else the simpler model would do"

[[requirement]]
metric = "r2"
at_least = 0.5

[[requirement]]
metric = "latency_ms_p99"
at_most = 5
)TOML";

constexpr std::string_view kRanking = R"TOML(
description = "Which result of a search stands first? Asked for each search, with all its results."

# Made rows, to be replaced by yours: one line a result, with how relevant it was.
[[source]]
name = "results"
path = "data/raw/results.csv"
key = ["result"]
happened = "asked"                            # when the question is asked
about = { from = "made by millgate init --kind ranking", licence = "CC0", labelled_by = "chance" }

[[check]]
table = "results"
rule = "relevance between 0 and 3"

[task]
table = "results"
kind = "ranking"
group = ["search"]                            # rows alike in it are ranked together
label = "relevance"                           # 0: not at all
label_known = "asked + interval '1 day'"

# One expression each; the same code in training and in serving: `millgate functions`.
[features]
match = "match"
clicks = "clicks"
price = "price"

[[example]]                                   # `millgate test` computes it
feature = "match"
given = { match = 0.5 }
expect = 0.5

[train]
learner = "gbdt"
split = { by = "time", valid = "45d", test = "60d" }
# tune = { trials = 40 }

[[requirement]]
metric = "ndcg"
than = "constant"
better_by = 0.05
because = "better than any order"

[[requirement]]
metric = "latency_ms_p99"
at_most = 5
)TOML";

constexpr std::string_view kTime = R"TOML(
description = "How many units will this shop sell today? Asked in the morning, by what was known then."

# Made rows, to be replaced by yours: one line a shop and day.
[[source]]
name = "sales"
path = "data/raw/sales.csv"
key = ["shop", "day"]
happened = "day"                              # when the question is asked
known = "day + interval '1 day'"              # what was sold is known when the day is over
about = { from = "made by millgate init --kind time", licence = "CC0", labelled_by = "chance" }

[[check]]
table = "sales"
rule = "shop, day is unique"

[[check]]
table = "sales"
rule = "units >= 0"

[task]
table = "sales"
kind = "regression"
label = "units"
label_known = "day + interval '1 day'"
asked_with = ["price", "promotion"]           # known in the morning; no other column may be read
slices = ["promotion"]                        # quality is measured for each of these, too

# The days before, as they could be known in the morning. `millgate materialise`, each morning, brings
# them to the server, which then looks them up by itself.
[[view]]
name = "past"
entity = ["shop"]
sql = "select shop, day, units from sales"

[view.windows]
yesterday = "last(units, 1) over 7d"
week_ago = "last(units, 7) over 14d"          # the same day of the week
week = "mean(units) over 7d"
month = "mean(units) over 28d"

# One expression each; the same code in training and in serving: `millgate functions`.
[features]
weekday = "weekday(day)"
shop = "category(shop)"
price = "price"
promotion = "promotion"
yesterday = "past.yesterday"
week_ago = "past.week_ago"
week = "past.week"
month = "past.month"
trend = "past.week / past.month"

[[example]]                                   # `millgate test` computes it
feature = "trend"
given = { "past.week" = 90.0, "past.month" = 100.0 }
expect = 0.9

[train]
learner = "gbdt"
split = { by = "time", valid = "45d", test = "60d" }
# tune = { trials = 40 }

[[requirement]]
metric = "rmse"
than = "last value of shop"
better_by = 0
because = "else yesterday's units would do"

[[requirement]]
metric = "r2"
at_least = 0.5

[[requirement]]
metric = "latency_ms_p99"
at_most = 5
)TOML";

constexpr std::array kTemplates = {
    ProjectTemplate{"binary", "Predicts which customers leave within 30 days.", "customers",
                    "data/raw/customers.csv", kBinary, made_customers},
    ProjectTemplate{"multiclass", "Predicts which team answers a ticket.", "tickets",
                    "data/raw/tickets.csv", kMulticlass, made_tickets},
    ProjectTemplate{"regression", "Predicts how many minutes a delivery takes.", "deliveries",
                    "data/raw/deliveries.csv", kRegression, made_deliveries},
    ProjectTemplate{"ranking", "Orders the results of a search by how relevant they are.",
                    "results", "data/raw/results.csv", kRanking, made_results},
    ProjectTemplate{"time", "Predicts how many units a shop sells today, by the days before.",
                    "sales", "data/raw/sales.csv", kTime, made_sales},
};

}  // namespace

std::span<const ProjectTemplate> project_templates() { return kTemplates; }

std::string project_file_of(const ProjectTemplate& one, const std::string& name) {
  return "[project]\nname = " + toml_text(name) + std::string(one.toml);
}

}  // namespace millgate
