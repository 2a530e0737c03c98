/// A drawing of lines, marks and words, written as inline SVG.
#pragma once

#include <string>
#include <string_view>

namespace millgate {

/// A place on the drawing in its own units; x to the right, y down.
struct Point {
  double x = 0;
  double y = 0;
};

/// Where a text lies about its point.
enum class Anchor { start, middle, end };

/// Collects shapes. Colours come from CSS classes of the page (style.h). All text is escaped.
/// Not finite places are left out, so that a drawing can never be broken by a number.
class Drawing {
 public:
  /// `label` is read aloud in place of the picture.
  Drawing(double width, double height, std::string_view label);

  void line(Point from, Point to, std::string_view css_class);
  void circle(Point centre, double radius, std::string_view css_class, std::string_view title = {});
  void rectangle(Point corner, double width, double height, std::string_view css_class,
                 std::string_view title = {});
  void text(Point at, std::string_view text, std::string_view css_class = {},
            Anchor anchor = Anchor::start);
  /// A broken line: where a point is not finite, a new piece begins.
  void path(const std::string& commands, std::string_view css_class);

  [[nodiscard]] std::string svg() const;

 private:
  std::string head_;
  std::string shapes_;
};

/// A number of the data to a place on the drawing, linear.
struct Scale {
  double from = 0;
  double to = 1;
  double start = 0;  ///< Where `from` lies.
  double end = 1;    ///< Where `to` lies.
  [[nodiscard]] double operator()(double value) const;
  /// Round numbers inside, at most about `count`: 1, 2 or 5 times a power of ten apart.
  [[nodiscard]] double step(int count) const;
};

/// "12.5": a coordinate with at most two decimals.
[[nodiscard]] std::string coordinate(double value);

}  // namespace millgate
