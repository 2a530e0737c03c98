/* The evaluator of a model in a browser. Compiled to WebAssembly when Millgate is built
 * (cmake/evaluator.cmake); the model comes as data, packed by packed_model.cc, whose layout is that of
 * the structs below on wasm32. One row at a time; nothing is allocated. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "data/feature/evaluator_code.h"

#define TEXT_MAX ((size_t)kEvaluatorTextBytesMax)

typedef struct {
  union {
    int64_t integer;
    double number;
    const char *bytes;
  } is;
  uint32_t size; /* of a text */
  uint32_t known;
} slot;

#include "evaluator_functions.inc"

typedef struct {
  uint32_t code, kind, result;
  const uint32_t *arguments; /* numbers of slots */
  uint32_t argument_count;
  const void *list;
  uint32_t list_count;
  const double *numbers;
  double a, b;
  char *room; /* of a text that it makes */
  uint32_t unused;
} instruction;

typedef struct {
  uint32_t form, from;
  const listed_text *list;
  uint32_t list_count;
} output;

typedef struct {
  double threshold;
  uint32_t column, left, words, last_word;
} step;

typedef struct {
  uint32_t feature, reading; /* TreeSteps::Reading */
} column;

typedef struct {
  double number;
  uint32_t code, unused;
} cell;

typedef struct {
  uint32_t feature;
  const double *by_category; /* null: a number */
  uint32_t count, unused;
  double mean, scale, coefficient;
} term;

typedef struct {
  slot *slots;
  const instruction *instructions;
  uint32_t instruction_count;
  const output *outputs;
  uint32_t output_count;
  double *features;

  uint32_t is_linear;
  const term *terms;
  uint32_t term_count, is_logistic;

  const step *steps;
  const double *leaves;
  const uint32_t *words, *roots;
  uint32_t root_count;
  const column *columns;
  uint32_t column_count;
  cell *cells;
  uint32_t form; /* ScoreOutput */
  uint32_t is_average, is_single;

  uint32_t calibration; /* 0 none, 1 isotonic, 2 a line on the log-odds */
  const double *from, *to;
  uint32_t point_count;
  uint32_t is_binary, surround; /* 0 nothing, 1 an interval, 2 a set of answers */
  uint32_t unused;
  double base; /* of trees; the intercept */
  double sigmoid, slope, offset, threshold, margin, miss_true, miss_false;

  /* What is told. */
  double score, value, lower, upper;
  uint32_t decision, may_be_true, may_be_false;
} model;

#define MODEL ((model *)kEvaluatorModelAt)

/* ---- features ---- */

static slot least_or_greatest(const instruction *at, const slot *const *x) {
  const int is_least = at->code == kEvaluatorLeast;
  slot best = *x[0];
  uint32_t i;
  for (i = 1; i < at->argument_count; ++i) {
    if (at->kind == kEvaluatorNumber) {
      best = slot_of_nums(is_least ? least_nums(nums_in(&best), nums_in(x[i]))
                                   : greatest_nums(nums_in(&best), nums_in(x[i])));
    } else if (at->kind == kEvaluatorText) {
      best = slot_of_texts(is_least ? least_texts(texts_in(&best), texts_in(x[i]))
                                    : greatest_texts(texts_in(&best), texts_in(x[i])));
    } else {
      best = slot_of_ints(is_least ? least_ints(ints_in(&best), ints_in(x[i]))
                                   : greatest_ints(ints_in(&best), ints_in(x[i])));
    }
  }
  return best;
}

static slot among(const instruction *at, const slot *const *x) {
  int_v found = x[0]->known ? int_of(0) : no_int();
  uint32_t i;
  for (i = 1; i < at->argument_count; ++i) {
    if (at->code == kEvaluatorBucket) {
      found = count_bound(found, nums_in(x[0]), nums_in(x[i]));
    } else if (at->kind == kEvaluatorNumber) {
      found = among_nums(found, nums_in(x[0]), nums_in(x[i]));
    } else if (at->kind == kEvaluatorText) {
      found = among_texts(found, texts_in(x[0]), texts_in(x[i]));
    } else {
      found = among_ints(found, ints_in(x[0]), ints_in(x[i]));
    }
  }
  return slot_of_ints(found);
}

