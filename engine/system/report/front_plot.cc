#include "system/report/front_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "ground/comma_list.h"
#include "model/measure/rounded_text.h"
#include "system/report/fare_lines.h"
#include "system/report/html.h"
#include "system/report/markdown.h"
#include "system/report/svg.h"

namespace millgate {
namespace {

constexpr double kPlotWidth = 460;
constexpr double kPlotHeight = 340;
constexpr double kPlotLeft = 62;
constexpr double kPlotRight = 16;
constexpr double kPlotTop = 34;
constexpr double kPlotBottom = 50;
constexpr double kMark = 5;

const FrontWords kModels = {"Models", "serves", false};
const FrontWords kThresholds = {"Thresholds", "the model's own", true};

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  [[nodiscard]] bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

std::string long_name(const Choice& choice, bool by_threshold) {
  return by_threshold ? rounded_text(choice.threshold) : choice.name;
}

/// What has room beside a mark: "v2", "0.31".
std::string short_name(const Choice& choice, const FrontWords& words) {
  if (words.by_threshold) return rounded_text(choice.threshold, 3);
  return choice.name.substr(0, choice.name.find(' '));
}

std::string mark_class(const Choice& choice) {
  if (!choice.acceptable) return "bad";
  return choice.on_front ? "mark" : "hollow";
}

/// "v2 0a1b2c3d4e5f (serves, front): sales 17848 gains, customers 0.03 same".
std::string mark_title(const std::vector<Stakeholder>& stakeholders, const Choice& choice,
                       const FrontWords& words) {
  const std::string standing = standing_words(choice, words.current);
  std::string text = long_name(choice, words.by_threshold) +
                     (standing.empty() ? " (dominated)" : " (" + standing + ")");
  for (size_t s = 0; s < stakeholders.size(); ++s) {
    const StakeholderValue& one = choice.values[s];
    const std::string fare = fare_words(one);
    text += (s == 0 ? ": " : ", ") + stakeholders[s].name + " " + value_words(one);
    if (one.lower && one.upper) {
      text += " (" + rounded_text(*one.lower) + " to " + rounded_text(*one.upper) + ")";
    }
    if (!fare.empty()) text += " " + fare;
  }
  return text;
}

/// Values of one stakeholder to places on the drawing, better at `end`.
Scale scale_of(const Stakeholder& stakeholder, const std::vector<double>& values, double start,
               double end) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double room = std::max((*most - *least) * 0.12, std::max(std::abs(*most), 1e-6) * 0.002);
  const double low = *least - room;
  const double high = *most + room;
  return stakeholder.higher_is_better ? Scale{low, high, start, end} : Scale{high, low, start, end};
}

/// A drawing of the choices that have both values.
class FrontDrawing {
 public:
  FrontDrawing(const std::vector<Stakeholder>& stakeholders, std::vector<const Choice*> choices,
               size_t across, size_t up, const FrontWords& words)
      : stakeholders_(stakeholders),
        choices_(std::move(choices)),
        across_(across),
        up_(up),
        words_(words),
        x_(scale_of(stakeholders[across], values(across), kPlotLeft, kPlotWidth - kPlotRight)),
        y_(scale_of(stakeholders[up], values(up), kPlotHeight - kPlotBottom, kPlotTop)),
        drawing_(kPlotWidth, kPlotHeight,
                 words.what + ": " + stakeholders[across].name + " against " +
                     stakeholders[up].name + "; right and above is better") {}

  std::string svg() {
    shade_unacceptable();
    draw_axes();
    draw_current();
    if (stakeholders_.size() == 2) draw_steps();
    for (const Choice* one : choices_) {
      const Point at = place(*one);
      taken_.push_back({at.x - kMark, at.y - kMark, at.x + kMark, at.y + kMark});
    }
    for (const Choice* one : choices_) draw_mark(*one);
    return drawing_.svg();
  }

 private:
  [[nodiscard]] std::vector<double> values(size_t stakeholder) const {
    std::vector<double> all;
    all.reserve(choices_.size());
    for (const Choice* one : choices_) all.push_back(one->values[stakeholder].value);
    return all;
  }

