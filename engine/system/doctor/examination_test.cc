#include "system/doctor/examination.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "data/git/git_program.h"
#include "ground/file_store.h"
#include "system/pipeline/test_pipeline.h"
#include "system/report/document.h"

namespace millgate {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kProject = R"([project]
name = "shop"
description = "Who leaves?"

[[source]]
name = "people"
path = "data/raw/people.csv"
key = ["id"]
)";

class ExaminationTest : public ::testing::Test {
 protected:
  ExaminationTest() {
    project_.write("millgate.toml", kProject);
    project_.write("data/raw/people.csv", "id,age\n1,30\n2,40\n");
    project_.write(".gitignore", "/.millgate/\n/data/\n");
    good(project_.commit());
  }

  void git(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {"-c", "user.name=Ada", "-c", "user.email=ada@example.org"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    good(ask_git(project_.path(), words));
  }
  void git_commit() {
    if (!std::filesystem::exists(project_.path(".git"))) git({"init", "-q"});
    git({"add", "-A"});
    git({"commit", "-q", "-m", "state"});
  }

  Examination examined(const ExaminationOptions& options = {}) {
    return good(examine(project_.path(), project_.clock(), options));
  }
  /// "id file:line", of what is found when only `only` is asked for.
  std::vector<std::string> found(const std::vector<std::string>& only) {
    std::vector<std::string> lines;
    for (const Symptom& one : examined({.only = only, .skip = {}}).symptoms) {
      lines.push_back(one.id + " " + one.where());
    }
    return lines;
  }

  PipelineProject project_;
};

TEST_F(ExaminationTest, DataThatWasEditedOrNeverCommitted) {
  EXPECT_THAT(found({"data"}), IsEmpty());
  project_.write("data/raw/people.csv", "id,age\n1,31\n2,40\n");
  EXPECT_THAT(found({"data"}), ElementsAre("data-changed millgate.toml:6"));
  project_.write("data/raw/people.csv", "id,age\n1,30\n2,40\n");
  EXPECT_THAT(found({"data"}), IsEmpty());
  project_.write("millgate.toml", std::string(kProject) +
                                      "\n[[source]]\nname = \"more\"\npath = \"data/raw/m.csv\"\n");
  EXPECT_THAT(found({"data"}), IsEmpty()) << "the data may be elsewhere";
  project_.write("data/raw/m.csv", "a\n1\n");
  EXPECT_THAT(found({"data"}), ElementsAre("data-uncommitted millgate.toml:11"));
}

TEST_F(ExaminationTest, SecretsPicklesAndLargeFilesInTheIndex) {
  EXPECT_THAT(found({"git"}), ElementsAre("git-none "));
  git_commit();
  EXPECT_THAT(found({"git"}), IsEmpty());
  const std::string key = std::string("AKIA") + "Z7QWERTYUIO2345A";
  project_.write("config.py", "# settings\nKEY = '" + key + "'\n");
  project_.write("model.pkl", "x");
  project_.write("hidden.bin", std::string("\x80\x04\x95\x00\x00pqr.", 9));
  project_.write("big.txt", std::string(3000, 'x'));
  EXPECT_THAT(found({"secret", "pickle"}), IsEmpty()) << "git does not hold them yet";
  git({"add", "-A"});
  git({"config", "millgate.sizeMax", "2k"});
  EXPECT_THAT(found({"secret", "pickle", "large-file"}),
              ElementsAre("secret config.py:2", "pickle hidden.bin", "pickle model.pkl",
                          "large-file big.txt"));
  const Examination all = examined({.only = {"secret"}, .skip = {}});
  EXPECT_THAT(all.symptoms[0].what, Not(HasSubstr(key))) << "a report is passed on";
}

TEST_F(ExaminationTest, SecretsThatOnlyOlderCommitsHold) {
  project_.write("config.py", std::string("KEY = 'AKIA") + "Z7QWERTYUIO2345A'\n");
  git_commit();
  EXPECT_THAT(found({"secret", "secret-history"}), ElementsAre("secret config.py:1"));
  project_.write("config.py", "KEY = os.environ['KEY']\n");
  git_commit();
  EXPECT_THAT(found({"secret", "secret-history"}), ElementsAre("secret-history config.py"));
}

TEST_F(ExaminationTest, GitStateAndTheStore) {
  git_commit();
  project_.write("new.py", "1\n");
  EXPECT_THAT(found({"git"}), ElementsAre("git-unclean "));
  project_.write(".gitignore", "/data/\n");
  git({"add", "-f", ".millgate/workspace.json"});
  EXPECT_THAT(found({"git-store", "git-ignore"}),
              ElementsAre("git-store .millgate", "git-ignore .gitignore"));
}

TEST_F(ExaminationTest, TheProjectFileAllowsWithAReason) {
  project_.write("millgate.toml", std::string(kProject) +
                                      "\n[[doctor.allow]]\nid = \"unpinned\"\nfile = \"deploy/*\"\n"
                                      "because = \"built every night on purpose\"\n");
  project_.write("deploy/Dockerfile", "FROM debian:12\n");
  project_.write("Dockerfile", "FROM debian:12\n");
  const Examination all = examined({.only = {"deployment"}, .skip = {}});
  ASSERT_THAT(all.symptoms, SizeIs(1));
  EXPECT_EQ(all.symptoms[0].where(), "Dockerfile:1");
  ASSERT_THAT(all.allowed, SizeIs(1));
  EXPECT_EQ(all.allowed[0].symptom.where(), "deploy/Dockerfile:1");
  EXPECT_EQ(all.allowed[0].because, "built every night on purpose");

  project_.write("millgate.toml",
                 std::string(kProject) + "\n[[doctor.allow]]\nid = \"secrets\"\nbecause = \"x\"\n");
  const Error wrong = error_of(examine(project_.path(), project_.clock()));
  EXPECT_THAT(wrong.where, HasSubstr("millgate.toml:11:6"));
  EXPECT_THAT(wrong.hint, HasSubstr("`secret`"));
}

TEST_F(ExaminationTest, AWrongProjectFileIsAFindingAndTheRestIsLookedAt) {
  project_.write("millgate.toml", "[project]\nnme = \"shop\"\n");
  project_.write("Dockerfile", "FROM debian:12\n");
  EXPECT_THAT(found({"project-file", "unpinned"}),
              ElementsAre("project-file millgate.toml:2", "unpinned Dockerfile:1"));
}

TEST_F(ExaminationTest, WhatNobodyMeasuredOrSaid) {
  project_.write("millgate.toml", std::string(kProject) +
                                      "about = { licence = \"CC0\" }\n"
                                      "[task]\ntable = \"people\"\nkind = \"binary\"\n"
                                      "label = \"age > 35\"\n[features]\nold = \"age\"\n"
                                      "new = \"age + 1\"\n[[example]]\nfeature = \"old\"\n"
                                      "given = { age = 3 }\nexpect = 3\n");
  const Examination all = examined({.only = {"code", "documents"}, .skip = {}});
  ASSERT_THAT(all.symptoms, SizeIs(4));
  EXPECT_EQ(all.symptoms[0].what, "1 feature without an example: new");
  EXPECT_EQ(all.symptoms[1].id, "requirement-none");
  EXPECT_EQ(all.symptoms[2].id, "human-field");
  EXPECT_THAT(all.symptoms[2].what, HasSubstr("the model: nobody has said provider"));
  EXPECT_EQ(all.symptoms[3].id, "human-field");
  EXPECT_THAT(all.symptoms[3].what, HasSubstr("personal_data"));
  EXPECT_THAT(all.symptoms[3].what, Not(HasSubstr("licence")));
}

TEST_F(ExaminationTest, DocumentsBesideTheirEvidence) {
  const std::string path = "reports/people.md";
  const auto write_sheet = [&] {
    const auto repository = good(Repository::open(project_.path(), project_.clock()));
    const Project project = good(read_project(project_.path()));
    project_.write(path, good(sealed_document(*repository, project,
                                              {.kind = DocumentKind::datasheet,
                                               .form = DocumentForm::markdown,
                                               .model = {},
                                               .table = "people",
                                               .commit = good(repository->resolve("main")).id,
                                               .made = project_.clock().now()})));
  };
  const std::vector<std::string> asked = {"document-altered", "document-stale"};
  write_sheet();
  project_.write("reports/other.md", "# no document of ours\n");
  EXPECT_THAT(found(asked), IsEmpty());
  std::string text = good(read_file(project_.path(path)));
  const size_t at = text.find("**Rows**: 2");
  ASSERT_NE(at, std::string::npos);
  project_.write(path, text.replace(at, 11, "**Rows**: 9"));
  EXPECT_THAT(found(asked), ElementsAre(HasSubstr("document-altered reports/people.md:")));
  write_sheet();
  project_.write("millgate.toml",
                 std::string(kProject) + "[[check]]\ntable = \"people\"\nrule = \"age > 0\"\n");
  EXPECT_THAT(found(asked), ElementsAre(HasSubstr("document-stale reports/people.md:")));
}

TEST_F(ExaminationTest, MendsWhatIsSafeOnceAndKeepsWhatIsThere) {
  git_commit();
  project_.write(".gitignore", "/data/");
  project_.write("tests/README.md", "mine");
  const auto done = good(mend_safely(project_.path(), examined()));
  EXPECT_THAT(done, Contains("added /.millgate/ to .gitignore"));
  EXPECT_THAT(done, Contains("made the folder pipeline"));
  EXPECT_THAT(done, Not(Contains("made the folder tests")));
  EXPECT_EQ(good(read_file(project_.path(".gitignore"))), "/data/\n/.millgate/\n");
  EXPECT_EQ(good(read_file(project_.path("tests/README.md"))), "mine");
  EXPECT_THAT(good(mend_safely(project_.path(), examined())), IsEmpty());
  EXPECT_THAT(found({"folders", "git-ignore"}), IsEmpty());
}

TEST_F(ExaminationTest, ADamagedLedgerIsAFinding) {
  project_.write(".millgate/ledger.sqlite", "no ledger at all, and long enough to be read as one");
  EXPECT_THAT(found({"ledger"}), SizeIs(1));
}

}  // namespace
}  // namespace millgate
