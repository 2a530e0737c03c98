#include <arrow/api.h>
#include <gmock/gmock.h>

#include "data/personal/check_digit.h"
#include "data/personal/column_words.h"
#include "data/personal/personal_columns.h"
#include "data/personal/personal_form.h"
#include "data/personal/reidentification.h"
#include "data/table/test_table.h"

namespace millgate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Columns of texts.
struct Texts {
  std::vector<std::pair<std::string, std::vector<std::string>>> columns;

  [[nodiscard]] std::shared_ptr<arrow::Table> table() const {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const auto& [name, values] : columns) {
      arrow::StringBuilder builder;
      for (const std::string& value : values) {
        EXPECT_TRUE((value == "null" ? builder.AppendNull() : builder.Append(value)).ok());
      }
      fields.push_back(arrow::field(name, arrow::utf8()));
      arrays.push_back(builder.Finish().ValueOrDie());
    }
    return arrow::Table::Make(arrow::schema(fields), arrays);
  }
};

class PersonalTest : public testing::Test {
 protected:
  std::vector<PersonalColumn> found(const Texts& texts) {
    database_ = must(Database::open());
    rows_ = must(rows_of_table(*database_, texts.table(), "people"));
    return must(personal_columns(*database_, rows_));
  }
  std::string said(const Texts& texts) {
    std::string all;
    for (const PersonalColumn& one : found(texts)) {
      all += one.column + ": " + one.what + (one.within_texts ? " within" : "") + ", " +
             to_string(one.certainty) + ", " + std::to_string(one.match_count) + "; ";
    }
    return all;
  }

  std::unique_ptr<Database> database_;
  AskedRows rows_;
};

bool matches(std::string_view form_name, std::string_view value) {
  const auto forms = personal_forms();
  return std::any_of(forms.begin(), forms.end(), [&](const PersonalForm& form) {
    return form.chance < 1 && form.name.find(form_name) != std::string_view::npos &&
           form.matches(value);
  });
}

TEST(CheckDigit, OfPublishedExamples) {
  EXPECT_TRUE(passes_luhn("79927398713"));
  EXPECT_FALSE(passes_luhn("79927398710"));
  EXPECT_TRUE(passes_verhoeff("2363"));
  EXPECT_FALSE(passes_verhoeff("2336"));
  EXPECT_TRUE(passes_mod_11_10("36574261809"));
  EXPECT_FALSE(passes_mod_11_10("36574261890"));
  EXPECT_EQ(remainder_of("98765432109876543210987654321", 97), 4);
  for (const char* none : {"", "12a4", "-1"}) {
    EXPECT_FALSE(passes_luhn(none));
    EXPECT_EQ(remainder_of(none, 97), -1);
  }
}

TEST(PersonalForm, IsToldByItsForm) {
  for (const char* mail : {"ada@example.org", "a.b+c@mail.example.co.uk", "jörg@bücher.de"}) {
    EXPECT_TRUE(matches("mail", mail)) << mail;
  }
  for (const char* none : {"ada@example", "@example.org", "a..b@example.org", "a b@example.org",
                           "ada@-example.org", "a@b@example.org", "ada@1.2"}) {
    EXPECT_FALSE(matches("mail", none)) << none;
  }
  for (const char* phone : {"+49 30 901820", "+1 (212) 555-0100", "+442079460000"}) {
    EXPECT_TRUE(matches("telephone", phone)) << phone;
  }
  for (const char* none : {"+0 123 456 789", "+1234567", "+1234567890123456", "+49--30 901820",
                           "030 901820", "+49 30 9018 twenty"}) {
    EXPECT_FALSE(matches("telephone", none)) << none;
  }
  EXPECT_TRUE(matches("IBAN", "DE89 3704 0044 0532 0130 00"));
  EXPECT_FALSE(matches("IBAN", "DE88 3704 0044 0532 0130 00"));
  for (const char* card : {"4111 1111 1111 1111", "5555555555554444", "378282246310005",
                           "6011111111111117", "3530111333300000", "30569309025904"}) {
    EXPECT_TRUE(matches("card", card)) << card;
  }
  for (const char* none : {"4111 1111 1111 1112", "1111111111111117", "411111111111"}) {
    EXPECT_FALSE(matches("card", none)) << none;
  }
  for (const char* address : {"192.0.2.7", "2001:db8::8a2e:370:7334", "2001:db8:0:0:1:0:0:1"}) {
    EXPECT_TRUE(matches("IP", address)) << address;
  }
  for (const char* none : {"192.0.2", "192.0.2.256", "192.0.02.1", "12:30:45", "a::b", "::"}) {
    EXPECT_FALSE(matches("IP", none)) << none;
  }
  EXPECT_TRUE(matches("MAC", "00:1A:2b:3c:4D:5e"));
  EXPECT_FALSE(matches("MAC", "00:1A-2b:3c:4D:5e"));
  EXPECT_TRUE(matches("coordinates", "52.5163, -13.3777"));
  EXPECT_FALSE(matches("coordinates", "52.5, 13.4"));
  EXPECT_FALSE(matches("coordinates", "95.5163, 13.3777"));
}