  [[nodiscard]] Point place(const Choice& choice) const {
    return {x_(choice.values[across_].value), y_(choice.values[up_].value)};
  }

  /// From a limit to the worse end of its scale, and beyond the better one where there is a limit
  /// on that side.
  void shade_unacceptable() {
    const auto shade = [&](const Stakeholder& one, const Scale& scale, bool is_across) {
      const double low = std::min(scale.from, scale.to);
      const double high = std::max(scale.from, scale.to);
      const auto band = [&](double from, double to) {
        if (!(from < to)) return;
        const double first = std::min(scale(from), scale(to));
        const double length = std::abs(scale(to) - scale(from));
        const std::string title = "not acceptable to " + one.name;
        if (is_across) {
          drawing_.rectangle({first, kPlotTop}, length, kPlotHeight - kPlotBottom - kPlotTop,
                             "badwash", title);
        } else {
          drawing_.rectangle({kPlotLeft, first}, kPlotWidth - kPlotRight - kPlotLeft, length,
                             "badwash", title);
        }
      };
      if (one.at_least) band(low, std::min(*one.at_least, high));
      if (one.at_most) band(std::max(*one.at_most, low), high);
    };
    shade(stakeholders_[across_], x_, true);
    shade(stakeholders_[up_], y_, false);
  }

  void draw_axes() {
    const double bottom = kPlotHeight - kPlotBottom;
    const double right = kPlotWidth - kPlotRight;
    const auto each_tick = [](const Scale& scale, int count, const auto& draw) {
      const double step = scale.step(count);
      const double low = std::min(scale.from, scale.to);
      const double high = std::max(scale.from, scale.to);
      for (double tick = std::ceil(low / step); tick * step <= high; ++tick) {
        draw(tick * step + 0.0);  // Never "-0".
      }
    };
    each_tick(x_, 5, [&](double at) {
      drawing_.line({x_(at), kPlotTop}, {x_(at), bottom}, "axis");
      drawing_.text({x_(at), bottom + 17}, rounded_text(at, 6), "faint", Anchor::middle);
    });
    each_tick(y_, 5, [&](double at) {
      drawing_.line({kPlotLeft, y_(at)}, {right, y_(at)}, "axis");
      drawing_.text({kPlotLeft - 8, y_(at) + 4}, rounded_text(at, 6), "faint", Anchor::end);
    });
    const auto name = [](const Stakeholder& one) { return one.name + ": " + one.wants; };
    drawing_.text({right, kPlotHeight - 10}, name(stakeholders_[across_]) + ", better →", "faint",
                  Anchor::end);
    drawing_.text({4, 16}, "↑ better, " + name(stakeholders_[up_]), "faint");
  }

  /// Lines through the current choice: beyond both, both gain.
  void draw_current() {
    const auto found = std::find_if(choices_.begin(), choices_.end(),
                                    [](const Choice* one) { return one->is_current; });
    if (found == choices_.end()) return;
    const Point at = place(**found);
    drawing_.line({at.x, kPlotTop}, {at.x, kPlotHeight - kPlotBottom}, "guide");
    drawing_.line({kPlotLeft, at.y}, {kPlotWidth - kPlotRight, at.y}, "guide");
    drawing_.circle(at, kMark + 3.5, "ring");
  }

  void draw_steps() {
    std::vector<Point> front;
    for (const Choice* one : choices_) {
      if (one->on_front) front.push_back(place(*one));
    }
    std::sort(front.begin(), front.end(), [](Point a, Point b) { return a.x < b.x; });
    std::string commands;
    for (const Point& at : front) {
      commands += commands.empty() ? "M" + coordinate(at.x) + " " + coordinate(at.y)
                                   : "V" + coordinate(at.y) + "H" + coordinate(at.x);
    }
    if (front.size() > 1) drawing_.path(commands, "step");
  }

