#include "system/report/verify_document.h"

#include <gmock/gmock.h>

#include "ground/random.h"

namespace millgate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kCard =
    "# Card\n\nAUC is 0.744 over 158 rows.\n\n| metric | value |\n|---|---:|\n| auc | 0.744 |\n"
    "| recall | 0.484 |\n\n- It learned from 2025.\n- It has 3 limits.\n\nThe end of 7 parts.\n";

DocumentTopic topic_of(DocumentForm form) {
  return {.kind = DocumentKind::model_card,
          .form = form,
          .model = hash_of("model"),
          .table = {},
          .commit = {},
          .made = Time{1'700'000'000'000'000}};
}

std::string sealed_card(const std::string& text, DocumentForm form = DocumentForm::markdown) {
  return sealed(text, topic_of(form), {{"run", "ab"}});
}

DocumentCheck checked(const std::string& document, const std::string& expected) {
  const Seal seal = read_seal(document).value();
  return compare_document(document, seal, words_of(expected, seal.topic.form).value()).value();
}

/// "fault line: document -> evidence" of each finding.
std::vector<std::string> found(const std::string& document, const std::string& expected = kCard) {
  std::vector<std::string> lines;
  for (const DocumentFinding& one : checked(document, expected).findings) {
    lines.push_back(std::string(to_text(one.fault)) + " " + std::to_string(one.line) + ": " +
                    one.document + " -> " + one.evidence);
  }
  return lines;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Seal, TellsWhatItWasMadeFrom) {
  DocumentTopic topic = topic_of(DocumentForm::html);
  topic.kind = DocumentKind::datasheet;
  topic.table = "a --> table, 50 %";
  topic.model = {};
  topic.commit = hash_of("commit");
  const std::string text = sealed("<p>1</p>\n", topic, {{"project file", "cd"}});
  ASSERT_TRUE(has_seal(text));
  const Seal seal = read_seal(text).value();
  EXPECT_EQ(seal.topic.table, topic.table);
  EXPECT_EQ(seal.topic.commit, topic.commit);
  EXPECT_EQ(seal.topic.made, topic.made);
  EXPECT_EQ(seal.evidence.at("project file"), "cd");
  EXPECT_THAT(seal.lines, SizeIs(1));
}

TEST(Seal, ThatIsNotThereOrBroken) {
  EXPECT_THAT(read_seal("# Card\n").error().what, HasSubstr("no seal"));
  EXPECT_THAT(read_seal("{\"a\": 1}").error().what, HasSubstr("no seal"));
  const std::string text = sealed_card(kCard);
  EXPECT_THAT(read_seal(text.substr(0, text.size() - 5)).error().what, HasSubstr("cut off"));
  EXPECT_THAT(read_seal(replaced(text, "format=1", "format=2")).error().what, HasSubstr("`2`"));
  EXPECT_THAT(read_seal(replaced(text, "form=markdown", "form=pdf")).error().what,
              HasSubstr("`pdf`"));
  EXPECT_THAT(read_seal(replaced(text, "model=", "model=x")).error().what, HasSubstr("seal"));
}

TEST(VerifyDocument, FiguresAndWordsThatWereAltered) {
  const std::string card = sealed_card(kCard);
  EXPECT_THAT(found(card), IsEmpty());
  EXPECT_THAT(found(replaced(card, "| auc | 0.744", "| auc | 0.844")),
              ElementsAre("altered 7: 0.844 -> 0.744"));
  EXPECT_THAT(found(replaced(card, "AUC is", "AUC is about")), ElementsAre("altered 3: about -> "));
  EXPECT_THAT(found(replaced(card, "over 158 rows", "rows")),
              ElementsAre("altered 3:  -> over 158"));
  EXPECT_THAT(found(replaced(card, "| recall | 0.484 |\n", "")),
              ElementsAre("altered 7:  -> | recall | 0.484 |"))
      << "what was taken out was there when it was sealed";
}

TEST(VerifyDocument, WhatTheEvidenceSaysNow) {
  const std::string card = sealed_card(kCard);
  EXPECT_THAT(found(card, replaced(kCard, "0.484", "0.491")),
              ElementsAre("stale 8: 0.484 -> 0.491"));
  EXPECT_THAT(found(card, replaced(kCard, "- It has 3 limits.\n", "")),
              ElementsAre("stale 11: - It has 3 limits. -> "));
  EXPECT_THAT(found(card, replaced(kCard, "- It has", "- A new one, 55.\n- It has")),
              ElementsAre("missing 10:  -> - A new one, 55."));
  EXPECT_THAT(found(replaced(card, "0.484", "0.584"), replaced(kCard, "0.484", "0.491")),
              ElementsAre("altered 8: 0.584 -> 0.491"));
  EXPECT_THAT(found(replaced(card, "0.484", "0.491"), replaced(kCard, "0.484", "0.491")), IsEmpty())
      << "mended by hand";
}

TEST(VerifyDocument, LinesThatAreWrappedOtherwise) {
  const std::string card = sealed_card(kCard);
  std::string wrapped = replaced(card, "AUC is 0.744 over", "AUC is\r\n  0.744\r\n over");
  wrapped = replaced(wrapped, "| auc | 0.744 |", "| auc    |  0.744 |");
  wrapped = replaced(wrapped, "|---|---:|", "| ------ | ---: |");
  EXPECT_THAT(found(wrapped), IsEmpty());
  EXPECT_THAT(found(replaced(wrapped, "0.744\r\n", "0.745\r\n")),
              ElementsAre("altered 4: 0.745 -> 0.744"));
  std::string one_line;
  for (const char c : card.substr(0, card.find(kSealBegin))) one_line += c == '\n' ? ' ' : c;
  EXPECT_THAT(found(one_line + card.substr(card.find(kSealBegin))), IsEmpty());
}

TEST(VerifyDocument, ProseOfPeopleIsFreeButRowsAreNot) {
  const std::string card = sealed_card(kCard);
  const std::string prose = replaced(card, "- It learned", "We find 99 % good.\n\n- It learned");
  EXPECT_THAT(found(prose), IsEmpty());
  EXPECT_EQ(checked(prose, kCard).prose_count, 5);
  EXPECT_EQ(first_line_of_people(prose).value(), 10);
  EXPECT_EQ(first_line_of_people(card).value(), 0);
  EXPECT_THAT(found(replaced(card, "The end of 7 parts.", "Nothing else.")),
              ElementsAre("altered 13: Nothing else. -> The end of 7 parts."));
  EXPECT_THAT(found(replaced(card, "| recall", "| f1 | 0.999 |\n| recall")),
              ElementsAre("added 8: | f1 | 0.999 | -> "));
  EXPECT_THAT(found(replaced(card, "The end", "| mine | too |\n|---|---|\n| 1 | 2 |\n\nThe end")),
              IsEmpty())
      << "a table of their own";
}

TEST(VerifyDocument, NotesAreKept) {
  const std::string card = sealed_card(kCard + notes_place());
  EXPECT_EQ(notes_of(card), "\n");
  const std::string noted = with_notes(card, "\nSeen by Ada, 5 of 5.\n");
  EXPECT_THAT(found(noted), IsEmpty());
  EXPECT_EQ(first_line_of_people(noted).value(), 0);
  EXPECT_EQ(notes_of(noted), "\nSeen by Ada, 5 of 5.\n");
}

TEST(VerifyDocument, ValuesOfJson) {
  const std::string card =
      sealed_card(R"({"auc": 0.5, "rows": [1, 2.0, {"n": 100}], "none": [], "text": "7 \n of"})",
                  DocumentForm::json);
  const std::string now = card;
  EXPECT_THAT(found(card, now), IsEmpty());
  EXPECT_THAT(found(replaced(card, "0.5", "0.50"), now), IsEmpty());
  EXPECT_THAT(found(replaced(card, "100", "101"), now), ElementsAre("altered 7: 101 -> 100"));
  EXPECT_THAT(found(replaced(card, "[]", "[1]"), now),
              ElementsAre("altered 2:  -> /none []", "added 10: /none/0 1 -> "));
  EXPECT_THAT(found(replaced(card, "\"auc\"", "\"notes\": {\"by\": 5}, \"f1\": 1, \"auc\""), now),
              ElementsAre("added 2: /f1 1 -> "));
  EXPECT_THAT(compare_document("{\"a\": 1,\n}", *read_seal(card), {}).error().what,
              HasSubstr("line 2"));
}

/// Any one word of a long document is found where it stands, with what stood there.
TEST(VerifyDocument, EachWordOfALongDocument) {
  Random random(11);
  std::string text;
  std::vector<std::pair<size_t, int64_t>> places;  // Of a word, and its line.
  for (int64_t line = 1; line <= 150; ++line) {
    const auto count = 1 + random.below(9);
    for (uint64_t i = 0; i < count; ++i) {
      places.emplace_back(text.size(), line);
      text += std::to_string(random.below(30)) + (i + 1 < count ? " " : "\n");
    }
  }
  const std::string card = sealed_card(text);
  ASSERT_THAT(found(card, text), IsEmpty());
  for (const auto& [at, line] : places) {
    std::string altered = card;
    altered.insert(at, "4");
    const DocumentCheck check = checked(altered, text);
    ASSERT_THAT(check.findings, SizeIs(1)) << "line " << line;
    EXPECT_EQ(check.findings[0].fault, DocumentFault::altered);
    EXPECT_EQ(check.findings[0].line, line);
  }
}

}  // namespace
}  // namespace millgate
