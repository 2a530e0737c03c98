#include "app/command.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "app/session.h"
#include "ground/shortest_text.h"

namespace millgate {

namespace {

/// Refuses numbers that are not `right`: "`-1` is below 0". What is no number is refused later.
CLI::Validator number_that(const std::string& fault, const std::function<bool(double)>& right) {
  return CLI::Validator(
      [=](const std::string& text) -> std::string {
        double value = 0;
        if (!CLI::detail::lexical_cast(text, value) || right(value)) return {};
        return "`" + text + "` " + fault;
      },
      "");
}

}  // namespace

Parameter Parameter::required() {
  option_->required();
  return *this;
}

Parameter Parameter::shows_default() {
  option_->capture_default_str();
  return *this;
}

Parameter Parameter::not_negative() {
  option_->check(number_that("is below 0", [](double value) { return value >= 0; }));
  return *this;
}

Parameter Parameter::positive() {
  option_->check(number_that("is not above 0", [](double value) { return value > 0; }));
  return *this;
}

Parameter Parameter::between(double low, double high) {
  const std::string fault = "is not between " + shortest_text(low) + " and " + shortest_text(high);
  option_->check(number_that(fault, [=](double value) { return low <= value && value <= high; }));
  return *this;
}

Parameter Parameter::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

Parameter Parameter::needs(const Parameter& other) {
  option_->needs(other.option_);
  return *this;
}

Parameter Parameter::one_at_a_time() {
  option_->allow_extra_args(false);
  return *this;
}

bool Parameter::given() const { return option_->count() > 0; }

Command Command::add_command(const std::string& name, const std::string& summary,
                             const std::string& example) const {
  CLI::App* command = app_->add_subcommand(name, summary);
  command->group(group_);
  command->footer("Example:\n  " + example);
  return {*command, *session_};
}

Command Command::in_group(const std::string& title) const {
  Command grouped = *this;
  grouped.group_ = title;
  return grouped;
}

void Command::requires_command() const { app_->require_subcommand(1); }

template <typename T>
Parameter Command::add_option(const std::string& names, T& value, const std::string& help) const {
  return Parameter(*app_->add_option(names, value, help));
}

template Parameter Command::add_option(const std::string&, std::string&, const std::string&) const;
template Parameter Command::add_option(const std::string&, std::vector<std::string>&,
                                       const std::string&) const;
template Parameter Command::add_option(const std::string&, int&, const std::string&) const;
template Parameter Command::add_option(const std::string&, uint16_t&, const std::string&) const;
template Parameter Command::add_option(const std::string&, int64_t&, const std::string&) const;
template Parameter Command::add_option(const std::string&, size_t&, const std::string&) const;
template Parameter Command::add_option(const std::string&, double&, const std::string&) const;

Parameter Command::add_flag(const std::string& names, bool& value, const std::string& help) const {
  return Parameter(*app_->add_flag(names, value, help));
}

void Command::does(std::function<Result<int>()> action) const {
  app_->callback([app = app_, session = session_, action = std::move(action)] {
    if (app->get_subcommands().empty()) session->action = action;
  });
}

}  // namespace millgate
