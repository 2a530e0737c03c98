#include "system/serve/page_head.h"

namespace millgate {

std::string page_head(std::string_view title) {
  std::string head = R"page(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';
  style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self';
  base-uri 'none'; form-action 'none'">
<title>)page";
  head += title;
  return head + "</title>\n<style>";
}

}  // namespace millgate