  void draw_mark(const Choice& choice) {
    const Point at = place(choice);
    drawing_.circle(at, kMark, mark_class(choice), mark_title(stakeholders_, choice, words_));
    std::string label = short_name(choice, words_);
    if (choice.is_current) label += " " + words_.current;
    constexpr double kLetter = 6.7;
    constexpr double kLine = 12;
    const double width = kLetter * static_cast<double>(label.size());
    // Off the lines through the current choice; the first place where no mark or label lies.
    struct Try {
      Point at;
      Anchor anchor;
    };
    const std::array<Try, 6> tries = {{{{at.x + 8, at.y - 8}, Anchor::start},
                                       {{at.x - 8, at.y - 8}, Anchor::end},
                                       {{at.x + 8, at.y + 17}, Anchor::start},
                                       {{at.x - 8, at.y + 17}, Anchor::end},
                                       {{at.x + 12, at.y + 4}, Anchor::start},
                                       {{at.x - 12, at.y + 4}, Anchor::end}}};
    for (const Try& one : tries) {
      const double left = one.anchor == Anchor::start ? one.at.x : one.at.x - width;
      const Box box = {left, one.at.y - kLine, left + width, one.at.y + 2};
      const bool is_inside = box.left >= kPlotLeft && box.right <= kPlotWidth;
      const bool is_free = std::none_of(taken_.begin(), taken_.end(),
                                        [&](const Box& other) { return box.meets(other); });
      if (!is_inside || !is_free) continue;
      taken_.push_back(box);
      drawing_.text(one.at, label, choice.on_front ? "strong" : "", one.anchor);
      return;
    }
    // No room: one must be read over another rather than not at all.
    drawing_.text(tries[0].at, label, choice.on_front ? "strong" : "", tries[0].anchor);
  }

  const std::vector<Stakeholder>& stakeholders_;
  std::vector<const Choice*> choices_;
  size_t across_;
  size_t up_;
  const FrontWords& words_;
  Scale x_;
  Scale y_;
  Drawing drawing_;
  std::vector<Box> taken_;
};

/// The stakeholder who counts most, the first of several.
size_t heaviest(const std::vector<Stakeholder>& stakeholders) {
  const auto most = std::max_element(
      stakeholders.begin(), stakeholders.end(),
      [](const Stakeholder& a, const Stakeholder& b) { return a.weight < b.weight; });
  return static_cast<size_t>(most - stakeholders.begin());
}

std::string choice_row(const Choice& choice, const FrontWords& words, bool is_best) {
  std::string html =
      "<tr><td class=\"nowrap\">" + escape_html(long_name(choice, words.by_threshold)) + "</td>";
  for (const StakeholderValue& one : choice.values) {
    const std::string fare = fare_words(one);
    const bool is_worse = !one.acceptable || one.fare == Fare::loses;
    const char* kind = is_worse ? "bad-text" : one.fare == Fare::gains ? "good-text" : "quiet";
    html += "<td class=\"n\">" + escape_html(value_words(one)) +
            (fare.empty() ? "" : "<br>" + element("span", fare, kind)) + "</td>";
  }
  html += "<td class=\"n\">" +
          (std::isnan(choice.compromise) ? "" : rounded_text(choice.compromise, 3)) + "</td><td>";
  html += escape_html(standing_words(choice, words.current));
  return html + (is_best ? " <strong>best compromise</strong>" : "") + "</td></tr>\n";
}

std::string tradeoff_html(const std::vector<Stakeholder>& stakeholders, const Tradeoff& tradeoff,
                          const FrontWords& words, const std::string& rows) {
  std::string html =
      element("h3", words.what + ", on " + std::to_string(tradeoff.row_count) + " " + rows) +
      "\n<div class=\"pair\">\n";
  const size_t across = heaviest(stakeholders);
  for (size_t up = 0; up < stakeholders.size(); ++up) {
    if (up == across) continue;
    const std::string plot = front_plot(stakeholders, tradeoff.choices, across, up, words);
    if (!plot.empty()) html += "<figure>" + plot + "</figure>\n";
  }
  html += "</div>\n<div class=\"scroll\"><table><tr><th></th>";
  for (const Stakeholder& one : stakeholders) {
    html += "<th class=\"n\">" + escape_html(one.name) + "</th>";
  }
  html += "<th class=\"n\">Compromise</th><th></th></tr>\n";
  const Choice* best = best_compromise(tradeoff.choices);
  std::string left_out;
  for (const Choice& one : tradeoff.choices) {
    if (one.why_not.empty()) {
      html += choice_row(one, words, &one == best);
    } else {
      left_out += element("p", one.name + " is not compared: " + one.why_not + ".", "quiet") + "\n";
    }
  }
  return html + "</table></div>\n" + left_out;
}

std::string tradeoff_markdown(const std::vector<Stakeholder>& stakeholders,
                              const Tradeoff& tradeoff, const FrontWords& words) {
  std::string head = "\n| " + words.what + " |";
  std::string rule = "|---|";
  for (const Stakeholder& one : stakeholders) {
    head += " " + escape_markdown(one.name) + " |";
    rule += "---:|";
  }
  std::string text = head + " compromise | |\n" + rule + "---:|---|\n";
  for (const Choice& one : tradeoff.choices) {
    if (!one.why_not.empty()) continue;
    text += "| " + escape_markdown(long_name(one, words.by_threshold)) + " |";
    for (const StakeholderValue& value : one.values) {
      const std::string fare = fare_words(value);
      text += " " + value_words(value) + (fare.empty() ? "" : " " + fare) + " |";
    }
    text += " " + (std::isnan(one.compromise) ? "" : rounded_text(one.compromise, 3)) + " | " +
            standing_words(one, words.current) + " |\n";
  }
  return text;
}

bool has_measured(const Tradeoff& tradeoff) {
  return std::any_of(tradeoff.choices.begin(), tradeoff.choices.end(),
                     [](const Choice& one) { return one.why_not.empty(); });
}

}  // namespace

