#include "data/feature/evaluator_source.h"

#include <set>
#include <string_view>

#include "data/feature/c_function.h"
#include "data/feature/c_support.h"

namespace millgate {
namespace {

/// Values as functions take them, and as slots hold them.
constexpr std::string_view kSlotTypes =
    "typedef struct {\n  int64_t value;\n  unsigned char known;\n} int_v;\n"
    "typedef struct {\n  double value;\n  unsigned char known;\n} num_v;\n"
    "typedef struct {\n  const char *bytes;\n  size_t size;\n  unsigned char known;\n} text_v;\n"
    "typedef struct {\n  const char *bytes;\n  uint32_t size;\n} listed_text;\n\n";
constexpr std::string_view kSlotReaders =
    "static int_v ints_in(const slot *s) {\n"
    "  return s->known ? int_of(s->is.integer) : no_int();\n"
    "}\n"
    "static num_v nums_in(const slot *s) {\n"
    "  return s->known ? num_of(s->is.number) : no_num();\n"
    "}\n"
    "static text_v texts_in(const slot *s) {\n"
    "  return s->known ? text_at(s->is.bytes, s->size) : no_text();\n"
    "}\n"
    "static slot slot_of_ints(int_v v) {\n"
    "  slot s = {{0}, 0, 0};\n"
    "  s.is.integer = v.value;\n"
    "  s.known = v.known;\n"
    "  return s;\n"
    "}\n"
    "static slot slot_of_nums(num_v v) {\n"
    "  slot s = {{0}, 0, 0};\n"
    "  s.is.number = v.value;\n"
    "  s.known = v.known;\n"
    "  return s;\n"
    "}\n"
    "static slot slot_of_texts(text_v v) {\n"
    "  slot s = {{0}, 0, 0};\n"
    "  s.is.bytes = v.bytes;\n"
    "  s.size = (uint32_t)v.size;\n"
    "  s.known = v.known;\n"
    "  return s;\n"
    "}\n\n";

std::string_view kind_of_letter(char letter) {
  if (letter == 'n') return "nums";
  return letter == 's' ? "texts" : "ints";
}

}  // namespace

std::string evaluator_source() {
  std::set<std::string> all;
  std::string cases;
  for (const CSupport& one : c_support()) all.emplace(one.c_name);
  size_t number = 0;
  for (const CStrictFunction& one : c_strict_functions()) {
    all.emplace(one.c_name);
    cases += "    case " + std::to_string(number++) + ":\n      return slot_of_" +
             std::string(c_kind_of(one.result)) + "(" + std::string(one.c_name) + "(";
    for (size_t i = 0; i < one.types.size(); ++i) {
      cases += (i == 0 ? "" : ", ") + std::string(kind_of_letter(one.types[i])) + "_in(arguments[" +
               std::to_string(i) + "])";
    }
    cases += "));\n";
  }
  return std::string(kSlotTypes) + c_functions(all) + std::string(kSlotReaders) +
         "static slot run_strict(uint32_t number, const slot *const *arguments) {\n"
         "  switch (number) {\n" +
         cases + "  }\n  return slot_of_ints(no_int());\n}\n";
}

}  // namespace millgate
