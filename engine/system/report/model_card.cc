#include "system/report/model_card.h"

#include "system/report/card_sections.h"
#include "system/report/citation.h"
#include "system/report/html.h"

namespace millgate {
namespace {

std::string contents(bool has_served) {
  std::string html = "<nav class=\"contents\">";
  const auto add = [&](const char* anchor, const char* title) {
    html += std::string("<a href=\"#") + anchor + "\">" + title + "</a> ";
  };
  add("quality", "How good");
  add("groups", "For whom worse");
  add("limits", "Limits");
  add("people", "What people say");
  add("requirements", "Requirements");
  if (has_served) add("served", "Since it serves");
  add("features", "Features");
  add("data", "Data");
  add("history", "History");
  add("reproduce", "Reproduce");
  add("sources", "Sources");
  return html + "</nav>\n";
}

}  // namespace

std::string model_card_html(const CardFacts& facts) {
  std::string body = card_header(facts) + contents(facts.served != nullptr);
  body += card_quality(facts) + card_slices(facts) + card_limits(facts);
  body += card_said(facts) + card_requirements(facts) + card_served(facts) + card_features(facts);
  body += card_data(facts) + card_history(facts) + card_reproduction(facts);
  body += section_heading("sources", "Where each number comes from") + source_list(facts);
  return html_page(
      "Model card: " + facts.model->manifest().project + " " + facts.model->id().brief(), body);
}

}  // namespace millgate
