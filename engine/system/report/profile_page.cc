#include "system/report/profile_page.h"

#include <algorithm>
#include <cmath>

#include "ground/clock.h"
#include "system/monitor/wording.h"
#include "system/report/html.h"
#include "system/report/range_strip.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kPlotWidth = 220;
constexpr double kPlotHeight = 48;

std::string value_words(const ColumnProfile& column, double value) {
  if (column.column().kind == ColumnKind::time) {
    return time_text(Time{static_cast<int64_t>(value)});
  }
  return figure_text(value);
}

/// Bars of one width from the least to the largest value.
std::string histogram_plot(const ColumnProfile& column) {
  const std::vector<double> bins = column.histogram();
  const std::vector<double> edges = column.histogram_edges();
  if (bins.empty()) return {};
  const double most = *std::max_element(bins.begin(), bins.end());
  const double width = kPlotWidth / static_cast<double>(bins.size());
  Drawing drawing(kPlotWidth, kPlotHeight, "distribution of " + column.column().name);
  for (size_t i = 0; i < bins.size(); ++i) {
    const auto place = static_cast<double>(i);
    // A bin that holds something shows, however little that is.
    const double height = bins[i] == 0 ? 0 : std::max(1.0, bins[i] / most * (kPlotHeight - 2));
    drawing.rectangle({place * width, kPlotHeight - height}, width - 1, height, "mark",
                      value_words(column, edges[i]) + " to " + value_words(column, edges[i + 1]) +
                          ": " + count_of(static_cast<int64_t>(std::llround(bins[i])), "row"));
  }
  drawing.line({0, kPlotHeight}, {kPlotWidth, kPlotHeight}, "axis");
  return drawing.svg();
}

/// One bar a frequent text, its name on it.
std::string frequency_plot(const ColumnProfile& column) {
  constexpr size_t kBars = 4;
  constexpr double kBarHeight = 15;
  constexpr double kShareWidth = 44;  ///< On the right, for the figures.
  const auto frequent = column.most_frequent(kBars);
  if (frequent.empty()) return {};
  Drawing drawing(kPlotWidth, kBarHeight * static_cast<double>(frequent.size()),
                  "most frequent values of " + column.column().name);
  const auto most = static_cast<double>(frequent.front().second);
  for (size_t i = 0; i < frequent.size(); ++i) {
    const auto& [value, count] = frequent[i];
    const double y = kBarHeight * static_cast<double>(i);
    const double share = static_cast<double>(count) / static_cast<double>(column.value_count());
    drawing.rectangle({0, y + 1},
                      std::max(1.0, static_cast<double>(count) / most * (kPlotWidth - kShareWidth)),
                      kBarHeight - 2, "soft", value + ": " + count_of(count, "row"));
    constexpr size_t kLettersMax = 24;
    const std::string shown =
        value.size() > kLettersMax ? value.substr(0, kLettersMax) + "..." : value;
    drawing.text({4, y + 11.5}, shown.empty() ? "(empty)" : shown);
    drawing.text({kPlotWidth - 2, y + 11.5}, percent_text(share), "faint", Anchor::end);
  }
  return drawing.svg();
}

std::string figures_of(const ColumnProfile& column) {
  if (column.value_count() == 0) return "no value";
  std::string words;
  if (column.is_text()) {
    words = "length " + count_text(column.length_min()) + " to " + count_text(column.length_max());
    const auto patterns = column.patterns(2);
    for (const auto& [pattern, count] : patterns) {
      words += (pattern == patterns.front().first ? "; looks like " : ", ") +
               std::string("\u201c") + pattern + "\u201d " +
               percent_text(static_cast<double>(count) / static_cast<double>(column.value_count()));
    }
    return words;
  }
  const auto q = column.quantiles({0.05, 0.5, 0.95});
  words = value_words(column, column.minimum()) + " to " + value_words(column, column.maximum()) +
          "; 5 %, median, 95 %: " + value_words(column, q[0]) + ", " + value_words(column, q[1]) +
          ", " + value_words(column, q[2]);
  if (column.column().kind == ColumnKind::number) {
    words += "; mean " + figure_text(column.mean()) + ", deviation " +
             figure_text(column.standard_deviation());
  }
  if (!column.exact()) {
    words += " (ranks within " + percent_text(column.rank_error()) + ")";
  }
  return words;
}

/// Cells of one column: missing, distinct, plot with figures.
std::string column_cells(const ColumnProfile& column) {
  const double missing = column.row_count() == 0
                             ? 0
                             : static_cast<double>(column.row_count() - column.value_count()) /
                                   static_cast<double>(column.row_count());
  const std::string plot = column.is_text() ? frequency_plot(column) : histogram_plot(column);
  return "<td class=\"n\">" + (missing > 0 ? escape_html(percent_text(missing)) : "") +
         "</td><td class=\"n\">" + (column.exact() ? "" : "about ") +
         escape_html(count_text(static_cast<int64_t>(std::llround(column.distinct_count())))) +
         "</td><td><div style=\"width:220px\">" + plot + "</div><span class=\"quiet\">" +
         escape_html(figures_of(column)) + "</span></td>";
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

/// `words` with what stands between two backticks as code.
std::string with_code(const std::string& words) {
  std::string html;
  size_t at = 0;
  for (bool inside = false; at <= words.size(); inside = !inside) {
    const size_t end = std::min(words.find('`', at), words.size());
    const std::string piece = words.substr(at, end - at);
    html += inside ? element("code", piece) : escape_html(piece);
    at = end + 1;
  }
  return html;
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
