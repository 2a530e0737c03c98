#include "model/measure/metric.h"

#include <algorithm>
#include <array>

namespace millgate {
namespace {

/// A mean over queries; between 0 and 1.
constexpr Metric of_ranking(std::string_view name, std::string_view definition) {
  return {.name = name, .unit = "1", .definition = definition, .is_of_ranking = true};
}

constexpr auto kMetrics = std::to_array<Metric>({
    {"auc", "1", true, false, false,
     "Probability that a positive row is scored above a negative one, ties counted one half "
     "(Mann and Whitney 1947)."},
    {"log_loss", "nats", false, false, false,
     "Mean of -ln p(label), probabilities kept 1e-15 away from 0 and 1 (Good 1952)."},
    {"brier", "1", false, false, false,
     "Mean squared difference of probability and label, of several classes summed over them (Brier "
     "1950)."},
    {"calibration_error", "1", false, false, false,
     "Expected calibration error over 10 bins of equal count: mean |mean prediction - share of "
     "positives|, weighted by rows (Naeini et al. 2015); of several classes that of the decided "
     "one "
     "(Guo et al. 2017)."},
    {"accuracy", "1", true, true, false, "Share of rows decided as labelled."},
    {"precision", "1", true, true, false, "Positives among the rows decided positive."},
    {"recall", "1", true, true, false, "Rows decided positive among the positives."},
    {"false_positive_rate", "1", false, true, false, "Rows decided positive among the negatives."},
    {"positive_rate", "1", false, true, false, "Share of rows decided positive."},
    {"utility", "currency", true, true, false,
     "What the decisions earn per 1,000 rows, by [metric.utility]."},
    {"average_precision", "1", true, false, false,
     "Mean over the positives of the precision at their prediction: the area under the precision "
     "and recall curve by steps."},
    {"calibration_bias", "1", false, false, false,
     "Mean prediction less the share of positives; 0 is best, below 0 promises too little.", false,
     true},
    {"log_loss_skill", "1", true, false, false,
     "1 - log_loss / log_loss of the share of positives, or of the classes, for every row; 0 is no "
     "better than that."},
    {"f1", "1", true, true, false, "Harmonic mean of precision and recall."},
    {"balanced_accuracy", "1", true, true, false,
     "Mean of recall and of 1 - false_positive_rate; of several classes of their recalls."},
    {"matthews", "1", true, true, false,
     "Correlation of decisions and labels (Matthews 1975; of several classes Gorodkin 2004)."},
    {"kappa", "1", true, true, false,
     "Accuracy beyond that of chance, as a share of what is possible (Cohen 1960)."},
    {"false_negative_rate", "1", false, true, false, "Rows decided negative among the positives."},
    {"negative_predictive_value", "1", true, true, false,
     "Negatives among the rows decided negative."},
    {"jaccard", "1", true, true, false,
     "True positives among the rows that are labelled or decided positive."},
    {"macro_auc", "1", true, false, false,
     "Of several classes: mean over the classes of the AUC of the class against the rest."},
    {"macro_f1", "1", true, true, false, "Of several classes: mean over the classes of their F1."},
    {"top_2_accuracy", "1", true, true, false,
     "Of several classes: share of rows labelled as one of the two most probable."},
    {"top_3_accuracy", "1", true, true, false,
     "Of several classes: share of rows labelled as one of the three most probable."},
    {"macro_calibration_error", "1", false, false, false,
     "Of several classes: mean over the classes of the calibration error of their probability "
     "(classwise, Kull et al. 2019)."},
    of_ranking("ndcg",
               "Mean over the queries of the discounted cumulative gain as a share of the best "
               "order's; gain is the label (Jarvelin and Kekalainen 2002)."),
    of_ranking("ndcg_5", "ndcg of the first 5 rows of each query."),
    of_ranking("ndcg_10", "ndcg of the first 10 rows of each query."),
    of_ranking("map",
               "Mean over the queries of the average precision; relevant is a label from 1 on."),
    of_ranking("map_10",
               "map over the first 10 rows of each query, as a share of all its relevant rows."),
    of_ranking("mrr", "Mean over the queries of 1 / rank of the first relevant row."),
    of_ranking("precision_5",
               "Mean over the queries of the relevant rows among the first 5, by 5."),
    of_ranking("precision_10",
               "Mean over the queries of the relevant rows among the first 10, by 10."),
    of_ranking("recall_5",
               "Mean over the queries of the share of their relevant rows among the first 5."),
    of_ranking("recall_10",
               "Mean over the queries of the share of their relevant rows among the first 10."),
    of_ranking("hit_rate_1", "Share of the queries whose first row is relevant."),
    of_ranking("hit_rate_5", "Share of the queries with a relevant row among the first 5."),
    of_ranking("hit_rate_10", "Share of the queries with a relevant row among the first 10."),
    {"rmse", "label", false, false, false, "Root of the mean squared error."},
    {"mae", "label", false, false, false, "Mean absolute error."},
    {"r2", "1", true, false, false,
     "1 - sum of squared errors / sum of squares around the mean label."},
    {"coverage", "1", true, false, false,
     "Share of rows whose truth lies in the interval, or in the set of answers, that the model "
     "gave "
     "(Vovk et al. 2005).",
     true},
    {"interval_width", "label", false, false, false, "Mean width of the intervals.", true},
    {"set_size", "1", false, false, false, "Mean number of answers in the sets.", true},
    {"recall_gap", "1", false, true, true,
     "Largest less smallest recall between the groups (equal opportunity, Hardt et al. 2016)."},
    {"false_positive_rate_gap", "1", false, true, true,
     "Largest less smallest false positive rate between the groups (equalised odds, Hardt et al. "
     "2016)."},
    {"positive_rate_gap", "1", false, true, true,
     "Largest less smallest share decided positive between the groups (demographic parity)."},
    {"auc_gap", "1", false, false, true, "Largest less smallest AUC between the groups."},
    {"equalised_odds_gap", "1", false, true, true,
     "The larger of recall_gap and false_positive_rate_gap (equalised odds, Hardt et al. 2016)."},
    {"precision_gap", "1", false, true, true,
     "Largest less smallest precision between the groups (predictive parity, Chouldechova 2017)."},
    {"accuracy_gap", "1", false, true, true, "Largest less smallest accuracy between the groups."},
    {"calibration_error_gap", "1", false, false, true,
     "Largest less smallest calibration_error between the groups (calibration within groups, "
     "Kleinberg et al. 2017)."},
    {"calibration_bias_gap", "1", false, false, true,
     "Largest less smallest calibration_bias between the groups (calibration within groups)."},
    {"positive_rate_ratio", "1", true, true, true,
     "Smallest over largest share decided positive between the groups (demographic parity; the "
     "four-fifths rule asks for 0.8)."},
    {"recall_ratio", "1", true, true, true,
     "Smallest over largest recall between the groups (equal opportunity)."},
    {"false_positive_rate_ratio", "1", true, true, true,
     "Smallest over largest false positive rate between the groups."},
    {"equalised_odds_ratio", "1", true, true, true,
     "The smaller of recall_ratio and false_positive_rate_ratio (equalised odds)."},
    {"precision_ratio", "1", true, true, true,
     "Smallest over largest precision between the groups (predictive parity)."},
    {"accuracy_ratio", "1", true, true, true, "Smallest over largest accuracy between the groups."},
    {"calibration_error_ratio", "1", true, false, true,
     "Smallest over largest calibration_error between the groups."},
    {"decision_flip_rate", "1", false, true, false,
     "Share of rows whose decision is another when their inputs are disturbed (`under`).", false,
     false, MetricNeed::disturbance},
    {"prediction_rise_rate", "1", false, false, false,
     "Share of rows whose prediction rises when their inputs are disturbed (`under`).", false,
     false, MetricNeed::disturbance},
    {"prediction_fall_rate", "1", false, false, false,
     "Share of rows whose prediction falls when their inputs are disturbed (`under`).", false,
     false, MetricNeed::disturbance},
    {"prediction_change_mean", "label", false, false, false,
     "Mean absolute change of predictions when inputs are disturbed (`under`).", false, false,
     MetricNeed::disturbance},
    {"prediction_change_max", "label", false, false, false,
     "Largest absolute change of a prediction when inputs are disturbed (`under`).", false, false,
     MetricNeed::disturbance},
    {"membership_advantage", "1", false, false, false,
     "How much better than by chance trained rows are told from test rows by their loss, the best "
     "limit taken (Yeom et al. 2018).",
     false, false, MetricNeed::training_rows},
    {"additivity_error", "label", false, false, false,
     "Largest difference of a prediction, before calibration, and what the base value and the "
     "contributions of its features add up to (local accuracy, Lundberg and Lee 2017).",
     false, false, MetricNeed::explanations},
    {"carrying_features", "features", false, false, false,
     "Fewest features that hold 90 % of the mean absolute contribution.", false, false,
     MetricNeed::explanations},
    {"explanation_agreement", "1", true, false, false,
     "Mean share of a row's three strongest features that stay so when its numbers move by a tenth "
     "of their standard deviation (feature agreement, Krishna et al. 2022).",
     false, false, MetricNeed::explanations},
    {"expectation_failures", "expectations", false, false, false,
     "[[expectation]]s of the project that the model does not meet on the test rows (Ribeiro et "
     "al. "
     "2020).",
     false, false, MetricNeed::expectations},
    {"check_failures", "rules", false, false, false,
     "Rules of severity error ([[check]]) that the data of the model's commit does not meet.",
     false, false, MetricNeed::data_commit},
    {"check_warnings", "rules", false, false, false,
     "Rules of severity warning that the data of the model's commit does not meet.", false, false,
     MetricNeed::data_commit},
    {"check_broken_share", "1", false, false, false,
     "Largest share of its rows that break one rule of severity error.", false, false,
     MetricNeed::data_commit},
    {"latency_ms_p50", "ms", false, false, false,
     "Half of the single-row predictions take at most so long (nearest rank)."},
    {"latency_ms_p99", "ms", false, false, false,
     "99 % of the single-row predictions take at most so long (nearest rank)."},
    {"throughput_per_s", "1/s", true, false, false,
     "Single-row predictions answered a second, over four connections at once."},
    {"start_ms", "ms", false, false, false,
     "From the start of the serving program to its first prediction."},
    {"memory_bytes_peak", "bytes", false, false, false,
     "The most memory that a server of this model alone had resident at once."},
    {"energy_joules_per_1000", "J", false, false, false,
     "What the processors and memory of the machine used per 1,000 single-row predictions, their "
     "rest and the asking client included (Linux powercap, RAPL)."},
    {"training_energy_joules", "J", false, false, false,
     "What the processors and memory of the machine used from the features to the saved model "
     "(Linux powercap, RAPL)."},
    {"model_size_bytes", "bytes", false, false, false, "Sum of the sizes of the model's objects."},
});

}  // namespace

std::span<const Metric> all_metrics() { return kMetrics; }

bool is_of_program(const Metric& metric) {
  return metric.unit == "ms" || metric.unit == "bytes" || metric.unit == "J" ||
         metric.unit == "1/s";
}

const Metric* find_metric(std::string_view name) {
  const auto found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                  [&](const Metric& metric) { return metric.name == name; });
  return found == kMetrics.end() ? nullptr : &*found;
}

const char* counted_in(std::string_view metric) {
  const Metric* found = find_metric(metric);
  return found != nullptr && found->is_of_ranking ? "queries" : "rows";
}

}  // namespace millgate