std::string front_plot(const std::vector<Stakeholder>& stakeholders,
                       const std::vector<Choice>& choices, size_t across, size_t up,
                       const FrontWords& words) {
  std::vector<const Choice*> drawn;
  for (const Choice& one : choices) {
    const bool is_known = one.why_not.empty() && std::isfinite(one.values[across].value) &&
                          std::isfinite(one.values[up].value);
    if (is_known) drawn.push_back(&one);
  }
  if (drawn.empty()) return {};
  return FrontDrawing(stakeholders, std::move(drawn), across, up, words).svg();
}

std::string front_tables(const Weighing& weighing) {
  std::string html;
  if (has_measured(weighing.models)) {
    html += tradeoff_html(weighing.stakeholders, weighing.models, kModels, "test rows");
  }
  if (has_measured(weighing.thresholds)) {
    html +=
        tradeoff_html(weighing.stakeholders, weighing.thresholds, kThresholds, "validation rows");
  }
  if (html.empty()) return {};
  return html +
         "<p class=\"quiet\">Full marks are on the front: no other choice is as good for all "
         "stakeholders and better for one. Hollow ones are dominated, red ones or those in a red "
         "field not acceptable to somebody. The dashed lines go through the current choice: right "
         "of and above it both gain.</p>\n";
}

std::string front_section(const Weighing& weighing) {
  const std::string html = front_tables(weighing);
  return html.empty() ? html : "<h2>What there is to choose from</h2>\n" + html;
}

std::string front_markdown(const Weighing& weighing) {
  std::string text;
  if (has_measured(weighing.models)) {
    text += tradeoff_markdown(weighing.stakeholders, weighing.models, kModels);
  }
  if (has_measured(weighing.thresholds)) {
    text += tradeoff_markdown(weighing.stakeholders, weighing.thresholds, kThresholds);
  }
  return text;
}

std::string front_names(const Tradeoff& tradeoff, bool by_threshold) {
  std::vector<const Choice*> front;
  for (const Choice& one : tradeoff.choices) {
    if (one.on_front) front.push_back(&one);
  }
  std::stable_sort(front.begin(), front.end(),
                   [](const Choice* a, const Choice* b) { return a->compromise > b->compromise; });
  std::vector<std::string> names;
  names.reserve(front.size());
  for (const Choice* one : front) names.push_back(long_name(*one, by_threshold));
  return comma_list(names);
}

}  // namespace millgate
