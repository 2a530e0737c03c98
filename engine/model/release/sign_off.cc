#include "model/release/sign_off.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "ground/json.h"
#include "ground/nearest_name.h"
#include "ground/plain_name.h"
#include "model/release/refusal.h"
#include "model/release/ssh_signature.h"

namespace millgate {

namespace {

constexpr const char* kSignOffKind = "sign_off";
/// Keeps a signature over something else, such as a commit of git, from being taken for one.
constexpr const char* kNamespace = "millgate-sign-off";

bool contains(const std::vector<std::string>& list, const std::string& one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

std::string joined(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

Result<SignOffRule> read_rule(Section section, const std::vector<Environment>& environments,
                              const std::vector<SignOffRule>& earlier) {
  SignOffRule rule;
  MILLGATE_ASSIGN(rule.role, section.text("role"));
  if (!is_plain_name(rule.role)) {
    return section.error_at("role", "`" + rule.role + "` cannot be a role",
                            "use letters, digits and `_`, beginning with a letter");
  }
  MILLGATE_ASSIGN(rule.by, section.texts("by"));
  if (rule.by.empty()) {
    return section.error_at("by", "nobody may sign for `" + rule.role + "`",
                            "add `by = \"ada@example.org\"`, as the allowed signers name her");
  }
  for (const std::string& principal : rule.by) {
    // Such a name would be a pattern, or a line of its own in what is signed.
    if (principal.find_first_of("*?!,\" \t\r\n") == std::string::npos && !principal.empty())
      continue;
    return section.error_at("by", "`" + principal + "` is no name of one person",
                            "write it as the allowed signers name that person");
  }
  MILLGATE_ASSIGN(const std::string environment, section.text_or("environment", ""));
  const auto found = find_environment(environments, environment);
  if (!found.ok()) {
    return section.error_at("environment", found.error().what, found.error().hint);
  }
  if (found->open) {
    return section.error_at("environment",
                            "environment `" + environment + "` is open and asks for no sign-off",
                            "remove `open` there, or the sign-off");
  }
  rule.environment = found->key;
  for (const SignOffRule& other : earlier) {
    if (other.role != rule.role || other.environment != rule.environment) continue;
    return section.error_at("role", "sign-off `" + rule.role + "` is there twice",
                            "name all who may sign in one list");
  }
  MILLGATE_TRY(section.finish());
  return rule;
}

/// Whether ssh-keygen holds `signature` for one of `principal` over `statement`.
Result<bool> verifies(const SignOffRules& rules, const std::string& principal,
                      const std::string& statement, const std::string& signature) {
  return is_signed_by({statement, kNamespace}, signature, rules.signers_path, principal);
}

Result<SignOff> sign_off_from_event(const Event& event) {
  const std::string object = "event " + std::to_string(event.number) + " (sign_off)";
  SignOff one;
  one.since = event.time;
  MILLGATE_ASSIGN(const Json body, parse_json(event.body, object));
  MILLGATE_ASSIGN(one.role, json_member<std::string>(body, "role", object));
  MILLGATE_ASSIGN(one.principal, json_member<std::string>(body, "principal", object));
  MILLGATE_ASSIGN(one.signature, json_member<std::string>(body, "signature", object));
  return one;
}

/// Who signed for `rule` with a signature that verifies; empty: nobody.
Result<std::string> signed_by(const SignOffRules& rules, const SignOffRule& rule,
                              const Verdict& verdict, const std::vector<SignOff>& given) {
  const std::string statement = sign_off_statement(rules, rule, verdict);
  for (const SignOff& one : given) {
    if (one.role != rule.role || !contains(rule.by, one.principal)) continue;
    MILLGATE_ASSIGN(const bool is_right, verifies(rules, one.principal, statement, one.signature));
    if (is_right) return one.principal;
  }
  return std::string();
}

}  // namespace

std::vector<SignOffRule> SignOffRules::of(std::string_view environment) const {
  std::vector<SignOffRule> found;
  for (const SignOffRule& rule : rules) {
    if (rule.environment == environment) found.push_back(rule);
  }
  return found;
}

Result<SignOffRules> read_sign_offs(Section& root, const std::vector<Environment>& environments,
                                    const std::string& folder) {
  SignOffRules rules;
  MILLGATE_ASSIGN(Section project, root.section("project"));
  MILLGATE_ASSIGN(rules.project, project.text_or("name", ""));
  MILLGATE_ASSIGN(Section gate, root.section("gate"));
  MILLGATE_ASSIGN(const std::string path, gate.text_or("allowed_signers", "allowed_signers"));
  rules.signers_path = (std::filesystem::path(folder) / path).lexically_normal().string();
  MILLGATE_ASSIGN(const std::vector<Section> sections, root.sections("sign_off"));
  for (const Section& section : sections) {
    MILLGATE_ASSIGN(SignOffRule rule, read_rule(section, environments, rules.rules));
    rules.rules.push_back(std::move(rule));
  }
  return rules;
}

std::string sign_off_statement(const SignOffRules& rules, const SignOffRule& rule,
                               const Verdict& verdict) {
  return "millgate sign-off 1\nproject: " + Json(rules.project).dump() + "\nrole: " + rule.role +
         "\nenvironment: " + rule.environment + "\nmodel: " + verdict.model().hex() +
         "\nverdict: " + verdict.event().id.hex() + "\n";
}

Result<std::string> sign_statement(const std::string& statement, const std::string& key) {
  return sign_with_key({statement, kNamespace}, key);
}

Result<std::string> signer_of(const SignOffRules& rules, const SignOffRule& rule,
                              const Verdict& verdict, const std::string& signature) {
  MILLGATE_TRY(check_signers_file(rules.signers_path));
  const std::string statement = sign_off_statement(rules, rule, verdict);
  for (const std::string& principal : rule.by) {
    MILLGATE_ASSIGN(const bool is_right, verifies(rules, principal, statement, signature));
    if (is_right) return principal;
  }
  return refused(
      "sign-off `" + rule.role + "` of model " + verdict.model().brief() +
          ": the signature is of nobody who may sign, or not over verdict " + verdict.name(),
      "may sign: " + joined(rule.by, ", ") + "; their keys stand in `" + rules.signers_path + "`");
}

Result<SignOff> record_sign_off(Ledger& ledger, const SignOffRules& rules, const SignOffRule& rule,
                                const Verdict& verdict, const std::string& signature,
                                const std::string& author) {
  const std::string object = "sign-off `" + rule.role + "` of model " + verdict.model().brief();
  if (!verdict.passed()) {
    return refused(object + ": verdict " + verdict.name() + " refused the model",
                   "train a better model; there is nothing to sign");
  }
  MILLGATE_ASSIGN(const std::string principal, signer_of(rules, rule, verdict, signature));
  const auto still_right = [&](const Ledger& inside) -> Status {
    MILLGATE_ASSIGN(const std::optional<Verdict> newest,
                    find_verdict(inside, verdict.model(), verdict.environment()));
    if (!newest || newest->event().id != verdict.event().id) {
      return refused(object + ": a newer verdict came", "look at it, and sign that");
    }
    MILLGATE_ASSIGN(const std::vector<SignOff> given, sign_offs(inside, verdict));
    const bool is_there = std::any_of(given.begin(), given.end(), [&](const SignOff& one) {
      return one.role == rule.role && one.principal == principal;
    });
    if (!is_there) return {};
    return conflict(object + ": `" + principal + "` has signed it", "nothing is to be done");
  };
  const Json body = {{"role", rule.role},
                     {"principal", principal},
                     {"environment", rule.environment},
                     {"verdict", verdict.event().id.hex()},
                     {"signature", signature}};
  MILLGATE_ASSIGN(const Event event, ledger.append({.kind = kSignOffKind,
                                                    .subject = verdict.model().hex(),
                                                    .author = author,
                                                    .body = dump_json(body)},
                                                   still_right));
  return sign_off_from_event(event);
}

Result<std::vector<SignOff>> sign_offs(const Ledger& ledger, const Verdict& verdict) {
  MILLGATE_ASSIGN(const std::vector<Event> events,
                  ledger.events(0, kSignOffKind, verdict.model().hex()));
  std::vector<SignOff> found;
  for (const Event& event : events) {
    MILLGATE_ASSIGN(const Json body, parse_json(event.body, "a sign-off"));
    if (body.value("verdict", std::string()) != verdict.event().id.hex()) continue;
    MILLGATE_ASSIGN(SignOff one, sign_off_from_event(event));
    found.push_back(std::move(one));
  }
  return found;
}

Status check_signed(const Ledger& ledger, const SignOffRules& rules, const Verdict& verdict) {
  const std::vector<SignOffRule> asked = rules.of(verdict.environment());
  if (asked.empty()) return {};
  MILLGATE_TRY(check_signers_file(rules.signers_path));
  MILLGATE_ASSIGN(const std::vector<SignOff> given, sign_offs(ledger, verdict));
  std::vector<std::string> missing;
  for (const SignOffRule& rule : asked) {
    MILLGATE_ASSIGN(const std::string who, signed_by(rules, rule, verdict, given));
    if (who.empty()) missing.push_back("`" + rule.role + "` (" + joined(rule.by, " or ") + ")");
  }
  if (missing.empty()) return {};
  return refused("release of model " + verdict.model().brief() + ": verdict " + verdict.name() +
                     " is not signed for " + joined(missing, ", "),
                 "`millgate sign " + verdict.model().brief() + " --key FILE` signs it");
}

}  // namespace millgate
