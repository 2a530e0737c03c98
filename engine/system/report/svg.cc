#include "system/report/svg.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "system/report/html.h"

namespace millgate {
namespace {

bool is_finite(Point point) { return std::isfinite(point.x) && std::isfinite(point.y); }

std::string title_element(std::string_view title) {
  return title.empty() ? std::string() : element("title", title);
}

std::string closing(std::string_view tag, std::string_view title) {
  if (title.empty()) return "/>";
  return ">" + title_element(title) + "</" + std::string(tag) + ">";
}

std::string class_of(std::string_view css_class) {
  return css_class.empty() ? std::string() : " class=\"" + escape_html(css_class) + "\"";
}

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + coordinate(value) + "\"";
}

}  // namespace

std::string coordinate(double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.2f", value);
  std::string text = buffer.data();
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

Drawing::Drawing(double width, double height, std::string_view label) {
  head_ = "<svg viewBox=\"0 0 " + coordinate(width) + " " + coordinate(height) +
          "\" style=\"max-width:" + coordinate(width) + "px\" role=\"img\" aria-label=\"" +
          escape_html(label) + "\" xmlns=\"http://www.w3.org/2000/svg\">";
}

void Drawing::line(Point from, Point to, std::string_view css_class) {
  if (!is_finite(from) || !is_finite(to)) return;
  shapes_ += "<line" + attribute("x1", from.x) + attribute("y1", from.y) + attribute("x2", to.x) +
             attribute("y2", to.y) + class_of(css_class) + "/>";
}

void Drawing::circle(Point centre, double radius, std::string_view css_class,
                     std::string_view title) {
  if (!is_finite(centre) || !std::isfinite(radius)) return;
  shapes_ += "<circle" + attribute("cx", centre.x) + attribute("cy", centre.y) +
             attribute("r", radius) + class_of(css_class) + closing("circle", title);
}

void Drawing::rectangle(Point corner, double width, double height, std::string_view css_class,
                        std::string_view title) {
  if (!is_finite(corner) || !(width >= 0) || !(height >= 0)) return;
  if (!std::isfinite(width) || !std::isfinite(height)) return;
  shapes_ += "<rect" + attribute("x", corner.x) + attribute("y", corner.y) +
             attribute("width", width) + attribute("height", height) + class_of(css_class) +
             closing("rect", title);
}

void Drawing::text(Point at, std::string_view text, std::string_view css_class, Anchor anchor) {
  if (!is_finite(at)) return;
  shapes_ += "<text" + attribute("x", at.x) + attribute("y", at.y) + class_of(css_class);
  if (anchor == Anchor::middle) shapes_ += " text-anchor=\"middle\"";
  if (anchor == Anchor::end) shapes_ += " text-anchor=\"end\"";
  shapes_ += ">" + escape_html(text) + "</text>";
}

void Drawing::path(const std::string& commands, std::string_view css_class) {
  if (commands.empty()) return;
  shapes_ += "<path d=\"" + escape_html(commands) + "\"" + class_of(css_class) + "/>";
}

std::string Drawing::svg() const { return head_ + shapes_ + "</svg>"; }

double Scale::operator()(double value) const {
  if (to == from) return (start + end) / 2;
  return start + (value - from) / (to - from) * (end - start);
}

double Scale::step(int count) const {
  const double raw = std::abs(to - from) / count;
  if (!(raw > 0) || !std::isfinite(raw)) return 1;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

}  // namespace millgate