static slot nullif(const instruction *at, const slot *const *x) {
  if (at->kind == kEvaluatorNumber) return slot_of_nums(nullif_nums(nums_in(x[0]), nums_in(x[1])));
  if (at->kind == kEvaluatorText) return slot_of_texts(nullif_texts(texts_in(x[0]), texts_in(x[1])));
  return slot_of_ints(nullif_ints(ints_in(x[0]), ints_in(x[1])));
}

static slot between(const instruction *at, const slot *const *x) {
  if (at->kind == kEvaluatorNumber) {
    return slot_of_ints(and_bools(at_most_nums(nums_in(x[1]), nums_in(x[0])),
                                  at_most_nums(nums_in(x[0]), nums_in(x[2]))));
  }
  if (at->kind == kEvaluatorText) {
    return slot_of_ints(and_bools(at_most_texts(texts_in(x[1]), texts_in(x[0])),
                                  at_most_texts(texts_in(x[0]), texts_in(x[2]))));
  }
  return slot_of_ints(and_bools(at_most_ints(ints_in(x[1]), ints_in(x[0])),
                                at_most_ints(ints_in(x[0]), ints_in(x[2]))));
}

static slot concat(const instruction *at, const slot *const *x, int *fault) {
  text_v made = text_at("", 0);
  uint32_t i;
  for (i = 0; i < at->argument_count; ++i) {
    made = concat_text(made, texts_in(x[i]), at->room, fault);
  }
  return slot_of_texts(made);
}

static slot value_of_text(const instruction *at, const slot *x) {
  if (!x->known) return slot_of_nums(no_num());
  return slot_of_nums(
      num_of(at->numbers[place_of_text(texts_in(x), (const listed_text *)at->list, at->list_count)]));
}

static slot chosen(const instruction *at, const slot *const *x) {
  uint32_t i;
  if (at->code == kEvaluatorCoalesce) {
    for (i = 0; i + 1 < at->argument_count; ++i) {
      if (x[i]->known) return *x[i];
    }
  } else {
    for (i = 0; i + 1 < at->argument_count; i += 2) {
      if (x[i]->known && x[i]->is.integer) return *x[i + 1];
    }
  }
  return *x[at->argument_count - 1];
}

static slot run(const instruction *at, const slot *const *x, int *fault) {
  const int64_t *days = (const int64_t *)at->list;
  switch (at->code) {
    case kEvaluatorCase:
    case kEvaluatorCoalesce:
      return chosen(at, x);
    case kEvaluatorNullif:
      return nullif(at, x);
    case kEvaluatorIsNull:
      return slot_of_ints(is_known(!x[0]->known));
    case kEvaluatorIsNotNull:
      return slot_of_ints(is_known((int)x[0]->known));
    case kEvaluatorAnd:
      return slot_of_ints(and_bools(ints_in(x[0]), ints_in(x[1])));
    case kEvaluatorOr:
      return slot_of_ints(or_bools(ints_in(x[0]), ints_in(x[1])));
    case kEvaluatorBetween:
      return between(at, x);
    case kEvaluatorLeast:
    case kEvaluatorGreatest:
      return least_or_greatest(at, x);
    case kEvaluatorIn:
    case kEvaluatorBucket:
      return among(at, x);
    case kEvaluatorTruthText:
      return slot_of_texts(bool_text(ints_in(x[0])));
    case kEvaluatorDigits:
      return slot_of_texts(digits_of(ints_in(x[0]), at->room));
    case kEvaluatorJoin:
      return slot_of_texts(join_texts(texts_in(x[0]), texts_in(x[1]), at->room, fault));
    case kEvaluatorConcat:
      return concat(at, x, fault);
    case kEvaluatorReplace:
      return slot_of_texts(
          replace_text(texts_in(x[0]), texts_in(x[1]), texts_in(x[2]), at->room, fault));
    case kEvaluatorInCalendar:
      return slot_of_ints(in_calendar(days, at->list_count, ints_in(x[0])));
    case kEvaluatorDaysToNext:
      return slot_of_ints(days_to_next(days, at->list_count, ints_in(x[0])));
    case kEvaluatorDaysSinceLast:
      return slot_of_ints(days_since_last(days, at->list_count, ints_in(x[0])));
    case kEvaluatorScale:
      return slot_of_nums(learned_scale(nums_in(x[0]), at->a, at->b));
    case kEvaluatorFilling:
      return slot_of_nums(learned_filling(nums_in(x[0]), at->a));
    case kEvaluatorLearnedBucket:
      return slot_of_ints(learned_bucket(nums_in(x[0]), (const double *)at->list, at->list_count));
    case kEvaluatorValueOfText:
      return value_of_text(at, x[0]);
  }
  return run_strict(at->code - kEvaluatorStrict, x);
}

