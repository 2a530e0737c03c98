#include "data/feature/c_support.h"

namespace millgate {
namespace {

constexpr CSupport kSupport[] = {
    {"no_int",
     "static int_v no_int(void) {\n"
     "  const int_v none = {0, 0};\n"
     "  return none;\n"
     "}\n"},
    {"no_num",
     "static num_v no_num(void) {\n"
     "  const num_v none = {0.0, 0};\n"
     "  return none;\n"
     "}\n"},
    {"no_text",
     "static text_v no_text(void) {\n"
     "  const text_v none = {\"\", 0, 0};\n"
     "  return none;\n"
     "}\n"},
    {"int_of",
     "static int_v int_of(int64_t value) {\n"
     "  int_v made = {0, 1};\n"
     "  made.value = value;\n"
     "  return made;\n"
     "}\n"},
    {"num_of",
     "static num_v num_of(double value) {\n"
     "  num_v made = {0.0, 1};\n"
     "  made.value = value;\n"
     "  return made;\n"
     "}\n"},
    {"text_of", "static text_v text_of(text_v value) { return value; }\n"},
    {"text_at",
     "static text_v text_at(const char *bytes, size_t size) {\n"
     "  text_v made = {0, 0, 1};\n"
     "  made.bytes = bytes;\n"
     "  made.size = size;\n"
     "  return made;\n"
     "}\n"},
    {"sum_overflows",
     "static int sum_overflows(int64_t a, int64_t b) {\n"
     "  return b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b;\n"
     "}\n"},
    {"difference_overflows",
     "static int difference_overflows(int64_t a, int64_t b) {\n"
     "  return b > 0 ? a < INT64_MIN + b : a > INT64_MAX + b;\n"
     "}\n"},
    {"product_overflows",
     "static int product_overflows(int64_t a, int64_t b) {\n"
     "  if (a == 0 || b == 0) return 0;\n"
     "  if (a > 0) return b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a;\n"
     "  return b > 0 ? a < INT64_MIN / b : b < INT64_MAX / a;\n"
     "}\n"},
    {"divides",
     "static int divides(int64_t a, int64_t b) {\n"
     "  return b != 0 && !(a == INT64_MIN && b == -1);\n"
     "}\n"},
    {"to_digits",
     "/* Halves away from zero; as it was where it would not be finite. */\n"
     "static double to_digits(double x, int64_t digits) {\n"
     "  double scale, rounded;\n"
     "  if (digits < 0) {\n"
     "    scale = pow(10.0, -(double)digits);\n"
     "    rounded = round(x / scale) * scale;\n"
     "    return isfinite(rounded) ? rounded : isfinite(x) ? 0.0 : x;\n"
     "  }\n"
     "  scale = pow(10.0, (double)digits);\n"
     "  rounded = round(x * scale) / scale;\n"
     "  return isfinite(rounded) ? rounded : x;\n"
     "}\n"},
    {"angle",
     "static double angle(double x, double period) {\n"
     "  return 0x1.921fb54442d18p+2 * x / period; /* 2 pi */\n"
     "}\n"},
    {"part_of_width",
     "static int64_t part_of_width(double x, double low, double high, int64_t count) {\n"
     "  const double share = (x - low) / (high - low);\n"
     "  int64_t part;\n"
     "  if (share < 0.0) return 0;\n"
     "  if (share >= 1.0) return count + 1;\n"
     "  part = (int64_t)(share * (double)count) + 1;\n"
     "  return part < count ? part : count;\n"
     "}\n"},
    {"fits_64_bits", "static int fits_64_bits(double x) { return x >= -0x1p63 && x < 0x1p63; }\n"},
    {"fits_32_bits",
     "static int fits_32_bits(int64_t x) { return x >= INT32_MIN && x <= INT32_MAX; }\n"},
    {"before_num",
     "/* NaN comes after every number, and equals NaN. */\n"
     "static int before_num(double a, double b) {\n"
     "  if (isnan(a) || isnan(b)) return !isnan(a) && isnan(b);\n"
     "  return a < b;\n"
     "}\n"},
    {"same_num",
     "static int same_num(double a, double b) {\n"
     "  return a == b || (isnan(a) && isnan(b));\n"
     "}\n"},
    {"same_bytes",
     "static int same_bytes(const char *a, const char *b, size_t size) {\n"
     "  return size == 0 || memcmp(a, b, size) == 0;\n"
     "}\n"},
    {"compare_bytes",
     "static int compare_bytes(const char *a, size_t a_size, const char *b, size_t b_size) {\n"
     "  const size_t common = a_size < b_size ? a_size : b_size;\n"
     "  const int order = common == 0 ? 0 : memcmp(a, b, common);\n"
     "  return order != 0 ? order : (a_size > b_size) - (a_size < b_size);\n"
     "}\n"},
    {"compare_texts",
     "static int compare_texts(text_v a, text_v b) {\n"
     "  return compare_bytes(a.bytes, a.size, b.bytes, b.size);\n"
     "}\n"},
    {"place_of_text",
     "/* Where `text` stands in a sorted list; `count` where it does not. */\n"
     "static size_t place_of_text(text_v text, const listed_text *list, size_t count) {\n"
     "  size_t begin = 0, end = count;\n"
     "  while (begin < end) {\n"
     "    const size_t middle = begin + (end - begin) / 2;\n"
     "    const int order =\n"
     "        compare_bytes(list[middle].bytes, list[middle].size, text.bytes, text.size);\n"
     "    if (order == 0) return middle;\n"
     "    if (order < 0) begin = middle + 1; else end = middle;\n"
     "  }\n"
     "  return count;\n"
     "}\n"},
    {"count_points",
     "/* Code points: bytes that do not continue one. */\n"
     "static size_t count_points(const char *bytes, size_t size) {\n"
     "  size_t count = 0, i;\n"
     "  for (i = 0; i < size; ++i) count += (bytes[i] & 0xC0) != 0x80;\n"
     "  return count;\n"
     "}\n"},
    {"next_point",
     "static size_t next_point(text_v text, size_t at) {\n"
     "  ++at;\n"
     "  while (at < text.size && (text.bytes[at] & 0xC0) == 0x80) ++at;\n"
     "  return at;\n"
     "}\n"},
    {"find_text",
     "/* Where `part` begins, from `from` on; SIZE_MAX where it is not. */\n"
     "static size_t find_text(text_v text, text_v part, size_t from) {\n"
     "  for (; from + part.size <= text.size; ++from) {\n"
     "    if (same_bytes(text.bytes + from, part.bytes, part.size)) return from;\n"
     "  }\n"
     "  return SIZE_MAX;\n"
     "}\n"},
    {"position_in",
     "static int64_t position_in(text_v text, text_v part) {\n"
     "  const size_t found = find_text(text, part, 0);\n"
     "  return found == SIZE_MAX ? 0\n"
     "                           : (int64_t)count_points(text.bytes, found) + 1;\n"
     "}\n"},
    {"space_at",
     "/* Bytes of the space (Unicode category Zs) that begins here; 0: none. */\n"
     "static size_t space_at(const char *bytes, size_t size) {\n"
     "  unsigned char a, b, c;\n"
     "  if (size >= 1 && bytes[0] == ' ') return 1;\n"
     "  if (size < 2) return 0;\n"
     "  a = (unsigned char)bytes[0];\n"
     "  b = (unsigned char)bytes[1];\n"
     "  if (a == 0xC2 && b == 0xA0) return 2;\n"
     "  if (size < 3) return 0;\n"
     "  c = (unsigned char)bytes[2];\n"
     "  if (a == 0xE1 && b == 0x9A && c == 0x80) return 3;\n"
     "  if (a == 0xE2 && b == 0x80 && ((c >= 0x80 && c <= 0x8A) || c == 0xAF)) return 3;\n"
     "  if (a == 0xE2 && b == 0x81 && c == 0x9F) return 3;\n"
     "  return a == 0xE3 && b == 0x80 && c == 0x80 ? 3 : 0;\n"
     "}\n"},
    {"trimmed",
     "static text_v trimmed(text_v text, int at_left, int at_right) {\n"
     "  size_t begin = 0, end = text.size;\n"
     "  while (at_left && begin < end) {\n"
     "    const size_t size = space_at(text.bytes + begin, text.size - begin);\n"
     "    if (size == 0) break;\n"
     "    begin += size;\n"
     "  }\n"
     "  while (at_right && end > begin) {\n"
     "    size_t last = end - 1;\n"
     "    while (last > 0 && (text.bytes[last] & 0xC0) == 0x80) --last;\n"
     "    if (space_at(text.bytes + last, text.size - last) != end - last) break;\n"
     "    end = last;\n"
     "  }\n"
     "  return text_at(text.bytes + begin, end - begin);\n"
     "}\n"},
    {"some_points",
     "/* The code points [first, first + count), as far as there are such. */\n"
     "static text_v some_points(text_v text, int64_t first, int64_t count) {\n"
     "  size_t begin = 0, end;\n"
     "  for (; first > 0 && begin < text.size; --first) begin = next_point(text, begin);\n"
     "  for (end = begin; count > 0 && end < text.size; --count) end = next_point(text, end);\n"
     "  return text_at(text.bytes + begin, end - begin);\n"
     "}\n"},
    {"left_points",
     "static text_v left_points(text_v text, int64_t count) {\n"
     "  if (count < 0) {\n"
     "    const int64_t size = (int64_t)count_points(text.bytes, text.size);\n"
     "    count = count < -size ? 0 : size + count;\n"
     "  }\n"
     "  return some_points(text, 0, count);\n"
     "}\n"},
    {"right_points",
     "static text_v right_points(text_v text, int64_t count) {\n"
     "  const int64_t size = (int64_t)count_points(text.bytes, text.size);\n"
     "  if (count < 0) return some_points(text, count < -size ? size : -count, size);\n"
     "  return some_points(text, count > size ? 0 : size - count, size);\n"
     "}\n"},
    {"within",
     "static int64_t within(int64_t x, int64_t low, int64_t high) {\n"
     "  return x < low ? low : x > high ? high : x;\n"
     "}\n"},
    {"points_between",
     "/* SQL's positions: 1 is the first, -1 the last; a negative count goes to the left. */\n"
     "static text_v points_between(text_v text, int64_t start, int64_t count) {\n"
     "  const int64_t size = (int64_t)count_points(text.bytes, text.size);\n"
     "  const int64_t far = INT64_C(1) << 50;\n"
     "  int64_t first, last;\n"
     "  start = within(start, -far, far);\n"
     "  count = within(count, -2 * far, 2 * far);\n"
     "  first = start < 0 ? size + start : start - 1;\n"
     "  last = first + count;\n"
     "  if (count < 0) {\n"
     "    const int64_t swapped = first;\n"
     "    first = last;\n"
     "    last = swapped;\n"
     "  }\n"
     "  first = within(first, 0, size);\n"
     "  last = within(last, 0, size);\n"
     "  return first < last ? some_points(text, first, last - first) : text_at(\"\", 0);\n"
     "}\n"},
    {"part_number",
     "/* Parts are counted first: a number below 0 counts from the end. */\n"
     "static text_v part_number(text_v text, text_v separator, int64_t number) {\n"
     "  size_t begin = 0, next;\n"
     "  int64_t count = separator.size == 0 ? 0 : 1, part = 1;\n"
     "  if (separator.size == 0) {\n"
     "    for (next = 0; next < text.size; next = next_point(text, next)) ++count;\n"
     "  } else {\n"
     "    for (next = find_text(text, separator, 0); next != SIZE_MAX;\n"
     "         next = find_text(text, separator, next + separator.size)) {\n"
     "      ++count;\n"
     "    }\n"
     "  }\n"
     "  if (number == 0 || number > count || number < -count) return text_at(\"\", 0);\n"
     "  if (number < 0) number = count + number + 1;\n"
     "  for (; part < number; ++part) {\n"
     "    begin = separator.size == 0 ? next_point(text, begin)\n"
     "                                : find_text(text, separator, begin) + separator.size;\n"
     "  }\n"
     "  next = separator.size == 0 ? next_point(text, begin) : find_text(text, separator, begin);\n"
     "  return text_at(text.bytes + begin, (next == SIZE_MAX ? text.size : next) - begin);\n"
     "}\n"},
    {"rotated",
     "static uint32_t rotated(uint32_t x, int bits) {\n"
     "  return (uint32_t)(x << bits | x >> (32 - bits));\n"
     "}\n"},
    {"bucket_of_hash",
     "/* MurmurHash3_x86_32 with seed 0 (Austin Appleby, public domain). */\n"
     "static int64_t bucket_of_hash(text_v text, int64_t count) {\n"
     "  uint32_t hash = 0, block = 0;\n"
     "  size_t at = 0, i;\n"
     "  int64_t number;\n"
     "  for (; at + 4 <= text.size; at += 4) {\n"
     "    for (block = 0, i = 4; i > 0; --i) {\n"
     "      block = block << 8 | (unsigned char)text.bytes[at + i - 1];\n"
     "    }\n"
     "    hash ^= rotated(block * 0xcc9e2d51u, 15) * 0x1b873593u;\n"
     "    hash = rotated(hash, 13) * 5u + 0xe6546b64u;\n"
     "  }\n"
     "  for (block = 0, i = text.size; i > at; --i) {\n"
     "    block = block << 8 | (unsigned char)text.bytes[i - 1];\n"
     "  }\n"
     "  hash ^= rotated(block * 0xcc9e2d51u, 15) * 0x1b873593u;\n"
     "  hash ^= (uint32_t)text.size;\n"
     "  hash = (hash ^ hash >> 16) * 0x85ebca6bu;\n"
     "  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;\n"
     "  hash ^= hash >> 16;\n"
     "  number = hash > 0x7fffffffu ? (int64_t)hash - INT64_C(0x100000000) : (int64_t)hash;\n"
     "  return (number < 0 ? -number : number) % count;\n"
     "}\n"},
    {"floor_divide",
     "static int64_t floor_divide(int64_t a, int64_t b) {\n"
     "  return a / b - (a % b < 0 ? 1 : 0);\n"
     "}\n"},
    {"MICROS_A_DAY", "#define MICROS_A_DAY INT64_C(86400000000)\n"},
    {"day_number",
     "/* Days since 1970-01-01. */\n"
     "static int64_t day_number(int64_t micros) {\n"
     "  return floor_divide(micros, MICROS_A_DAY);\n"
     "}\n"},
    {"micros_of_day",
     "static int64_t micros_of_day(int64_t micros) {\n"
     "  const int64_t rest = micros % MICROS_A_DAY; /* The day's begin may be no 64-bit time. */\n"
     "  return rest < 0 ? rest + MICROS_A_DAY : rest;\n"
     "}\n"},
    {"weekday_number",
     "/* 0 for Sunday. */\n"
     "static int64_t weekday_number(int64_t days) {\n"
     "  return days + 4 - floor_divide(days + 4, 7) * 7;\n"
     "}\n"},
    {"week_begin",
     "static int64_t week_begin(int64_t days) {\n"
     "  return days - (weekday_number(days) + 6) % 7;\n"
     "}\n"},
    {"civil_day",
     "/* Howard Hinnant's civil_from_days: year, month and day of the Gregorian calendar. */\n"
     "typedef struct {\n"
     "  int64_t year, month, day;\n"
     "} civil;\n"
     "static civil civil_day(int64_t days) {\n"
     "  const int64_t shifted = days + 719468;\n"
     "  const int64_t era = floor_divide(shifted, 146097);\n"
     "  const int64_t of_era = shifted - era * 146097;\n"
     "  const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;\n"
     "  const int64_t of_year = of_era - (365 * year + year / 4 - year / 100);\n"
     "  const int64_t month = (5 * of_year + 2) / 153;\n"
     "  civil made;\n"
     "  made.month = month < 10 ? month + 3 : month - 9;\n"
     "  made.year = year + era * 400 + (made.month <= 2 ? 1 : 0);\n"
     "  made.day = of_year - (153 * month + 2) / 5 + 1;\n"
     "  return made;\n"
     "}\n"},
    {"days_from_civil",
     "static int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {\n"
     "  const int64_t shifted = year - (month <= 2 ? 1 : 0);\n"
     "  const int64_t era = floor_divide(shifted, 400);\n"
     "  const int64_t of_era = shifted - era * 400;\n"
     "  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;\n"
     "  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;\n"
     "}\n"},
    {"day_in_year",
     "static int64_t day_in_year(int64_t days) {\n"
     "  return days - days_from_civil(civil_day(days).year, 1, 1) + 1;\n"
     "}\n"},
    {"days_of_month",
     "static int64_t days_of_month(int64_t days) {\n"
     "  const civil day = civil_day(days);\n"
     "  const int64_t next = day.month == 12 ? days_from_civil(day.year + 1, 1, 1)\n"
     "                                       : days_from_civil(day.year, day.month + 1, 1);\n"
     "  return next - days_from_civil(day.year, day.month, 1);\n"
     "}\n"},
    // Units by the numbers of TimeUnit (time_unit.h).
    {"unit_number",
     "/* Units: 0 second, 1 minute, 2 hour, 3 day, 4 week, 5 month, 6 quarter, 7 year. */\n"
     "static int64_t unit_number(int64_t unit, int64_t micros) {\n"
     "  const int64_t days = day_number(micros);\n"
     "  const civil day = civil_day(days);\n"
     "  if (unit == 0) return floor_divide(micros, 1000000);\n"
     "  if (unit == 1) return floor_divide(micros, 60000000);\n"
     "  if (unit == 2) return floor_divide(micros, INT64_C(3600000000));\n"
     "  if (unit == 3) return days;\n"
     "  if (unit == 4) return floor_divide(week_begin(days) + 3, 7);\n"
     "  if (unit == 5) return day.year * 12 + day.month - 1;\n"
     "  return unit == 6 ? day.year * 4 + (day.month - 1) / 3 : day.year;\n"
     "}\n"},
    {"begin_of_day",
     "static int64_t begin_of_day(int64_t days) {\n"
     "  return days < INT64_MIN / MICROS_A_DAY ? INT64_MIN : days * MICROS_A_DAY;\n"
     "}\n"},
    {"begin_of_unit",
     "/* Units: 0 second, 1 minute, 2 hour, 3 day, 4 week, 5 month, 6 quarter, 7 year. */\n"
     "static int64_t begin_of_unit(int64_t unit, int64_t micros) {\n"
     "  const int64_t days = day_number(micros);\n"
     "  const civil day = civil_day(days);\n"
     "  if (unit < 3) {\n"
     "    const int64_t step = unit == 0 ? 1000000 : unit == 1 ? 60000000 : INT64_C(3600000000);\n"
     "    const int64_t rest = micros % step < 0 ? micros % step + step : micros % step;\n"
     "    return micros < INT64_MIN + rest ? INT64_MIN : micros - rest;\n"
     "  }\n"
     "  if (unit == 3) return begin_of_day(days);\n"
     "  if (unit == 4) return begin_of_day(week_begin(days));\n"
     "  if (unit == 5) return begin_of_day(days_from_civil(day.year, day.month, 1));\n"
     "  if (unit == 6) return begin_of_day(days_from_civil(day.year, (day.month - 1) / 3 * 3 + 1, "
     "1));\n"
     "  return begin_of_day(days_from_civil(day.year, 1, 1));\n"
     "}\n"},
    {"listed_before",
     "/* How many of the sorted days come before `day`. */\n"
     "static size_t listed_before(const int64_t *days, size_t count, int64_t day) {\n"
     "  size_t begin = 0, end = count;\n"
     "  while (begin < end) {\n"
     "    const size_t middle = begin + (end - begin) / 2;\n"
     "    if (days[middle] < day) begin = middle + 1; else end = middle;\n"
     "  }\n"
     "  return begin;\n"
     "}\n"},
    {"in_calendar",
     "static int_v in_calendar(const int64_t *days, size_t count, int_v time) {\n"
     "  const int64_t day = day_number(time.value);\n"
     "  const size_t at = listed_before(days, count, day);\n"
     "  return time.known ? int_of(at < count && days[at] == day) : no_int();\n"
     "}\n"},
    {"days_to_next",
     "static int_v days_to_next(const int64_t *days, size_t count, int_v time) {\n"
     "  const int64_t day = day_number(time.value);\n"
     "  const size_t at = listed_before(days, count, day);\n"
     "  return time.known && at < count ? int_of(days[at] - day) : no_int();\n"
     "}\n"},
    {"days_since_last",
     "static int_v days_since_last(const int64_t *days, size_t count, int_v time) {\n"
     "  const int64_t day = day_number(time.value);\n"
     "  const size_t after = listed_before(days, count, day + 1);\n"
     "  return time.known && after > 0 ? int_of(day - days[after - 1]) : no_int();\n"
     "}\n"},
    {"is_known", "static int_v is_known(int known) { return int_of(known != 0); }\n"},
    {"and_bools",
     "static int_v and_bools(int_v a, int_v b) {\n"
     "  if ((a.known && !a.value) || (b.known && !b.value)) return int_of(0);\n"
     "  return a.known && b.known ? int_of(1) : no_int();\n"
     "}\n"},
    {"or_bools",
     "static int_v or_bools(int_v a, int_v b) {\n"
     "  if ((a.known && a.value) || (b.known && b.value)) return int_of(1);\n"
     "  return a.known && b.known ? int_of(0) : no_int();\n"
     "}\n"},
    {"nullif_ints",
     "static int_v nullif_ints(int_v a, int_v b) {\n"
     "  return a.known && b.known && a.value == b.value ? no_int() : a;\n"
     "}\n"},
    {"nullif_nums",
     "static num_v nullif_nums(num_v a, num_v b) {\n"
     "  return a.known && b.known && same_num(a.value, b.value) ? no_num() : a;\n"
     "}\n"},
    {"nullif_texts",
     "static text_v nullif_texts(text_v a, text_v b) {\n"
     "  return a.known && b.known && compare_texts(a, b) == 0 ? no_text() : a;\n"
     "}\n"},
    // Folds: what has been found so far, then the next argument.
    {"least_ints",
     "static int_v least_ints(int_v best, int_v next) {\n"
     "  if (!next.known) return best;\n"
     "  return !best.known || next.value < best.value ? next : best;\n"
     "}\n"},
    {"least_nums",
     "static num_v least_nums(num_v best, num_v next) {\n"
     "  if (!next.known) return best;\n"
     "  return !best.known || before_num(next.value, best.value) ? next : best;\n"
     "}\n"},
    {"least_texts",
     "static text_v least_texts(text_v best, text_v next) {\n"
     "  if (!next.known) return best;\n"
     "  return !best.known || compare_texts(next, best) < 0 ? next : best;\n"
     "}\n"},
    {"greatest_ints",
     "static int_v greatest_ints(int_v best, int_v next) {\n"
     "  if (!next.known) return best;\n"
     "  return !best.known || next.value > best.value ? next : best;\n"
     "}\n"},
    {"greatest_nums",
     "static num_v greatest_nums(num_v best, num_v next) {\n"
     "  if (!next.known) return best;\n"
     "  return !best.known || before_num(best.value, next.value) ? next : best;\n"
     "}\n"},
    {"greatest_texts",
     "static text_v greatest_texts(text_v best, text_v next) {\n"
     "  if (!next.known) return best;\n"
     "  return !best.known || compare_texts(next, best) > 0 ? next : best;\n"
     "}\n"},
    {"among_ints",
     "static int_v among_ints(int_v found, int_v x, int_v next) {\n"
     "  if (!x.known || (found.known && found.value)) return found;\n"
     "  if (!next.known) return no_int();\n"
     "  return x.value == next.value ? int_of(1) : found;\n"
     "}\n"},
    {"among_nums",
     "static int_v among_nums(int_v found, num_v x, num_v next) {\n"
     "  if (!x.known || (found.known && found.value)) return found;\n"
     "  if (!next.known) return no_int();\n"
     "  return same_num(x.value, next.value) ? int_of(1) : found;\n"
     "}\n"},
    {"among_texts",
     "static int_v among_texts(int_v found, text_v x, text_v next) {\n"
     "  if (!x.known || (found.known && found.value)) return found;\n"
     "  if (!next.known) return no_int();\n"
     "  return compare_texts(x, next) == 0 ? int_of(1) : found;\n"
     "}\n"},
    {"count_bound",
     "static int_v count_bound(int_v count, num_v x, num_v bound) {\n"
     "  if (!count.known || !bound.known) return no_int();\n"
     "  return int_of(count.value + !before_num(x.value, bound.value));\n"
     "}\n"},
    {"learned_bucket",
     "static int_v learned_bucket(num_v x, const double *bounds, size_t count) {\n"
     "  size_t at = 0;\n"
     "  if (!x.known) return no_int();\n"
     "  while (at < count && !before_num(x.value, bounds[at])) ++at;\n"
     "  return int_of((int64_t)at);\n"
     "}\n"},
    {"learned_scale",
     "static num_v learned_scale(num_v x, double shift, double width) {\n"
     "  return x.known ? num_of((x.value - shift) / width) : no_num();\n"
     "}\n"},
    {"learned_filling",
     "static num_v learned_filling(num_v x, double filling) {\n"
     "  return x.known && !isnan(x.value) ? x : num_of(filling);\n"
     "}\n"},
    // Makers of texts: `room` holds TEXT_MAX bytes; `fault` is set where that is too little.
    {"add_text",
     "static text_v add_text(text_v made, text_v next, char *room, int *fault) {\n"
     "  if (next.size > TEXT_MAX - made.size) {\n"
     "    *fault = 1;\n"
     "    return made;\n"
     "  }\n"
     "  if (next.size != 0) memcpy(room + made.size, next.bytes, next.size);\n"
     "  return text_at(room, made.size + next.size);\n"
     "}\n"},
    {"concat_text",
     "static text_v concat_text(text_v made, text_v next, char *room, int *fault) {\n"
     "  return next.known ? add_text(made, next, room, fault) : made;\n"
     "}\n"},
    {"join_texts",
     "static text_v join_texts(text_v a, text_v b, char *room, int *fault) {\n"
     "  if (!a.known || !b.known) return no_text();\n"
     "  return add_text(add_text(text_at(\"\", 0), a, room, fault), b, room, fault);\n"
     "}\n"},
    {"replace_text",
     "static text_v replace_text(text_v text, text_v old, text_v with, char *room, int *fault) {\n"
     "  text_v made = text_at(\"\", 0);\n"
     "  size_t at = 0, found;\n"
     "  if (!text.known || !old.known || !with.known) return no_text();\n"
     "  if (old.size == 0) return text;\n"
     "  while ((found = find_text(text, old, at)) != SIZE_MAX) {\n"
     "    made = add_text(made, text_at(text.bytes + at, found - at), room, fault);\n"
     "    made = add_text(made, with, room, fault);\n"
     "    at = found + old.size;\n"
     "  }\n"
     "  return add_text(made, text_at(text.bytes + at, text.size - at), room, fault);\n"
     "}\n"},
    {"digits_of",
     "/* At most 20 bytes, which TEXT_MAX is not below. */\n"
     "static text_v digits_of(int_v x, char *room) {\n"
     "  char digits[20];\n"
     "  uint64_t rest = x.value < 0 ? (uint64_t)0 - (uint64_t)x.value : (uint64_t)x.value;\n"
     "  size_t size = 0, count = 0;\n"
     "  if (!x.known) return no_text();\n"
     "  do {\n"
     "    digits[count++] = (char)('0' + (int)(rest % 10));\n"
     "    rest /= 10;\n"
     "  } while (rest != 0);\n"
     "  if (x.value < 0) room[size++] = '-';\n"
     "  while (count > 0) room[size++] = digits[--count];\n"
     "  return text_at(room, size);\n"
     "}\n"},
    {"bool_text",
     "static text_v bool_text(int_v x) {\n"
     "  if (!x.known) return no_text();\n"
     "  return x.value != 0 ? text_at(\"true\", 4) : text_at(\"false\", 5);\n"
     "}\n"},
    {"feature_of_int",
     "static double feature_of_int(int_v x) {\n"
     "  return x.known ? (double)x.value : (double)NAN;\n"
     "}\n"},
    {"feature_of_num",
     "static double feature_of_num(num_v x) {\n"
     "  return x.known ? x.value : (double)NAN;\n"
     "}\n"},
    {"category_of",
     "static double category_of(text_v x, const listed_text *list, size_t count) {\n"
     "  const size_t place = x.known ? place_of_text(x, list, count) : count;\n"
     "  return place < count ? (double)place : (double)NAN;\n"
     "}\n"},
};

}  // namespace

std::span<const CSupport> c_support() { return kSupport; }

}  // namespace millgate
