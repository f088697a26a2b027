// The files of users and tokens: what is read, and what is said about files that cannot be used.
#include "apps/server/auth/read_accounts.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

class ReadAccounts : public ::testing::Test {
 protected:
  std::string write(std::string_view name, std::string_view text, mode_t mode = 0640) const {
    folder_.put(name, text);
    const std::string path = folder_ / name;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  // The reason, without the name of the folder.
  std::string read(const std::string& users, const std::string& tokens) {
    warnings_.clear();
    std::string text = read_accounts(users, tokens, accounts_, warnings_).text;
    const std::string folder = folder_.path().string() + "/";
    for (std::size_t at; (at = text.find(folder)) != std::string::npos;) {
      text.erase(at, folder.size());
    }
    return text;
  }

  const lab::Folder folder_;
  std::shared_ptr<const Accounts> accounts_;
  std::vector<std::string> warnings_;
};

TEST_F(ReadAccounts, ReadsBothFiles) {
  const std::string users = write("users", "alice:$6$salt$x\n");
  const std::string tokens = write("tokens", "ci:" + std::string(64, '0') + "\n");
  EXPECT_EQ(read(users, tokens), "");
  ASSERT_NE(accounts_, nullptr);
  EXPECT_EQ(accounts_->users(), 1U);
  EXPECT_EQ(accounts_->tokens(), 1U);
  EXPECT_TRUE(warnings_.empty());
  EXPECT_EQ(read("", tokens), "");
  EXPECT_EQ(accounts_->users(), 0U);
  EXPECT_EQ(read("", ""), "");
  EXPECT_EQ(accounts_, nullptr);
}

TEST_F(ReadAccounts, SaysWhyAFileCannotBeUsed) {
  EXPECT_EQ(read((folder_ / "none").string(), ""),
            "--users none: cannot be read: No such file or directory");
  EXPECT_EQ(read("", folder_.path().string() + "/."), "--tokens .: is not a regular file");
  EXPECT_EQ(read(write("users", "alice:$6$salt$x\nbob\n"), ""),
            "--users users: line 2: there is no colon in it");
  const std::string fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(read(fifo, ""), "--users fifo: is not a regular file");
}

TEST_F(ReadAccounts, WarnsOfReadersAndWeakHashes) {
  EXPECT_EQ(read(write("users", "alice:$1$saltsalt$x\n", 0644), ""), "");
  ASSERT_EQ(warnings_.size(), 2U);
  EXPECT_NE(warnings_[0].find("every user of this machine can read it"), std::string::npos);
  EXPECT_NE(warnings_[1].find("line 1: user alice: this kind of hash is fast to guess"),
            std::string::npos);
}

}  // namespace
}  // namespace server