static uint32_t read_output(const output *at, const slot *from, double *features) {
  uint32_t i, place;
  if (at->form == kEvaluatorOfInteger) return features[0] = feature_of_int(ints_in(from)), 1;
  if (at->form == kEvaluatorOfNumber) return features[0] = feature_of_num(nums_in(from)), 1;
  if (at->form == kEvaluatorCategory) {
    return features[0] = category_of(texts_in(from), at->list, at->list_count), 1;
  }
  for (i = 0; i < at->list_count; ++i) features[i] = 0.0;
  place = from->known ? (uint32_t)place_of_text(texts_in(from), at->list, at->list_count)
                      : at->list_count;
  if (place < at->list_count) features[place] = 1.0;
  return at->list_count;
}

static int read_features(model *m) {
  enum { MOST = 4096 };
  static const slot *arguments[MOST];
  double *next = m->features;
  uint32_t i, k;
  int fault = 0;
  for (i = 0; i < m->instruction_count; ++i) {
    const instruction *at = m->instructions + i;
    if (at->argument_count > MOST) return 2;
    for (k = 0; k < at->argument_count; ++k) arguments[k] = m->slots + at->arguments[k];
    m->slots[at->result] = run(at, arguments, &fault);
  }
  for (i = 0; i < m->output_count; ++i) {
    next += read_output(m->outputs + i, m->slots + m->outputs[i].from, next);
  }
  return fault;
}

/* ---- score: as TreeSteps, TreeEnsemble and LinearTerms ---- */

static uint32_t category_code(double x) {
  return x > -1.0 && x < 2147483648.0 ? (uint32_t)(int32_t)x : UINT32_MAX;
}
static uint32_t single_category_code(double x) {
  float single;
  if (isnan(x)) return 0;
  if (!(x > -1e9 && x < 1e9)) return UINT32_MAX;
  single = (float)x;
  return single >= 0.0f && single < 16777216.0f ? (uint32_t)single + 1u : UINT32_MAX;
}

static void read_cells(const model *m) {
  uint32_t i;
  for (i = 0; i < m->column_count; ++i) {
    const double x = m->features[m->columns[i].feature];
    const uint32_t reading = m->columns[i].reading;
    cell *to = m->cells + i;
    if (reading >= 2) {
      to->number = -(double)INFINITY;
      to->code = reading == 2 ? category_code(x) : single_category_code(x);
    } else {
      const int is_missing = isnan(x) || (reading == 1 && fabs(x) <= (double)1e-35f);
      to->number = is_missing ? -(double)INFINITY : x;
      to->code = is_missing ? 1 : 0;
    }
  }
}

