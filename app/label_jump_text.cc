#include "app/label_jump_text.h"

#include <algorithm>
#include <iostream>

#include "app/text_table.h"
#include "system/monitor/wording.h"

namespace millgate {

namespace {

std::string p_text(double p) { return p < 0.0001 ? "< 0.0001" : rounded(p, 2); }

std::string share_text(const RowShare& share) {
  return percent(share.value()) + " of " + grouped(share.all);
}

}  // namespace

void print_label_jumps(const LabelJumps& jumps, const LabelJumpOptions& options,
                       int64_t shown_max) {
  const auto jump_count = static_cast<int64_t>(jumps.jump_count());
  std::cout << jumps.table << ": " << count_of(jumps.commit_count, "commit") << ", "
            << count_of(static_cast<int64_t>(jumps.tests.size()), "comparison") << ", "
            << count_of(jump_count, "jump") << " of the label rate\n";
  const auto count = std::min(static_cast<int64_t>(jumps.tests.size()),
                              jump_count + std::max<int64_t>(0, shown_max));
  TextTable table(
      {"commit", "rows", "slice", "rate before", "after", "difference", "95 %", "adjusted p", ""});
  for (int64_t i = 0; i < count; ++i) {
    const LabelJump& one = jumps.tests[static_cast<size_t>(i)];
    table.add({one.commit.id.brief(), one.kind == LabelJumpKind::new_rows ? "new" : "relabelled",
               one.column.empty() ? "all rows" : one.column + "=" + one.value,
               share_text(one.before), share_text(one.after), with_sign(one.difference.difference),
               with_sign(one.difference.lower) + " .. " + with_sign(one.difference.upper),
               p_text(one.adjusted_p), one.is_jump ? "JUMP" : ""});
  }
  if (count > 0) {
    std::cout << '\n';
    table.print(std::cout);
  }
  if (jumps.without_support > 0) {
    std::cout << "\nnot tested: " << count_of(jumps.without_support, "comparison")
              << " with fewer than " << options.support_min << " rows on a side\n";
  }
  if (!jumps.stopped_at.empty()) {
    std::cout << "\nthe version of commit " << jumps.stopped_at
              << " has no such label: older ones were not looked at\n";
  }
  if (jumps.commit_count == 0 && jumps.stopped_at.empty()) {
    std::cout << "the table never changed: there is nothing to compare\n";
  }
}

}  // namespace millgate
