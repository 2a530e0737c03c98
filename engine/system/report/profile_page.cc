#include "system/report/profile_page.h"

#include <algorithm>
#include <cmath>

#include "system/monitor/wording.h"
#include "system/report/column_plot.h"
#include "system/report/html.h"
#include "system/report/range_strip.h"

namespace millgate {
namespace {

/// Cells of one column: missing, distinct, plot with figures.
std::string column_cells(const ColumnProfile& column) {
  const double missing = column.row_count() == 0 ? 0
                                                 : static_cast<double>(column.null_count()) /
                                                       static_cast<double>(column.row_count());
  return "<td class=\"n\">" + (missing > 0 ? escape_html(percent_text(missing)) : "") +
         "</td><td class=\"n\">" + (column.exact() ? "" : "about ") +
         escape_html(count_text(static_cast<int64_t>(std::llround(column.distinct_count())))) +
         "</td><td><div style=\"width:220px\">" + column_plot(column) +
         "</div><span class=\"quiet\">" + escape_html(column_words(column)) + "</span></td>";
}

std::string column_table(const std::vector<NamedProfile>& profiles) {
  const bool both = profiles.size() > 1;
  std::string html = "<h2>Columns</h2>\n<div class=\"scroll\"><table><tr><th>Column</th>";
  for (const NamedProfile& one : profiles) {
    html += "<th class=\"n\">Missing</th><th class=\"n\">Distinct</th>" +
            element("th", both ? one.name : "Values");
  }
  html += "</tr>\n";
  std::vector<std::string> names;
  for (const NamedProfile& one : profiles) {
    for (const ColumnProfile& column : one.profile->columns()) {
      const std::string& name = column.column().name;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    std::string cells;
    std::string type;
    for (const NamedProfile& one : profiles) {
      const auto& columns = one.profile->columns();
      const auto found =
          std::find_if(columns.begin(), columns.end(),
                       [&](const ColumnProfile& column) { return column.column().name == name; });
      if (found == columns.end()) {
        cells += "<td></td><td></td><td class=\"quiet\">not there</td>";
        continue;
      }
      cells += column_cells(*found);
      if (type.find(found->column().type) == std::string::npos) {
        type += (type.empty() ? "" : ", ") + found->column().type;
      }
    }
    html += "<tr><td><strong>" + escape_html(name) + "</strong><br><span class=\"quiet\">" +
            escape_html(type) + "</span></td>" + cells + "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string remark_list(const NamedProfile& named, const std::vector<Association>& associations) {
  const std::vector<Remark> remarks = named.profile->remarks(associations);
  if (remarks.empty()) return "<p>Nothing stands out.</p>\n";
  std::string html = "<ul>";
  for (const Remark& one : remarks) {
    html += "<li>" + (one.column.empty() ? "" : element("code", one.column) + " ") +
            with_code(one.what) + "</li>\n";
  }
  return html + "</ul>\n";
}

std::string association_table(const NamedProfile& named,
                              const std::vector<Association>& associations) {
  constexpr size_t kShown = 15;
  constexpr double kWeak = 0.1;
  std::string rows;
  const auto cell = [](double value) {
    return "<td class=\"n\">" + (std::isnan(value) ? "" : escape_html(figure_text(value))) +
           "</td>";
  };
  for (size_t i = 0; i < std::min(kShown, associations.size()); ++i) {
    const Association& one = associations[i];
    if (one.strength() < kWeak) break;
    rows += "<tr><td>" + escape_html(one.first) + ", " + escape_html(one.second) + "</td><td>" +
            share_bar(one.strength()) + "</td>" + cell(one.pearson) + cell(one.spearman) +
            cell(one.cramers_v) + cell(one.correlation_ratio) + cell(one.mutual_information) +
            "</tr>\n";
  }
  if (rows.empty()) return {};
  return "<h2>What goes together</h2>\n<div class=\"scroll\"><table><caption>The strongest pairs, "
         "on " +
         escape_html(count_of(named.profile->sampled_rows(), "row")) +
         "</caption><tr><th>Columns</th><th></th><th class=\"n\">Pearson</th><th "
         "class=\"n\">Spearman</th><th class=\"n\">Cramér's V</th><th class=\"n\">Correlation "
         "ratio</th><th class=\"n\">Mutual information, nats</th></tr>\n" +
         rows + "</table></div>\n";
}

}  // namespace

std::string profile_html(const std::vector<NamedProfile>& profiles) {
  std::string title;
  std::string body = "<p class=\"kind\">Profile</p>\n";
  for (const NamedProfile& one : profiles) title += (title.empty() ? "" : " beside ") + one.name;
  body += element("h1", title);
  for (const NamedProfile& one : profiles) {
    const std::vector<Association> associations = one.profile->associations();
    body += "<p class=\"lede\">" + (profiles.size() > 1 ? escape_html(one.name) + ": " : "") +
            escape_html(count_of(one.profile->row_count(), "row")) + ", " +
            escape_html(count_of(static_cast<int64_t>(one.profile->columns().size()), "column")) +
            ".</p>\n<h2>What stands out" +
            (profiles.size() > 1 ? " in " + escape_html(one.name) : "") + "</h2>\n" +
            remark_list(one, associations);
  }
  body += column_table(profiles);
  if (profiles.size() == 1) {
    body += association_table(profiles.front(), profiles.front().profile->associations());
  }
  return html_page(title, body);
}

}  // namespace millgate