static double sum_of_leaves(const model *m) {
  double sum = m->base;
  uint32_t i;
  read_cells(m);
  for (i = 0; i < m->root_count; ++i) {
    uint32_t at = m->roots[i], next = at;
    do {
      const step *here = m->steps + (at = next);
      const cell *c = m->cells + here->column;
      const uint32_t word = c->code / 32 < here->last_word ? c->code / 32 : here->last_word;
      next = here->left + ((uint32_t) !(c->number <= here->threshold) |
                           (m->words[here->words + word] >> c->code % 32 & 1u));
    } while (next != at);
    sum += m->leaves[at];
    if (m->is_single) sum = (double)(float)sum;
  }
  return sum;
}

static double score_by_trees(const model *m) {
  double sum = sum_of_leaves(m);
  if (m->is_average) sum /= (double)m->root_count;
  if (m->is_single) {
    const float single = (float)sum;
    if (m->form == 1) return 1.0f / (expf(-single < 88.7f ? -single : 88.7f) + 1.0f);
    return m->form == 2 ? expf(single) : single;
  }
  if (m->form == 1) return 1.0 / (1.0 + exp(-m->sigmoid * sum));
  if (m->form == 2) return exp(sum);
  return m->form == 3 ? copysign(sum * sum, sum) : sum;
}

static double score_by_line(const model *m) {
  const double reach = 1e9; /* kLinearReach */
  double sum = m->base;
  uint32_t i;
  for (i = 0; i < m->term_count; ++i) {
    const term *t = m->terms + i;
    const double x = m->features[t->feature];
    if (t->by_category != 0) {
      sum += isfinite(x) && x >= 0.0 && x < (double)t->count ? t->by_category[(uint32_t)x] : 0.0;
    } else {
      const double standard = (x - t->mean) / t->scale;
      const double reached = standard < -reach ? -reach : reach < standard ? reach : standard;
      sum += isfinite(x) ? t->coefficient * reached : 0.0;
    }
  }
  return m->is_logistic ? 1.0 / (1.0 + exp(-sum)) : sum;
}

/* ---- what is told: as calibration.cc and Telling::of ---- */

static double on_line(double a, double b, double share) { /* std::lerp */
  double x;
  if ((a <= 0 && b >= 0) || (a >= 0 && b <= 0)) return share * b + (1 - share) * a;
  if (share == 1) return b;
  x = a + share * (b - a);
  if ((share > 1) == (b > a)) return b < x ? x : b;
  return b > x ? x : b;
}

static double calibrated(const model *m, double p) {
  uint32_t begin = 0, end = m->point_count;
  if (m->calibration == 0) return p;
  if (m->calibration == 2) {
    const double kept = p < 1e-15 ? 1e-15 : 1 - 1e-15 < p ? 1 - 1e-15 : p;
    return 1 / (1 + exp(-(m->slope * (log(kept) - log1p(-kept)) + m->offset)));
  }
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (m->from[middle] < p) begin = middle + 1; else end = middle;
  }
  if (begin == 0) return m->to[0];
  if (begin == m->point_count) return m->to[m->point_count - 1];
  return on_line(m->to[begin - 1], m->to[begin],
                 (p - m->from[begin - 1]) / (m->from[begin] - m->from[begin - 1]));
}

/* 0, or 1 where a text that a feature makes is too long; nothing is told then. */
__attribute__((export_name("predict"))) int predict(void) {
  model *m = MODEL;
  const int fault = read_features(m);
  if (fault != 0) return fault;
  m->score = m->is_linear ? score_by_line(m) : score_by_trees(m);
  m->value = calibrated(m, m->score);
  m->decision = m->is_binary && m->value >= m->threshold;
  m->lower = m->value - m->margin;
  m->upper = m->value + m->margin;
  m->may_be_true = 1 - m->score <= m->miss_true;
  m->may_be_false = m->score <= m->miss_false;
  return 0;
}

/* Where the first of what is told stands, and where a model may begin. */
__attribute__((export_name("told_at"))) uint32_t told_at(void) {
  return (uint32_t)(uintptr_t)&MODEL->score;
}
extern unsigned char __heap_base;
__attribute__((export_name("free_from"))) uint32_t free_from(void) {
  return (uint32_t)(uintptr_t)&__heap_base;
}
