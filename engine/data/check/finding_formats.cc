#include "data/check/finding_formats.h"

#include <charconv>
#include <map>
#include <string_view>
#include <vector>

#include "ground/json.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

/// `text` inside an attribute or element.
std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\n' || c == '\t' || c == '\r') {
      out += "&#" + std::to_string(byte) + ";";
    } else if (byte < 0x20U || byte == 0x7FU) {
      out += "\xEF\xBF\xBD";
    } else {
      out += c;
    }
  }
  return out;
}

std::string name_of(const Finding& finding) {
  return finding.rule + (finding.where.empty() ? "" : " where " + finding.where);
}

/// What is wrong, in one sentence.
std::string fault_of(const Finding& finding) {
  if (!finding.measured.empty()) return "measured " + finding.measured;
  std::string text = std::to_string(finding.broken_count) + " of " +
                     std::to_string(finding.judged_count) + " rows break it";
  if (finding.at_least < 1) text += "; " + shortest_text(finding.at_least) + " must hold";
  return text;
}

std::string details_of(const Finding& finding) {
  std::string text;
  for (const auto& [value, count] : finding.breakdown) {
    text += (text.empty() ? "most often: " : ", ") + value + " (" + std::to_string(count) + ")";
  }
  if (!text.empty()) text += '\n';
  if (!finding.since_commit.empty()) text += "since commit " + finding.since_commit + '\n';
  if (!finding.next_step.empty()) text += finding.next_step + '\n';
  return text;
}

/// A place such as "millgate.toml:12:8", taken apart.
struct RulePlace {
  std::string file;
  int line = 1;
  int column = 1;
};

RulePlace place_of(const std::string& text) {
  RulePlace place{text};
  int* const numbers[2] = {&place.column, &place.line};
  for (int* number : numbers) {
    const size_t colon = place.file.rfind(':');
    if (colon == std::string::npos) break;
    const char* begin = place.file.data() + colon + 1;
    const char* end = place.file.data() + place.file.size();
    const auto [stop, fault] = std::from_chars(begin, end, *number);
    if (fault != std::errc() || stop != end) break;
    place.file.resize(colon);
  }
  return place;
}

}  // namespace

std::string to_junit(const CheckReport& report) {
  std::map<std::string, std::vector<const Finding*>> suites;
  for (const Finding& finding : report.findings) suites[finding.table].push_back(&finding);
  int failures = 0;
  int skipped = 0;
  std::string body;
  for (const auto& [table, findings] : suites) {
    int suite_failures = 0;
    int suite_skipped = 0;
    std::string cases;
    for (const Finding* finding : findings) {
      cases += "    <testcase classname=\"" + xml_text(table) + "\" name=\"" +
               xml_text(name_of(*finding)) + "\"";
      if (finding->passed) {
        cases += "/>\n";
      } else if (finding->severity == Severity::error) {
        ++suite_failures;
        cases += ">\n      <failure type=\"rule\" message=\"" + xml_text(fault_of(*finding)) +
                 "\">" + xml_text(details_of(*finding)) + "</failure>\n    </testcase>\n";
      } else {
        ++suite_skipped;
        cases += ">\n      <skipped message=\"warning: " + xml_text(fault_of(*finding)) +
                 "\"/>\n    </testcase>\n";
      }
    }
    body += "  <testsuite name=\"" + xml_text(table) + "\" tests=\"" +
            std::to_string(findings.size()) + "\" failures=\"" + std::to_string(suite_failures) +
            "\" errors=\"0\" skipped=\"" + std::to_string(suite_skipped) + "\">\n" + cases +
            "  </testsuite>\n";
    failures += suite_failures;
    skipped += suite_skipped;
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"millgate check " +
         xml_text(report.commit) + "\" tests=\"" + std::to_string(report.findings.size()) +
         "\" failures=\"" + std::to_string(failures) + "\" errors=\"0\" skipped=\"" +
         std::to_string(skipped) + "\">\n" + body + "</testsuites>\n";
}

Json to_sarif(const CheckReport& report) {
  Json rules = Json::array();
  Json results = Json::array();
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    const std::string id = finding.table + ": " + name_of(finding);
    const std::string level = finding.severity == Severity::error ? "error" : "warning";
    rules.push_back({{"id", id},
                     {"shortDescription", {{"text", id}}},
                     {"defaultConfiguration", {{"level", level}}}});
    if (finding.passed) continue;
    const RulePlace place = place_of(finding.place);
    const std::string details = details_of(finding);
    results.push_back(
        {{"ruleId", id},
         {"ruleIndex", i},
         {"level", level},
         {"message",
          {{"text", "table " + finding.table + ": " + fault_of(finding) +
                        (details.empty() ? "" : "\n" + details)}}},
         {"locations",
          Json::array(
              {{{"physicalLocation",
                 {{"artifactLocation", {{"uri", place.file}}},
                  {"region", {{"startLine", place.line}, {"startColumn", place.column}}}}}}})}});
  }
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
          {"version", "2.1.0"},
          {"runs", Json::array({{{"tool", {{"driver", {{"name", "millgate"}, {"rules", rules}}}}},
                                 {"properties", {{"commit", report.commit}}},
                                 {"results", results}}})}};
}

}  // namespace millgate
