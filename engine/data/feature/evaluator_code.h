/// What an instruction of the browser's evaluator does: read by C (model/artifact/evaluator.c) and
/// by who packs a model for it. Plain C.
#pragma once

enum EvaluatorCode {
  kEvaluatorCase,      ///< condition, value, condition, value ... else
  kEvaluatorCoalesce,  ///< the first that is known
  kEvaluatorNullif,
  kEvaluatorIsNull,
  kEvaluatorIsNotNull,
  kEvaluatorAnd,
  kEvaluatorOr,
  kEvaluatorBetween,
  kEvaluatorLeast,
  kEvaluatorGreatest,
  kEvaluatorIn,
  kEvaluatorBucket,
  kEvaluatorTruthText,
  kEvaluatorDigits,  ///< Of an integer; texts that are made stand in the instruction's `room`.
  kEvaluatorJoin,    ///< a || b
  kEvaluatorConcat,
  kEvaluatorReplace,
  kEvaluatorInCalendar,  ///< `list`: int64 days, sorted.
  kEvaluatorDaysToNext,
  kEvaluatorDaysSinceLast,
  kEvaluatorScale,          ///< (x - a) / b
  kEvaluatorFilling,        ///< x, or a where it is missing
  kEvaluatorLearnedBucket,  ///< `list`: double bounds.
  kEvaluatorValueOfText,    ///< `list`: texts; `numbers`: one a text, then that of all others.
  kEvaluatorStrict,         ///< This and above: the functions of c_strict_functions() in order.
};

/// How a value is read: a truth, time or duration is an integer.
enum EvaluatorKind { kEvaluatorInteger, kEvaluatorNumber, kEvaluatorText };

/// What becomes of a feature's value.
enum EvaluatorForm {
  kEvaluatorOfInteger,
  kEvaluatorOfNumber,
  kEvaluatorCategory,  ///< `list`: its categories.
  kEvaluatorOneHot,
};

enum {
  kEvaluatorModelAt = 0x40000,     ///< Where a packed model stands in the evaluator's memory.
  kEvaluatorTextBytesMax = 65536,  ///< Of a text that a feature makes.
};
