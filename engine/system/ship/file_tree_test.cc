#include "system/ship/file_tree.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "ground/file_store.h"
#include "system/ship/running_program.h"

namespace millgate {
namespace {

/// What the tar of this machine says of an archive.
std::string listed(const std::string& tar, const std::string& options) {
  const std::string file = testing::TempDir() + "millgate_tree.tar";
  EXPECT_TRUE(write_file(file, tar).ok());
  const std::string out = testing::TempDir() + "millgate_tree.txt";
  EXPECT_EQ(std::system(("tar " + options + " " + file + " > " + out + " 2>&1").c_str()), 0);
  const auto text = read_file(out);
  EXPECT_TRUE(text.ok());
  return text.ok() ? *text : std::string();
}

TEST(FileTree, TarReadsWhatWasWritten) {
  FileTree tree;
  tree.add_file("b/one", "hello", 0755);
  tree.add_folder("state", 0750, 65532);
  tree.add_file("a", std::string(1025, 'x'));
  const std::string tar = tree.to_tar(86'400);
  EXPECT_EQ(tar.size() % 512, 0U);
  const std::string text = listed(tar, "--numeric-owner --utc -tvf");
  EXPECT_NE(text.find("-rw-r--r-- 0/0            1025 1970-01-02 00:00 a\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("-rwxr-xr-x 0/0               5 1970-01-02 00:00 b/one\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("drwxr-x--- 65532/65532       0 1970-01-02 00:00 state/\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(listed(tar, "-xOf").substr(1025), "hello");
  EXPECT_EQ(tree.to_tar(86'400), tar);
}

TEST(FileTree, LongPathsAreWhole) {
  FileTree tree;
  const std::string cut = std::string(90, 'f') + "/" + std::string(90, 'n');
  const std::string longer = std::string(120, 'f') + "/" + std::string(160, 'n');
  tree.add_file(cut, "1");
  tree.add_file(longer, "2");
  const std::string text = listed(tree.to_tar(0), "-tf");
  EXPECT_NE(text.find("\n" + cut + "\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n" + longer + "\n"), std::string::npos) << text;
}

TEST(RunningProgram, HoldsItsLoaderAndItsLibraries) {
  const auto program = read_running_program();
  ASSERT_TRUE(program.ok()) << program.error().what;
  EXPECT_EQ(program->loader.substr(0, 8), "ld-linux");
  bool has_c = false;
  for (const ProgramFile& file : program->libraries) has_c = has_c || file.name == "libc.so.6";
  EXPECT_TRUE(has_c);
  const auto whole = read_file("/proc/self/exe");
  ASSERT_TRUE(whole.ok());
  EXPECT_LT(program->bytes.size(), whole->size());
}

TEST(RunningProgram, WithoutDebugDataItStillRuns) {
  const auto whole = read_file("/bin/true");
  ASSERT_TRUE(whole.ok());
  const std::string file = testing::TempDir() + "millgate_true";
  const std::string bare = without_debug_data(*whole);
  EXPECT_LT(bare.size(), whole->size());
  ASSERT_TRUE(write_file(file, bare).ok());
  EXPECT_EQ(std::system(("chmod +x " + file + " && " + file).c_str()), 0);
}

TEST(RunningProgram, WhatIsNoProgramStaysAsItIs) {
  EXPECT_EQ(without_debug_data("#!/bin/sh\n"), "#!/bin/sh\n");
  std::string cut =
      "\x7f"
      "ELF\x02\x01\x01";
  cut.resize(64, '\xff');
  EXPECT_EQ(without_debug_data(cut), cut);
}

}  // namespace
}  // namespace millgate