/// Of the documentation of python-stdnum; tests/personal compares random ones with it.
TEST(PersonalForm, OfNationalNumbersIsToldByTheirRules) {
  EXPECT_TRUE(matches("Belgium", "85.07.30-033.28"));
  EXPECT_TRUE(matches("Belgium", "17 07 30 033 84"));
  EXPECT_FALSE(matches("Belgium", "85.07.30-033.29"));
  EXPECT_TRUE(matches("Norway", "151086 95088"));
  EXPECT_FALSE(matches("Norway", "15108695077"));
  EXPECT_TRUE(matches("Finland", "131052-308T"));
  EXPECT_TRUE(matches("Finland", "131052A308T"));
  EXPECT_FALSE(matches("Finland", "131052-308U"));
  EXPECT_TRUE(matches("France", "2 95 10 99 126 111 93"));
  EXPECT_FALSE(matches("France", "295109912611199"));
  EXPECT_TRUE(matches("Netherlands", "111222333"));
  EXPECT_TRUE(matches("Netherlands", "105000000"));
  EXPECT_FALSE(matches("Netherlands", "000000000"));
  EXPECT_TRUE(matches("Switzerland", "756.9217.0769.85"));
  EXPECT_FALSE(matches("Switzerland", "756.9217.0769.84"));
}

TEST(PersonalForm, IsFoundWithinTexts) {
  const auto names = [](std::string_view text) {
    std::vector<std::string> found;
    for (const PersonalForm* form : forms_within(text)) found.emplace_back(form->name);
    return found;
  };
  EXPECT_THAT(names("please write to <ada@example.org>, or call (+49 30 901820)."),
              ElementsAre("mail address", "telephone number"));
  EXPECT_THAT(names("paid by DE89370400440532013000."), ElementsAre("bank account (IBAN)"));
  EXPECT_THAT(names("up +12 % and 3+4, version 1.2.3.4 at 10:20:30"), IsEmpty());
  EXPECT_THAT(names(""), IsEmpty());
}

TEST(PersonalForm, IsMasked) {
  EXPECT_EQ(masked("ada.lovelace@example.org"), "a**.l*******@e******.o**");
  EXPECT_EQ(masked("+49 30 901820"), "+** ** 9*****");
  EXPECT_EQ(masked("Jörg"), "J****");
  EXPECT_THAT(masked(std::string(100, 'x')), SizeIs(43));
}

TEST(ColumnWords, AreSplitAsPeopleWriteThem) {
  EXPECT_THAT(words_of_name("customerFirst_name2"), ElementsAre("customer", "first", "name"));
  EXPECT_THAT(words_of_name("DOB"), ElementsAre("dob"));
  EXPECT_THAT(words_of_name("IPAddress"), ElementsAre("ip", "address"));
  EXPECT_THAT(words_of_name("__1"), IsEmpty());
}

TEST_F(PersonalTest, OneMailAddressIsProof) {
  EXPECT_EQ(said({{{"note", {"call back", "ask ada@example.org today", "null", "done"}},
                   {"who", {"ada@example.org", "x", "y", "bob@example.org"}}}}),
            "note: mail address within, certain, 1; who: mail address, certain, 2; ");
  ASSERT_THAT(found({{{"who", {"x", "null", "bob@example.org"}}}}), SizeIs(1));
  const PersonalColumn one = found({{{"who", {"x", "null", "bob@example.org"}}}})[0];
  EXPECT_EQ(one.value_count, 2);
  ASSERT_THAT(one.examples, SizeIs(1));
  EXPECT_EQ(one.examples[0].row, 3);
  EXPECT_EQ(one.examples[0].text, "b**@e******.o**");
}

