#include "system/report/html.h"

#include "system/report/style.h"

namespace millgate {

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        const bool forbidden = (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
        if (forbidden) {
          out += "&#xFFFD;";
        } else {
          out += c;
        }
      }
    }
  }
  return out;
}

std::string element(std::string_view tag, std::string_view text, std::string_view css_class) {
  std::string out = "<" + std::string(tag);
  if (!css_class.empty()) out += " class=\"" + escape_html(css_class) + "\"";
  return out + ">" + escape_html(text) + "</" + std::string(tag) + ">";
}

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

std::string html_page(std::string_view title, std::string_view body) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"generator\" content=\"millgate\">\n"
      // Nothing is loaded and nothing runs, whatever a name in the data may try.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\">\n";
  out += element("title", title) + "\n<style>\n";
  out += kReportStyle;
  out += "</style>\n</head>\n<body>\n<main>\n";
  out += body;
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace millgate
