#include "system/report/card_sections.h"
#include "system/report/html.h"

namespace millgate {

std::string card_said(const CardFacts& facts) {
  std::string html = section_heading("people", "What people say of it");
  std::string terms;
  std::string open;
  for (const ModelQuestion& one : model_questions()) {
    const std::string answer = facts.said.answer(one.member);
    if (answer.empty() && one.is_common) {
      open += (open.empty() ? "" : ", ") + std::string(one.member);
    } else if (!answer.empty()) {
      terms += element("dt", one.title) + element("dd", answer) + "\n";
    }
  }
  if (!terms.empty()) html += "<dl>\n" + terms + "</dl>\n";
  if (!open.empty()) {
    html += "<p class=\"quiet\">Nobody has said: " + escape_html(open) +
            "; <code>[model]</code> of the project file is the place.</p>\n";
  }
  return html;
}

}  // namespace millgate