TEST_F(PersonalTest, CheckDigitsProveOnlyTogether) {
  // 9-digit numbers that pass the proof by eleven and Luhn: alone they are chance.
  const std::vector<std::string> valid = {"111222333", "123456782", "100000009", "999999990"};
  EXPECT_EQ(said({{{"code", {"111222333"}}}}), "");
  EXPECT_EQ(said({{{"bsn", {"111222333"}}}}), "");
  std::vector<std::string> many;
  for (int i = 100'000'000; many.size() < 30; i += 7'919) {
    const std::string text = std::to_string(i);
    int sum = -(text[8] - '0');
    for (size_t at = 0; at < 8; ++at) sum += (text[at] - '0') * (9 - static_cast<int>(at));
    if (sum % 11 == 0) many.push_back(text);
  }
  EXPECT_EQ(said({{{"code", many}}}),
            "code: national number of the Netherlands (BSN), certain, 30; ");
  // Three of them by chance: one in a thousand; a column that says it is believed.
  many.resize(3);
  EXPECT_EQ(said({{{"code", many}}}), "");
  EXPECT_EQ(said({{{"bsn", many}}}), "bsn: national number of the Netherlands (BSN), likely, 3; ");
}

TEST_F(PersonalTest, NamesOfColumnsCountWhenTheValuesLookLikeIt) {
  EXPECT_EQ(said({{{"first_name", {"Ada", "Grace"}},
                   {"name", {"Ada Lovelace", "table lamp"}},
                   {"birthdate", {"1915-12-10", "1906-12-09"}},
                   {"zip", {"10115", "SW1A 1AA"}},
                   {"diagnosis", {"J45", "none"}},
                   {"phone", {"030 901820", "901820"}},
                   {"carrier_name", {"17", "18"}},
                   {"age", {"many", "few"}},
                   {"message", {"hello", "good bye"}}}}),
            "first_name: name of a person, likely, 2; name: name of a person, possible, 2; "
            "birthdate: date of birth, likely, 2; zip: postcode, likely, 2; "
            "diagnosis: health, likely, 2; phone: telephone number, likely, 2; ");
}

TEST_F(PersonalTest, ListsAndStructuresAreLookedInto) {
  database_ = must(Database::open());
  ASSERT_TRUE(database_
                  ->execute("create table deep as select ['x', 'ada@example.org'] as names, "
                            "{'place': {'mail': 'bob@example.org'}} as first_name, "
                            "'ada@example.org'::blob as bytes")
                  .ok());
  rows_ = must(rows_of_table(*database_, must(database_->query("from deep")), "deep"));
  std::string all;
  for (const PersonalColumn& one : must(personal_columns(*database_, rows_))) {
    all += one.column + ": " + one.what + (one.within_texts ? " within; " : "; ");
  }
  EXPECT_EQ(all, "names: mail address within; first_name: mail address within; ");
}

TEST_F(PersonalTest, OfNoRowsNothingIsSaid) {
  EXPECT_EQ(said({{{"mail", {}}, {"name", {}}}}), "");
  EXPECT_EQ(said({{{"mail", {"null", "null"}}, {"name", {"null", "null"}}}}), "");
}

TEST_F(PersonalTest, ClassesAreCounted) {
  (void)found({{{"town", {"a", "a", "a", "b", "b", "null"}},
                {"sex", {"f", "f", "f", "m", "m", "m"}},
                {"illness", {"flu", "flu", "null", "cold", "cold", "flu"}}}});
  const Reidentification risk =
      must(reidentification(*database_, rows_, {"town", "sex"}, {"illness"}));
  EXPECT_EQ(risk.all.class_count, 3);
  EXPECT_EQ(risk.all.k, 1);
  EXPECT_EQ(risk.all.unique_row_count, 1);
  EXPECT_EQ(risk.all.row_count_below_5, 6);
  ASSERT_THAT(risk.without, SizeIs(2));
  EXPECT_EQ(risk.without[0].k, 3);
  EXPECT_EQ(risk.without[1].k, 1);
  EXPECT_EQ(risk.sensitive[0].l, 1);
  EXPECT_EQ(risk.sensitive[0].row_count_told, 3);

  const auto nearest = reidentification(*database_, rows_, {"towm"}, {});
  EXPECT_THAT(nearest.error().what, HasSubstr("no column `towm`"));
  EXPECT_THAT(nearest.error().hint, HasSubstr("town"));
  EXPECT_FALSE(reidentification(*database_, rows_, {}, {}).ok());
  (void)found({{{"town", {}}}});
  EXPECT_EQ(must(reidentification(*database_, rows_, {"town"}, {})).all.k, 0);
}

}  // namespace
}  // namespace millgate
