#include "system/pipeline/model_about.h"

#include <algorithm>
#include <array>

namespace millgate {

namespace {

constexpr std::array kModelQuestions = {
    ModelQuestion{"provider", "Provider", "who answers for the model: name and address", "legal"},
    ModelQuestion{"contact", "Contact", "whom to ask", "owner of the product"},
    ModelQuestion{"licence", "Licence",
                  "under which terms the model may be used; best an SPDX name such as Apache-2.0",
                  "legal"},
    ModelQuestion{"uses", "Meant for", "what it is meant for, and whom its answers concern",
                  "owner of the product"},
    ModelQuestion{"not_for", "Not for", "what it must not be used for", "owner of the product"},
    ModelQuestion{"users", "Users",
                  "who works with its answers, and where they are told how (instructions for use)",
                  "owner of the product"},
    ModelQuestion{"oversight", "Human oversight",
                  "who may overrule or stop it, how, and what shows them when to", "operations"},
    ModelQuestion{"risks", "Risks",
                  "what may go wrong for people: health, safety, rights, discrimination", "risk"},
    ModelQuestion{"interaction", "Other systems",
                  "which other hardware, software and AI systems it works with", "engineering",
                  false},
    ModelQuestion{"delivery", "Delivery",
                  "in which forms it is put into service: package, image, device, interface",
                  "engineering", false},
    ModelQuestion{"hardware", "Hardware", "on what it is meant to run", "engineering", false},
    ModelQuestion{"product", "Product",
                  "of which product it is a part, and where pictures of it are; or that it is none",
                  "owner of the product", false},
    ModelQuestion{"interface", "User interface", "what people see and do where its answers appear",
                  "owner of the product", false},
    ModelQuestion{"design", "Design choices",
                  "why these inputs, this label and this learner; which trade-offs were made",
                  "data science", false},
    ModelQuestion{"changes", "Planned changes",
                  "which changes are decided beforehand, such as retraining, and what keeps it in "
                  "order then",
                  "data science", false},
    ModelQuestion{"security", "Security", "what protects it, its data and its logs", "operations",
                  false},
    ModelQuestion{"metrics_why", "Why these metrics",
                  "why the metrics of the requirements fit what it is meant for", "data science",
                  false},
    ModelQuestion{"risk_management", "Risk management",
                  "how risks are found, judged and lowered over its life; where that is written",
                  "risk", false},
    ModelQuestion{"standards", "Standards",
                  "harmonised standards and other specifications that were applied", "legal",
                  false},
    ModelQuestion{"declaration", "Declaration", "where the EU declaration of conformity is",
                  "legal", false},
    ModelQuestion{"monitoring", "After release",
                  "who watches it, how often, and what they do about an alarm: the plan",
                  "operations", false},
};

}  // namespace

std::span<const ModelQuestion> model_questions() { return kModelQuestions; }

const ModelQuestion& model_question(std::string_view member) {
  return *std::find_if(kModelQuestions.begin(), kModelQuestions.end(),
                       [&](const ModelQuestion& one) { return member == one.member; });
}

std::string ModelAbout::answer(const std::string& member) const {
  const auto found = answers.find(member);
  return found == answers.end() ? std::string() : found->second;
}

std::vector<ModelQuestion> ModelAbout::unanswered() const {
  std::vector<ModelQuestion> open;
  for (const ModelQuestion& one : kModelQuestions) {
    if (one.is_common && !answers.contains(one.member)) open.push_back(one);
  }
  return open;
}

Result<ModelAbout> read_model_about(Section& root) {
  ModelAbout about;
  MILLGATE_ASSIGN(Section section, root.section("model"));
  for (const ModelQuestion& one : kModelQuestions) {
    MILLGATE_ASSIGN(const std::string text, section.text_or(one.member, ""));
    if (!text.empty()) about.answers[one.member] = text;
  }
  MILLGATE_TRY(section.finish());
  return about;
}

}  // namespace millgate
