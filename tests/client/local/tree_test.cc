// Directories of this machine, with links and other things where a directory or a file is expected.
#include "apps/client/local/tree.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace client {
namespace {

namespace fs = std::filesystem;

class Tree : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "quoit-tree-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name + "/";
    std::ofstream(root_ + "file") << "12345";
    fs::create_directory(root_ + "sub");
    fs::create_symlink("sub", root_ + "link");
    fs::create_symlink("file", root_ + "alias");
    ASSERT_EQ(::mkfifo((root_ + "pipe").c_str(), 0600), 0);
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string root_;
};

ExitCode code(const ExitReason& reason) { return code_of(reason); }

TEST_F(Tree, MakesItsDirectoriesAndFollowsNoLinkInsideIt) {
  EXPECT_EQ(code(make_tree("")), ExitCode::ok);
  EXPECT_EQ(code(make_tree(root_ + "link/")), ExitCode::ok);
  EXPECT_EQ(code(make_tree(root_ + "new/deep/")), ExitCode::ok);
  EXPECT_TRUE(fs::is_directory(root_ + "new/deep"));
  EXPECT_EQ(code(make_tree(root_ + "file/")), ExitCode::write_error);
  EXPECT_EQ(code(make_directory_inside(root_ + "sub/")), ExitCode::ok);
  EXPECT_EQ(code(make_directory_inside(root_ + "other/")), ExitCode::ok);
  EXPECT_TRUE(fs::is_directory(root_ + "other"));
  for (const char* const name : {"link/", "alias/", "file/", "pipe/", "missing/deep/"}) {
    EXPECT_EQ(code(make_directory_inside(root_ + name)), ExitCode::write_error) << name;
  }
}

TEST_F(Tree, TakesRegularFilesOnly) {
  EXPECT_EQ(code(check_file_inside(root_ + "missing")), ExitCode::ok);
  EXPECT_EQ(code(check_file_inside(root_ + "file")), ExitCode::ok);
  for (const char* const name : {"sub", "link", "alias", "pipe"}) {
    EXPECT_EQ(code(check_file_inside(root_ + name)), ExitCode::write_error) << name;
  }
}

TEST_F(Tree, ReadsADirectory) {
  std::ofstream(root_ + "line\nfeed");
  std::ofstream(root_ + "latin\xe9");
  std::ofstream(root_ + ".file.quoit-part");
  std::ofstream(root_ + ".file.quoit-part.meta");
  std::ofstream(root_ + ".hidden");
  LocalListing listing;
  ASSERT_EQ(code(read_directory(root_, listing)), ExitCode::ok);
  ASSERT_EQ(listing.entries.size(), 3U);
  EXPECT_EQ(listing.entries[0].name, ".hidden");
  EXPECT_EQ(listing.entries[1].name, "file");
  EXPECT_EQ(listing.entries[1].size, 5U);
  EXPECT_GT(listing.entries[1].modified.value_or(0), 0);
  EXPECT_EQ(listing.entries[2].name, "sub");
  EXPECT_TRUE(listing.entries[2].is_directory);
  EXPECT_EQ(listing.left_out, (std::vector<std::string>{"alias", "link", "pipe"}));
  EXPECT_EQ(listing.not_allowed, (std::vector<std::string>{"latin\xe9", "line\nfeed"}));
  EXPECT_EQ(code(read_directory(root_ + "file", listing)), ExitCode::read_error);
  EXPECT_EQ(code(read_directory(root_ + "missing", listing)), ExitCode::read_error);
}

TEST_F(Tree, IsFoundAmongTheFilesOfAnUpload) {
  Plan plan;
  plan.jobs.push_back({.verb = Verb::put, .file = root_ + "file"});
  plan.jobs.push_back({.verb = Verb::put, .file = root_ + "sub"});
  plan.jobs.back().where.path = "/in/sub";
  EXPECT_EQ(code(find_directories(plan)), ExitCode::read_error);
  plan.settings.is_recursive = true;
  EXPECT_EQ(code(find_directories(plan)), ExitCode::ok);
  EXPECT_FALSE(plan.jobs[0].is_tree);
  EXPECT_TRUE(plan.jobs[1].is_tree);
  EXPECT_EQ(plan.jobs[1].file, root_ + "sub/");
  EXPECT_EQ(plan.jobs[1].where.path, "/in/sub/");
}

}  // namespace
}  // namespace client
